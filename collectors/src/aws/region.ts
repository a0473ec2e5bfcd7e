import { allOf } from "../limit.ts";
import type { ObserveContext } from "../observe.ts";
import type { AwsScopeError } from "./errors.ts";
import { createNetworkOwners } from "./network-owners.ts";
import { observeScope, type RegionView } from "./scope.ts";
import { AWS_KINDS, addressStep, instanceStep, interfaceStep, networkStep, subnetStep } from "./steps.ts";

/**
 * Looks at all kinds of one account in one region. The five listings run side by side, so that a region that hangs is given up
 * after one scope's deadline and not after five.
 */
export async function observeRegion(options: Omit<RegionView, "owners">): Promise<void> {
  const owners = createNetworkOwners({ account: options.account, listings: 2 });
  const view: RegionView = { ...options, owners };
  const namingOwners = (step: Promise<string>) =>
    step.then(
      (status) => owners.listed(status === "complete"),
      (error: unknown) => {
        owners.listed(false);
        throw error;
      },
    );
  await allOf([
    namingOwners(observeScope(view, networkStep)),
    namingOwners(observeScope(view, subnetStep)),
    observeScope(view, instanceStep),
    observeScope(view, interfaceStep),
    observeScope(view, addressStep),
  ]);
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
    for (const kind of AWS_KINDS) {
      context.recorder.start({ provider: "aws", account, region, kind }).finish("failed", [error]);
    }
  }
  context.log({ level: "error", message: "account not seen", account, regions, error });
}
