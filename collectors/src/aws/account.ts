import { forEachWithin, type Limit } from "../concurrency.ts";
import { createDeadline, type Deadline } from "../deadline.ts";
import type { ObserveContext } from "../observe.ts";
import type { AwsTarget } from "./accounts.ts";
import type { AwsClients, AwsCredentialProvider } from "./client.ts";
import { type AwsScopeError, toScopeError } from "./errors.ts";
import { DEFAULT_REGIONS } from "./partition.ts";
import { failRegions, observeRegion } from "./region.ts";
import { DESCRIBE_REGIONS, listRegions, standingOf } from "./regions.ts";

/** An identity in an account: its clients, and for an assumed role the credentials behind them. */
export interface AwsIdentity {
  readonly clients: AwsClients;
  readonly credentials?: AwsCredentialProvider;
}

interface AccountView {
  readonly context: ObserveContext;
  readonly target: AwsTarget;
  readonly identity: AwsIdentity;
  /** Those that were configured; all that the account has enabled when undefined. */
  readonly regions: readonly string[] | undefined;
  readonly homeRegion: string;
  /** Shared by all accounts of the run. */
  readonly limit: Limit;
  readonly pageSize: number;
}

/**
 * Looks at all regions of one account. When its role cannot be assumed, or its regions cannot be listed, the scopes of the
 * configured regions, or of those that every account has, are failed with the reason.
 */
export async function observeAccount(view: AccountView): Promise<void> {
  const { context, target, identity } = view;
  const opened = await openAccount(view);
  if ("error" in opened) {
    const regions = view.regions ?? DEFAULT_REGIONS[target.partition];
    failRegions({ context, account: target.account, regions, error: opened.error });
    return;
  }
  await forEachWithin(view.limit, opened.regions, (region) =>
    observeRegion({
      context,
      account: target.account,
      region,
      pageSize: view.pageSize,
      clients: identity.clients,
      // Asked anew for each region: that the call succeeds proves that the credentials are still good.
      standing: once(async () => standingOf(await listRegions(identity.clients, view.homeRegion), region)),
    }),
  );
}

/** Makes sure that the account can be entered, and finds the regions to look at. */
async function openAccount(
  view: AccountView,
): Promise<{ readonly regions: readonly string[] } | { readonly error: AwsScopeError }> {
  const { context, target, identity } = view;
  const deadline = createDeadline({ signal: context.signal, milliseconds: context.scopeDeadlineMilliseconds });
  try {
    if (identity.credentials) {
      const refused = await attempt(deadline, "sts:AssumeRole", identity.credentials);
      if ("error" in refused) return refused;
    }
    if (view.regions) return { regions: view.regions };
    const listed = await attempt(deadline, DESCRIBE_REGIONS, () => listRegions(identity.clients, view.homeRegion));
    if ("error" in listed) return listed;
    const { enabled, notOptedIn } = listed.value;
    const message = "regions that the account has not opted in to are left out";
    context.log({ level: "debug", message, account: target.account, regions: notOptedIn });
    return { regions: enabled };
  } finally {
    deadline.end();
  }
}

async function attempt<T>(
  deadline: Deadline,
  operation: string,
  work: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly error: AwsScopeError }> {
  try {
    return { value: await deadline.race(work()) };
  } catch (error) {
    return { error: toScopeError(error, operation) };
  }
}

/** The same promise for all who ask. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let held: Promise<T> | undefined;
  return () => {
    held ??= work();
    return held;
  };
}
