import type { EC2Client } from "@aws-sdk/client-ec2";
import type { KindName } from "@cadastre/contract/kinds/names";
import type { ScopeStatus } from "@cadastre/contract/scope";
import { createDeadline, type Deadline } from "../deadline.ts";
import type { ObserveContext, ScopeRecorder } from "../observe.ts";
import { MalformedError } from "../values.ts";
import type { AwsPlace } from "./convert/place.ts";
import { type AwsScopeError, RepeatedTokenError, toScopeError } from "./errors.ts";
import type { NetworkOwners } from "./network-owners.ts";
import type { Page, Step } from "./steps.ts";

/** What all scopes of one region have in common. */
export interface RegionView {
  readonly context: ObserveContext;
  /** Each listing has a client of its own: EC2 throttles every action by itself, and the SDK slows a client down as a whole. */
  readonly createClient: () => EC2Client;
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
export async function observeScope<K extends KindName, Item>(
  view: RegionView,
  step: Step<K, Item>,
): Promise<ScopeStatus> {
  const { context, account, region } = view;
  const scope = context.recorder.start({ provider: "aws", account, region, kind: step.kind });
  const deadline = createDeadline({ signal: context.signal, milliseconds: context.scopeDeadlineMilliseconds });
  const client = view.createClient();
  try {
    const intake = createIntake(view, step, scope);
    const failure = await listAll(view, step, client, deadline, intake.take);
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
async function listAll<K extends KindName, Item>(
  view: RegionView,
  step: Step<K, Item>,
  client: EC2Client,
  deadline: Deadline,
  take: (page: Page<Item>) => void,
): Promise<AwsScopeError | undefined> {
  const tokens = new Set<string>();
  for (let token: string | undefined; ; ) {
    let page: Page<Item>;
    try {
      page = await deadline.race(step.page(client, { pageSize: view.pageSize, token, signal: deadline.signal }));
    } catch (error) {
      return await explained(view, deadline, toScopeError(error, step.operation));
    }
    // When the owners cannot be known in time, what was seen is still better than nothing.
    if (step.namesNetworks) await deadline.race(view.owners.known).catch(() => undefined);
    take(page);
    token = page.next;
    if (token === undefined) return undefined;
    if (tokens.has(token)) {
      const repeated = new RepeatedTokenError("a page's NextToken is that of an earlier page, so the list has no end");
      return toScopeError(repeated, step.operation);
    }
    tokens.add(token);
  }
}

/** EC2 answers AuthFailure both for bad credentials and in a region that is not open to the account. */
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
function createIntake<K extends KindName, Item>(view: RegionView, step: Step<K, Item>, scope: ScopeRecorder<K>) {
  const { account, region, owners } = view;
  const place: AwsPlace = { account, region, ownerOfNetwork: (id) => owners.ownerOf(id) };
  const malformed: AwsScopeError[] = [];
  let pages = 0;
  let foreign = 0;

  const convert = (item: Item) => {
    try {
      return step.convert(item, place);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      if (malformed.length < MOST_MALFORMED) malformed.push(toScopeError(error, step.operation));
      return undefined;
    }
  };

  return {
    take: (page: Page<Item>) => {
      pages += 1;
      for (const item of page.items) {
        const network = step.networkOwner?.(item);
        owners.learn(network?.networkId, network?.owner);
        const owner = step.owner?.(item);
        if (owner && owner !== account) {
          foreign += 1;
          continue;
        }
        const resource = convert(item);
        if (resource) scope.add(resource);
      }
    },
    pages: () => pages,
    foreign: () => foreign,
    malformed: () => malformed,
  };
}
