import { idHash } from "@cadastre/contract/digest";
import { ProblemError } from "@cadastre/contract/errors";
import { kindOfId } from "@cadastre/contract/resource";
import type { Resource } from "@cadastre/contract/view";
import type { Stored } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { type EndedSources, readEnded } from "../ledger/ended-sources.ts";
import { readCompleteTimes } from "../ledger/read.ts";
import { isVisible } from "../restriction.ts";
import { toSaid } from "../said/annotate.ts";
import { SaidItem } from "../said/items.ts";
import { accountsOf, facetsOfItem } from "./entries.ts";
import { accountOfClaim, type Claim, isConfirmed, ResourceItem, resourceSubject } from "./items.ts";

export type StoredResource = Stored<ResourceItem>;

const SHORT = /^res_([0-9a-f]{32})$/;

/** The key of the resource that a natural id or a short id (`res_…`) names; undefined for what is neither. */
export function keyOfId(id: string): string | undefined {
  const short = SHORT.exec(id)?.[1];
  if (short !== undefined) return short;
  const named = kindOfId(id);
  return named && idHash(named.kind, id);
}

/** Whether the caller may know of a resource: as the account that owns it, or as one that is shown it. */
export function isVisibleResource(context: Context, resource: ResourceItem): boolean {
  const { provider } = resource;
  return accountsOf(resource).some((account) => isVisible(context, { provider, account }));
}

/** What a caller is told of who has a resource: of others' accounts and collectors nothing, but that an account owns what it is shown. */
interface Seen {
  readonly account: string;
  readonly claims: Claim[];
}

/** The same resource as the caller may know it: what belongs to no account (a certificate) has one of the caller's own. */
export function seenBy(context: Context, { id, provider, account, claims }: ResourceItem): Seen {
  if (context.restriction === undefined) return { account, claims };
  const own = claims.filter((claim) => isVisible(context, { provider, account: accountOfClaim(claim) }));
  const isTold = isVisible(context, { provider, account }) || kindOfId(id)?.account !== undefined;
  const [first] = own;
  return { account: isTold || first === undefined ? account : accountOfClaim(first), claims: own };
}

/** Reads a resource by its natural id or its short id (`res_…`). Throws `resource.not_found`. */
export async function readResource(
  context: Context,
  id: string,
  options: { consistent?: boolean } = {},
): Promise<StoredResource> {
  const key = keyOfId(id);
  const resource = key === undefined ? undefined : await context.table.get(ResourceItem, { idHash: key }, options);
  if (!resource || !isVisibleResource(context, resource)) throw new ProblemError("resource.not_found");
  return resource;
}

/** Which of the sources that active resources rest on have ended. */
export function readEndedOf(context: Context, resources: readonly (ResourceItem | undefined)[]): Promise<EndedSources> {
  const claims = resources.flatMap((item) => (item?.status === "active" ? item.claims : []));
  return readEnded(
    context,
    claims.map(({ source }) => source),
  );
}

/** The accounts that report a resource, by collectors that were not revoked. */
export function reportersOf(
  { provider, claims }: Pick<ResourceItem, "provider" | "claims">,
  ended: EndedSources,
): string[] {
  const standing = claims.filter(({ source }) => !ended.has(source));
  return [...new Set(standing.map((claim) => `${provider}/${accountOfClaim(claim)}`))];
}

/** When resources were last seen follows from the scopes that see them, whose times the ledger has. */
export async function createLastSeen(
  context: Context,
  resources: readonly ResourceItem[],
): Promise<(resource: ResourceItem) => string | undefined> {
  const active = resources.filter(({ status }) => status === "active");
  const completeAt = await readCompleteTimes(
    context,
    active.flatMap(({ claims }) => claims),
  );
  return ({ status, claims }) => {
    if (status === "retired") return undefined;
    return claims
      .flatMap((claim) => completeAt(claim) ?? [])
      .sort()
      .at(-1);
  };
}

/**
 * Resources as the API shows them: what was observed, what people say, and when a complete run last had them. Who has just said
 * something reads it `consistent`.
 */
export async function toResources(
  context: Context,
  stored: readonly StoredResource[],
  options: { consistent?: boolean } = {},
): Promise<Resource[]> {
  const keys = stored.map(({ idHash }) => ({ subject: resourceSubject(idHash) }));
  const [said, lastSeenAt, ended] = await Promise.all([
    context.table.getMany(SaidItem, keys, options),
    createLastSeen(context, stored),
    readEndedOf(context, stored),
  ]);
  return stored.map((item, at) => toResource(item, seenBy(context, item), said[at], lastSeenAt(item), ended));
}

function toResource(
  item: StoredResource,
  { account, claims }: Seen,
  said: Stored<SaidItem> | undefined,
  lastSeenAt: string | undefined,
  ended: EndedSources,
): Resource {
  const confirmed = isConfirmed(item, ended);
  const facets = facetsOfItem(item);
  return {
    id: item.id,
    key: `res_${item.idHash}`,
    kind: item.kind,
    provider: item.provider,
    account,
    region: item.region,
    ...(facets.network ? { network: facets.network } : {}),
    name: item.name,
    tags: item.tags,
    status: item.status,
    attributes: item.attributes,
    volatile: item.volatile,
    observedBy: claims,
    confirmed,
    ...(confirmed ? {} : { reportedBy: reportersOf({ provider: item.provider, claims }, ended) }),
    ...toSaid(said),
    firstSeenAt: item.firstSeenAt,
    changedAt: item.changedAt,
    ...(lastSeenAt ? { lastSeenAt } : {}),
    ...(item.retiredAt ? { retiredAt: item.retiredAt } : {}),
    version: said?.version ?? 0,
  };
}
