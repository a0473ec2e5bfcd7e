import type { KindName } from "@cadastre/contract/kinds/names";
import type { ResourceInput } from "@cadastre/contract/resource";
import type { ScopeStatus } from "@cadastre/contract/scope";
import { createDeadline, type Deadline, DeadlineError } from "../deadline.ts";
import type { ObserveContext, ScopeRecorder } from "../observe.ts";
import { readPages } from "../pages.ts";
import { MalformedError } from "../values.ts";
import type { AwsClient, AwsClients } from "./client.ts";
import type { AwsPlace } from "./convert/place.ts";
import { type AwsScopeError, toScopeError } from "./errors.ts";
import type { NetworkOwners } from "./network-owners.ts";
import type { RegionStanding } from "./regions.ts";
import type { Page, Step } from "./step.ts";

/** What all scopes of one region have in common. */
export interface RegionView {
  readonly context: ObserveContext;
  readonly clients: AwsClients;
  readonly account: string;
  readonly region: string;
  readonly pageSize: number;
  readonly owners: NetworkOwners;
  /**
   * Whether the account says that the region is in use, where it refuses credentials that are good elsewhere. Rejects when they
   * are not, or when that cannot be found out.
   */
  readonly standing: () => Promise<RegionStanding>;
}

/** Reasons why there is nothing to see in a region, as opposed to not being able to see it. */
const SKIPPED: ReadonlySet<string> = new Set(["not_opted_in", "region_disabled"]);
/** A scope's report names the first few broken or odd resources, not thousands. */
const MOST_NAMED = 10;

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
  const client = view.clients.create(step.service, region, deadline);
  try {
    const intake = createIntake(view, step, scope);
    const failure = await listAll(view, step, { client, deadline, take: intake.take });
    const status = statusOf(failure, intake.pages(), intake.malformed().length);
    const errors = [...(failure ? [failure] : []), ...intake.malformed(), ...intake.unknown()];
    scope.finish(status, errors);
    if (errors.length > 0) {
      const level = status === "skipped" ? "info" : "warn";
      const message = status === "complete" ? "scope complete, with remarks" : "scope not complete";
      context.log({ level, message, account, region, kind: step.kind, status, errors });
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
    (token) =>
      deadline.race(step.page(client, { pageSize, token, signal })).catch((error: unknown) => {
        // That the time is up says less than what is being waited for.
        throw error instanceof DeadlineError ? (view.clients.waitsAfter(client) ?? error) : error;
      }),
    async (page) => {
      // When the owners cannot be known in time, what was seen is still better than nothing.
      if (step.namesNetworks) await deadline.race(owners.known).catch(() => undefined);
      take(page);
    },
  );
  return failure && explained(view, deadline, toScopeError(failure.error, step.operation));
}

/**
 * AWS answers AuthFailure and its like both for bad credentials and in a region that is not open to the account. Only what the
 * account itself says is not in use is skipped: whoever is refused in a region that is, has not seen it.
 */
async function explained(view: RegionView, deadline: Deadline, error: AwsScopeError): Promise<AwsScopeError> {
  if (error.code !== "invalid_credentials") return error;
  let standing: RegionStanding;
  try {
    standing = await deadline.race(view.standing());
  } catch {
    // That the list of regions cannot be read either says less than the error that led here.
    return error;
  }
  if (standing !== "enabled") return { ...error, code: standing };
  return { ...error, message: `${error.message.slice(0, 700).toWellFormed()} ${WHY_REFUSED}` };
}

const WHY_REFUSED =
  "(the region is enabled in the account, and the credentials are good elsewhere: a clock that is off, or a session token of the global STS endpoint, which regions that are opted in to do not take)";

/** Converts what a listing holds and counts what it could not take. */
function createIntake<K extends KindName, Client extends AwsClient, Item>(
  view: RegionView,
  step: Step<K, Client, Item>,
  scope: ScopeRecorder<K>,
) {
  const { account, region, owners } = view;
  const malformed: AwsScopeError[] = [];
  const unknown: AwsScopeError[] = [];
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
    const named = (message: string) => `${step.label(item) ?? "a resource without id"}: ${message}`;
    const place: AwsPlace = {
      account,
      region,
      ownerOfNetwork: (id) => owners.ownerOf(id),
      report: (message) => {
        const error: AwsScopeError = { code: "unknown_value", message: named(message), operation: step.operation };
        if (unknown.length < MOST_NAMED) unknown.push(error);
      },
    };
    let resource: ResourceInput<K>;
    try {
      resource = step.convert(item, place);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      const about = new MalformedError(named(error.message), { cause: error });
      if (malformed.length < MOST_NAMED) malformed.push(toScopeError(about, step.operation));
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
    unknown: () => unknown,
  };
}
