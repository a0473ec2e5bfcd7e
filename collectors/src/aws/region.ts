import type { ScopeStatus } from "@cadastre/contract/scope";
import { forEachWithin } from "../concurrency.ts";
import type { ObserveContext } from "../observe.ts";
import type { AwsScopeError } from "./errors.ts";
import { createNetworkOwners } from "./network-owners.ts";
import { observeScope, type RegionView } from "./scope.ts";
import { AWS_STEPS } from "./steps.ts";

/**
 * Looks at all kinds of one account in one region. The listings run side by side, so that a region that hangs is given up after
 * one scope's deadline and not after as many as there are kinds.
 */
export async function observeRegion(options: Omit<RegionView, "owners">): Promise<void> {
  const listings = AWS_STEPS.filter((step) => step.networkOwner !== undefined).length;
  const owners = createNetworkOwners({ account: options.account, listings });
  const view: RegionView = { ...options, owners };
  await forEachWithin(AWS_STEPS.length, AWS_STEPS, async (step) => {
    let status: ScopeStatus | undefined;
    try {
      status = await observeScope(view, step);
    } finally {
      if (step.networkOwner) owners.listed(status === "complete");
    }
  });
}

/** Records that nothing of an account could be seen: a failed scope for each kind in each of the regions, never an empty one. */
export function failRegions(options: {
  readonly context: ObserveContext;
  readonly account: string;
  readonly regions: readonly string[];
  readonly error: AwsScopeError;
}): void {
  const { context, account, regions, error } = options;
  for (const region of regions) {
    for (const { kind } of AWS_STEPS) {
      context.recorder.start({ provider: "aws", account, region, kind }).finish("failed", [error]);
    }
  }
  context.log({ level: "error", message: "account not seen", account, regions, error });
}
