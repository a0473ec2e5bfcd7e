import { kindOfId, type ObservedResource } from "@cadastre/contract/resource";
import { type ScopeKey, scopeName } from "@cadastre/contract/scope";
import type { ResourceEvent } from "@cadastre/contract/view";
import type { Stored } from "@cadastre/store/table";
import { contentChanges } from "../changes.ts";
import { laterOf } from "../feed/record-change.ts";
import { type EndedSources, NONE_ENDED } from "../ledger/ended-sources.ts";
import { accountOfClaim, type Claim, isOwnWord, ownClaims, type ResourceItem } from "./items.ts";

/** Who looked, where, when. */
export interface Look {
  readonly source: string;
  readonly scope: ScopeKey;
  readonly run: string;
  readonly actor: string;
  /** ISO time. */
  readonly at: string;
}

/** One resource as a scope saw it. */
export interface Observation extends Look {
  readonly idHash: string;
  readonly contentHash: string;
  readonly resource: ObservedResource;
}

type StoredResource = Stored<ResourceItem>;

/** What becomes of a resource. `noted` changes who sees it, or how its content was written, and is no event. */
export interface Change extends Pick<Look, "run" | "actor" | "at"> {
  readonly type: Exclude<ResourceEvent["type"], "annotated"> | "noted";
  readonly before: StoredResource | undefined;
  readonly after: ResourceItem;
  readonly changes: ResourceEvent["changes"];
}

const sameClaim = (a: Claim, b: Claim) => a.source === b.source && a.scope === b.scope;

/** Whether the account that it belongs to, or that saw it first, has said what it is: that holds against what others see of it. */
function isSpokenFor(stored: ResourceItem, ended: EndedSources): boolean {
  const said = stored.claims.filter((claim) => accountOfClaim(claim) === stored.account);
  // What an owner said stands until its own account says otherwise, also when its collector was revoked; a certificate has no owner.
  return isOwned(stored) ? said.length > 0 : said.some(({ source }) => !ended.has(source));
}

const isOwned = ({ id }: ResourceItem): boolean => kindOfId(id)?.account !== undefined;

function withoutVersion(stored: StoredResource): ResourceItem {
  const { version: _, ...item } = stored;
  return item;
}

const content = (of: Pick<ResourceItem, "name" | "tags" | "attributes">) => ({
  name: of.name,
  tags: of.tags,
  attributes: of.attributes,
});

function created(observation: Observation, claim: Claim): Change {
  const { scope, resource, run, actor, at, idHash } = observation;
  const after: ResourceItem = {
    idHash,
    id: resource.id,
    kind: scope.kind,
    provider: scope.provider,
    account: kindOfId(resource.id)?.account ?? scope.account,
    ...observed(observation, at),
    claims: [claim],
    firstSeenAt: at,
    firstSeenBy: { actor, run },
    sequence: 1,
    lastChange: { run, type: "created", scope: claim.scope },
  };
  return { type: "created", before: undefined, after, changes: [], run, actor, at };
}

/** What of the attributes could not be found out this time stands as it was known. */
function attributesOf({ attributes, unknown = [] }: ObservedResource, known: ResourceItem["attributes"] = {}) {
  const kept = unknown.filter((name) => Object.hasOwn(known, name) && !Object.hasOwn(attributes, name));
  return { ...attributes, ...Object.fromEntries(kept.map((name) => [name, known[name]])) };
}

const observed = ({ resource, contentHash, scope }: Observation, changedAt: string, stored?: ResourceItem) => ({
  name: resource.name,
  tags: { ...resource.tags },
  attributes: attributesOf(resource, stored?.attributes),
  volatile: { ...resource.volatile },
  contentHash,
  region: scope.region,
  changedAt,
  status: "active" as const,
});

/**
 * What an observation means for what is stored: created, updated, returned, a further scope that sees it (`noted`), or
 * nothing. An attribute that could not be found out is no change. What an account sees of another's property is a sighting: it
 * changes nothing that the owner's account has said, and brings nothing back that it said is gone. `ended` are sources among the
 * claims whose collectors were revoked.
 */
