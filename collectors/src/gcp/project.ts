import type { KindName } from "@cadastre/contract/kinds/names";
import { createDeadline, type Deadline } from "../deadline.ts";
import { allOf } from "../limit.ts";
import type { ObserveContext } from "../observe.ts";
import { MalformedError } from "../values.ts";
import type { GcpApi } from "./api.ts";
import { callRepeatedly, type Repetition } from "./call.ts";
import { type GcpScopeError, RepeatedTokenError, toScopeError } from "./errors.ts";
import {
  addressListing,
  GCP_KINDS,
  globalAddressListing,
  instanceListing,
  type Listing,
  networkListing,
  subnetListing,
} from "./listings.ts";
import { type Page, readPage } from "./page.ts";
import { createRegionScopes, GLOBAL, type RegionScopes } from "./region-scopes.ts";
import { askSharedVpcHost, type SharedVpcHost } from "./shared-vpc.ts";

export interface ProjectView {
  readonly context: ObserveContext;
  readonly api: GcpApi;
  readonly project: string;
  readonly pageSize: number;
  readonly repetition: Repetition;
}

/** What a listing met that is not of one region alone. */
interface Outcome {
  readonly listing: Pick<Listing<KindName, unknown>, "member" | "globalElsewhere">;
  readonly scopes: RegionScopes<KindName>;
  readonly errors: readonly GcpScopeError[];
}

/**
 * Looks at all kinds of one project. The listings run side by side, each with a deadline of its own, so that a project that hangs
 * is given up after one deadline. The regions are those that the aggregated lists name; a list that fails as a whole fails every
 * region that the project's other lists have named. Rejects only when the recorder does.
 */
export async function observeProject(view: ProjectView): Promise<void> {
  const { context, project } = view;
  const scopes = <K extends KindName>(kind: K) => createRegionScopes({ context, project, kind });
  const networks = scopes("network");
  const subnets = scopes("subnet");
  const instances = scopes("instance");
  const addresses = scopes("address");
  const kinds = [networks, subnets, instances, addresses];
  const host = askSharedVpcHost(view);
  const outcomes: Outcome[] = [];
  const run = async <K extends KindName, Item>(listing: Listing<K, Item>, into: RegionScopes<K>) => {
    outcomes.push({ listing, scopes: into, errors: await observeListing(view, listing, into, host) });
  };
  await allOf([
    run(networkListing, networks),
    run(subnetListing, subnets),
    run(instanceListing, instances),
    run(addressListing, addresses),
    run(globalAddressListing, addresses),
  ]);
  const { error } = await host;
  if (error) networks.note(GLOBAL, error);
  const known = [...new Set(kinds.flatMap((kind) => kind.regions()))];
  for (const outcome of outcomes) {
    for (const region of affected(outcome, known)) {
      for (const each of outcome.errors) outcome.scopes.note(region, each);
    }
  }
  for (const kind of kinds) kind.finish();
}

/** Records that nothing of a project could be seen: a failed scope for each kind, never an empty one. */
export function failProject(context: ObserveContext, project: string, error: GcpScopeError): void {
  for (const kind of GCP_KINDS) {
    const scopes = createRegionScopes({ context, project, kind });
    scopes.note(GLOBAL, error);
    scopes.finish();
  }
}

function affected({ listing }: Outcome, known: readonly string[]): readonly string[] {
  if (listing.member === undefined) return [GLOBAL];
  return listing.globalElsewhere && known.length > 0 ? known : [GLOBAL, ...known];
}

/** Reads one list to its end into the regions' scopes; answers what it met that is not of one region. */
async function observeListing<K extends KindName, Item>(
  view: ProjectView,
  listing: Listing<K, Item>,
  scopes: RegionScopes<K>,
  host: Promise<SharedVpcHost>,
): Promise<readonly GcpScopeError[]> {
  const { context, project } = view;
  const deadline = createDeadline({ signal: context.signal, milliseconds: context.scopeDeadlineMilliseconds });
  const errors: GcpScopeError[] = [];
  const tokens = new Set<string>();
  try {
    for (let token: string | undefined; ; ) {
      let page: Page<Item>;
      try {
        page = await readOne(view, listing, deadline, token);
      } catch (error) {
        errors.push(toScopeError(error, listing.operation));
        return errors;
      }
      // When it cannot be known in time, networks without it are still better than none.
      const sharedVpcHost = listing.kind === "network" ? await deadline.race(host).catch(() => undefined) : undefined;
      take(page, { listing, scopes, project, sharedVpcHost: sharedVpcHost?.isHost, errors });
      token = page.next;
      if (token === undefined) break;
      if (tokens.has(token)) {
        errors.push(toScopeError(new RepeatedTokenError(), listing.operation));
        return errors;
      }
      tokens.add(token);
    }
    if (listing.member !== undefined && scopes.regions().length === 0) {
      errors.push(toScopeError(new MalformedError("the list names no region"), listing.operation));
    }
    return errors;
  } finally {
    deadline.end();
  }
}

async function readOne<K extends KindName, Item>(
  view: ProjectView,
  listing: Listing<K, Item>,
  deadline: Deadline,
  token: string | undefined,
): Promise<Page<Item>> {
  const request = {
    project: view.project,
    maxResults: view.pageSize,
    ...listing.request,
    ...(token === undefined ? {} : { pageToken: token }),
  };
  const answer = await callRepeatedly({ api: view.api, deadline, repetition: view.repetition }, (api, signal) =>
    api.compute(listing.collection, listing.member === undefined ? "list" : "aggregatedList", request, signal),
  );
  return readPage<Item>(answer, listing);
}

function take<K extends KindName, Item>(
  page: Page<Item>,
  into: {
    readonly listing: Listing<K, Item>;
    readonly scopes: RegionScopes<K>;
    readonly project: string;
    readonly sharedVpcHost: boolean | undefined;
    readonly errors: GcpScopeError[];
  },
): void {
  const { listing, scopes, project, sharedVpcHost, errors } = into;
  const isOwn = (region: string | undefined) => !(listing.globalElsewhere && region === GLOBAL);
  for (const { region, items } of page.parts) {
    if (!isOwn(region)) continue;
    scopes.open(region);
    for (const item of items) {
      try {
        scopes.add(region, listing.convert(item, { project, region }, sharedVpcHost));
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error;
        const { name } = item as { readonly name?: unknown };
        const message = `${typeof name === "string" ? name : "a resource without name"}: ${error.message}`;
        scopes.note(region, toScopeError(new MalformedError(message), listing.operation));
      }
    }
  }
  for (const { region, code, message } of page.warnings) {
    const error = { code, message, operation: listing.operation };
    if (region === undefined) errors.push(error);
    else if (isOwn(region)) scopes.note(region, error);
  }
}
