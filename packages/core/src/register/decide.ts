import { kindOfId, type ObservedResource } from "@cadastre/contract/resource";
import { type ScopeKey, scopeName } from "@cadastre/contract/scope";
import type { ResourceEvent } from "@cadastre/contract/view";
import type { Stored } from "@cadastre/store/table";
import { contentChanges } from "../changes.ts";
import { laterOf } from "../feed/record-change.ts";
import { accountOfClaim, type Claim, type ResourceItem } from "./items.ts";

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

/** Whether the owner's own account is among those that see the resource. Its word then counts, and nobody else's. */
function ownerSees(stored: ResourceItem): boolean {
  return stored.claims.some((claim) => accountOfClaim(claim) === stored.account);
}

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
    lastChange: { run, type: "created" },
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
 * nothing. An attribute that could not be found out is no change. While the owner's account sees a shared resource, what other accounts see of it does not change it.
 */
export function decideObservation(stored: StoredResource | undefined, observation: Observation): Change | undefined {
  const { scope, run, actor } = observation;
  const claim: Claim = { source: observation.source, scope: scopeName(scope) };
  if (!stored) return created(observation, claim);
  const at = laterOf(observation.at, stored.changedAt);
  const { retiredAt: _, ...kept } = withoutVersion(stored);
  const next = { ...kept, ...observed(observation, at, stored) };
  const common = { before: stored, run, actor, at };
  const changed = (type: "updated" | "returned", claims: Claim[]): Change => {
    const after = { ...next, claims, sequence: stored.sequence + 1, lastChange: { run, type } };
    return { ...common, type, after, changes: contentChanges(content(stored), content(next)) };
  };
  if (stored.status === "retired") return changed("returned", [claim]);
  const isKnown = stored.claims.some((known) => sameClaim(known, claim));
  const claims = isKnown ? stored.claims : [...stored.claims, claim];
  const isHeard = scope.account === stored.account || !ownerSees(stored);
  if (isHeard && stored.contentHash !== observation.contentHash) {
    const update = changed("updated", claims);
    if (update.changes.length > 0) return update;
    const { changedAt, sequence, lastChange } = stored;
    return { ...common, type: "noted", after: { ...next, claims, changedAt, sequence, lastChange }, changes: [] };
  }
  if (isKnown) return undefined;
  return { ...common, type: "noted", after: { ...kept, claims }, changes: [] };
}

/**
 * The claims that keep a resource when a scope no longer has it. The owner's own account knows best: what guests of a shared
 * resource still see does not count against it, what another source of the same account sees does. A certificate belongs to
 * no account: whoever sees it keeps it.
 */
function keepers(stored: ResourceItem, scope: ScopeKey, others: readonly Claim[]): readonly Claim[] {
  const owner = kindOfId(stored.id)?.account;
  return owner === scope.account ? others.filter((claim) => accountOfClaim(claim) === owner) : others;
}

/**
 * What it means that a complete scope no longer has a resource: it is retired when nobody is left whose word keeps it;
 * otherwise only the claim goes. Nothing, when the scope does not see it or it is retired.
 */
export function decideAbsence(stored: StoredResource | undefined, absence: Look): Change | undefined {
  if (!stored || stored.status === "retired") return undefined;
  const claim: Claim = { source: absence.source, scope: scopeName(absence.scope) };
  if (!stored.claims.some((known) => sameClaim(known, claim))) return undefined;
  const { run, actor } = absence;
  const at = laterOf(absence.at, stored.changedAt);
  const kept = withoutVersion(stored);
  const common = { before: stored, changes: [], run, actor, at };
  const others = stored.claims.filter((known) => !sameClaim(known, claim));
  if (keepers(stored, absence.scope, others).length > 0) {
    return { ...common, type: "noted", after: { ...kept, claims: others } };
  }
  const after: ResourceItem = {
    ...kept,
    claims: [],
    status: "retired",
    changedAt: at,
    retiredAt: at,
    sequence: stored.sequence + 1,
    lastChange: { run, type: "retired" },
  };
  return { ...common, type: "retired", after };
}