export function decideObservation(
  stored: StoredResource | undefined,
  observation: Observation,
  ended: EndedSources = NONE_ENDED,
): Change | undefined {
  const { scope, run, actor } = observation;
  const claim: Claim = { source: observation.source, scope: scopeName(scope) };
  if (!stored) return created(observation, claim);
  const at = laterOf(observation.at, stored.changedAt);
  const { retiredAt: _, lapsed: __, ...kept } = withoutVersion(stored);
  const next = { ...kept, ...observed(observation, at, stored) };
  const common = { before: stored, run, actor, at };
  const isKnown = stored.claims.some((known) => sameClaim(known, claim));
  const claims = isKnown ? stored.claims : [...stored.claims, claim];
  const changed = (type: "updated" | "returned"): Change => {
    const after = { ...next, claims, sequence: stored.sequence + 1, lastChange: { run, type, scope: claim.scope } };
    return { ...common, type, after, changes: contentChanges(content(stored), content(next)) };
  };
  const isRetired = stored.status === "retired";
  if (isRetired && (stored.lapsed || isOwnWord(stored, scope.account))) return changed("returned");
  const isHeard = !isRetired && (scope.account === stored.account || !isSpokenFor(stored, ended));
  if (isHeard && stored.contentHash !== observation.contentHash) {
    const update = changed("updated");
    if (update.changes.length > 0) return update;
    const { changedAt, sequence, lastChange } = stored;
    return { ...common, type: "noted", after: { ...next, claims, changedAt, sequence, lastChange }, changes: [] };
  }
  if (isKnown) return undefined;
  return { ...common, type: "noted", after: { ...withoutVersion(stored), claims }, changes: [] };
}

/**
 * The claims that keep a resource when a scope no longer has it. The owner's own account knows best: what guests of a shared
 * resource still see does not count against it, what another source of the same account sees does; and no guest's word takes
 * away what the owner's account has. A certificate belongs to no account: whoever sees it keeps it. A source that has ended
 * keeps nothing, but from guests.
 */
function keepers(
  stored: ResourceItem,
  scope: ScopeKey,
  others: readonly Claim[],
  ended: EndedSources,
): readonly Claim[] {
  const standing = others.filter(({ source }) => !ended.has(source));
  if (!isOwned(stored)) return standing;
  if (isOwnWord(stored, scope.account)) return ownClaims({ ...stored, claims: standing });
  return [...standing, ...ownClaims({ ...stored, claims: [...others] })];
}

/**
 * What it means that a scope is forgotten. Nobody has said that what it saw is gone: so what any other scope claims stays, unconfirmed
 * where none of these is its owner's, and what none does is retired until anybody sees it again. Nothing, when the scope does not see it.
 */
export function decideForgotten(stored: StoredResource | undefined, look: Look): Change | undefined {
  if (!stored) return undefined;
  const claim: Claim = { source: look.source, scope: scopeName(look.scope) };
  const others = stored.claims.filter((known) => !sameClaim(known, claim));
  if (others.length === stored.claims.length) return undefined;
  const { run, actor } = look;
  const at = laterOf(look.at, stored.changedAt);
  const common = { before: stored, changes: [], run, actor, at };
  const kept = { ...withoutVersion(stored), claims: others };
  if (stored.status === "retired" || others.length > 0) return { ...common, type: "noted", after: kept };
  const after: ResourceItem = {
    ...kept,
    status: "retired",
    changedAt: at,
    retiredAt: at,
    lapsed: true,
    sequence: stored.sequence + 1,
    lastChange: { run, type: "retired", scope: claim.scope },
  };
  return { ...common, type: "retired", after };
}

/**
 * What it means that a complete scope no longer has a resource: it is retired when nobody is left whose word keeps it;
 * otherwise only the claim goes, as it does where it is retired already. Nothing, when the scope does not see it.
 */
export function decideAbsence(
  stored: StoredResource | undefined,
  absence: Look,
  ended: EndedSources = NONE_ENDED,
): Change | undefined {
  if (!stored) return undefined;
  const claim: Claim = { source: absence.source, scope: scopeName(absence.scope) };
  if (!stored.claims.some((known) => sameClaim(known, claim))) return undefined;
  const { run, actor } = absence;
  const at = laterOf(absence.at, stored.changedAt);
  const kept = withoutVersion(stored);
  const common = { before: stored, changes: [], run, actor, at };
  const others = stored.claims.filter((known) => !sameClaim(known, claim));
  if (stored.status === "retired" || keepers(stored, absence.scope, others, ended).length > 0) {
    return { ...common, type: "noted", after: { ...kept, claims: others } };
  }
  const isOwn = isOwnWord(stored, absence.scope.account);
  const after: ResourceItem = {
    ...kept,
    // Guests may see it still. That is their sighting, and found again should the owner's account have it again.
    claims: isOwned(stored) ? others.filter((one) => !isOwnWord(stored, accountOfClaim(one))) : [],
    status: "retired",
    changedAt: at,
    retiredAt: at,
    ...(isOwn ? {} : { lapsed: true as const }),
    sequence: stored.sequence + 1,
    lastChange: { run, type: "retired", scope: claim.scope },
  };
  return { ...common, type: "retired", after };
}
