import type { KindName } from "@cadastre/contract/kinds/names";
import type { ResourceInput } from "@cadastre/contract/resource";
import type { ScopeStatus } from "@cadastre/contract/scope";
import { createDeadline, type Deadline } from "../deadline.ts";
import type { ObserveContext, ScopeRecorder } from "../observe.ts";
import { readPages } from "../pages.ts";
import { MalformedError } from "../values.ts";
import type { AwsClient, AwsClients } from "./client.ts";
import type { AwsPlace } from "./convert/place.ts";
import { type AwsScopeError, toScopeError } from "./errors.ts";
import type { NetworkOwners } from "./network-owners.ts";
import type { Page, Step } from "./step.ts";

/** What all scopes of one region have in common. */
export interface RegionView {
  readonly context: ObserveContext;
  readonly clients: AwsClients;
  readonly account: string;
  readonly region: string;
  readonly pageSize: number;
  readonly owners: NetworkOwners;
  /** Why the region refuses credentials that are good elsewhere. Rejects when they are not, or when that cannot be found out. */
  readonly whyClosed: () => Promise<"not_opted_in" | "region_disabled">;
}

/** Reasons why there is nothing to see in a region, as opposed to not being able to see it. */
const SKIPPED: ReadonlySet<string> = new Set(["not_opted_in", "region_disabled"]);
/** A scope's report names the first few broken resources, not thousands. */
const MOST_MALFORMED = 10;

/**
 * Lists one kind in one region page by page and records it as a scope. Complete only when every page was read to the end and every
 * resource could be converted; partial when a later page failed or a resource was malformed, with what was seen; failed when
 * nothing could be seen; skipped when the region is not in use. Rejects only when the recorder does.
 */
export async function observeScope<K extends KindName, Client extends AwsClient, Item>(
  view: RegionView,
  step: Step<K, Client, Item>,
): Promise<ScopeStatus> {
  const { context, account, region } = view;
  const scope = context.recorder.start({ provider: "aws", account, region, kind: step.kind });
  const deadline = createDeadline({ signal: context.signal, milliseconds: context.scopeDeadlineMilliseconds });
  // A client of its own: AWS throttles every action by itself, and the SDK slows a client down as a whole.
  const client = view.clients.create(step.service, region);
  try {
    const intake = createIntake(view, step, scope);
    const failure = await listAll(view, step, { client, deadline, take: intake.take });
    const status = statusOf(failure, intake.pages(), intake.malformed().length);
    const errors = [...(failure ? [failure] : []), ...intake.malformed()];
    scope.finish(status, errors);
    if (status !== "complete") {
      const level = status === "skipped" ? "info" : "warn";
      context.log({ level, message: "scope not complete", account, region, kind: step.kind, status, errors });
    }
    if (intake.foreign() > 0) {
      const message = "left to the listing of the account that owns them";
      context.log({ level: "debug", message, account, region, kind: step.kind, count: intake.foreign() });
    }
    return status;
  } finally {
    client.destroy();
    deadline.end();
  }
}

function statusOf(failure: AwsScopeError | undefined, pages: number, malformed: number): ScopeStatus {
  if (failure === undefined) return malformed === 0 ? "complete" : "partial";
  if (pages > 0) return "partial";
  return SKIPPED.has(failure.code) ? "skipped" : "failed";
}

/** Hands every page on; answers why it could not get to the end, if so. */
async function listAll<K extends KindName, Client extends AwsClient, Item>(
  view: RegionView,
  step: Step<K, Client, Item>,
  by: { readonly client: Client; readonly deadline: Deadline; readonly take: (page: Page<Item>) => void },
): Promise<AwsScopeError | undefined> {
  const { client, deadline, take } = by;
  const { signal } = deadline;
  const { pageSize, owners } = view;
  const failure = await readPages(
    (token) => deadline.race(step.page(client, { pageSize, token, signal })),
    async (page) => {
      // When the owners cannot be known in time, what was seen is still better than nothing.
      if (step.namesNetworks) await deadline.race(owners.known).catch(() => undefined);
      take(page);
    },
  );
  return failure && explained(view, deadline, toScopeError(failure.error, step.operation));
}

/** AWS answers AuthFailure and its like both for bad credentials and in a region that is not open to the account. */
async function explained(view: RegionView, deadline: Deadline, error: AwsScopeError): Promise<AwsScopeError> {
  if (error.code !== "invalid_credentials") return error;
  try {
    return { ...error, code: await deadline.race(view.whyClosed()) };
  } catch {
    // That the list of regions cannot be read either says less than the error that led here.
    return error;
  }
}

/** Converts what a listing holds and counts what it could not take. */
function createIntake<K extends KindName, Client extends AwsClient, Item>(
  view: RegionView,
  step: Step<K, Client, Item>,
  scope: ScopeRecorder<K>,
) {
  const { account, region, owners } = view;
  const place: AwsPlace = { account, region, ownerOfNetwork: (id) => owners.ownerOf(id) };
  const malformed: AwsScopeError[] = [];
  let pages = 0;
  let foreign = 0;

  function take(item: Item): void {
    const network = step.networkOwner?.(item);
    owners.learn(network?.networkId, network?.owner);
    const owner = step.owner?.(item);
    if (owner && owner !== account) {
      foreign += 1;
      return;
    }
    let resource: ResourceInput<K>;
    try {
      resource = step.convert(item, place);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      if (malformed.length < MOST_MALFORMED) malformed.push(toScopeError(error, step.operation));
      return;
    }
    scope.add(resource);
  }

  return {
    take: (page: Page<Item>) => {
      pages += 1;
      for (const item of page.items) take(item);
    },
    pages: () => pages,
    foreign: () => foreign,
    malformed: () => malformed,
  };
}
