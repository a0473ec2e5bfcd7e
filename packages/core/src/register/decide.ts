import type { ObservedResource } from "@cadastre/contract/resource";
import { ownerOf } from "@cadastre/contract/resource";
import { type ScopeKey, scopeName } from "@cadastre/contract/scope";
import type { ResourceEvent } from "@cadastre/contract/view";
import { contentChanges } from "../changes.ts";
import { accountOfClaim, type Claim, type EventItem, type ResourceItem } from "./items.ts";

/** One resource as a scope saw it. */
export interface Sighting {
  readonly source: string;
  readonly scope: ScopeKey;
  readonly idHash: string;
  readonly contentHash: string;
  readonly resource: ObservedResource;
  readonly run: string;
  readonly actor: string;
  readonly at: string;
}

export interface Change {
  readonly type: ResourceEvent["type"] | "claimed";
  readonly before: (ResourceItem & { readonly version: number }) | undefined;
  readonly after: ResourceItem;
  readonly event: EventItem | undefined;
}

type StoredResource = ResourceItem & { readonly version: number };

const sameClaim = (a: Claim, b: Claim) => a.source === b.source && a.scope === b.scope;

/** Whether the owner's own account is among those that see the resource. Its word then counts, and nobody else's. */
function ownerSees(stored: ResourceItem): boolean {
  return stored.claims.some((claim) => accountOfClaim(claim) === stored.account);
}

function withoutVersion(stored: StoredResource): ResourceItem {
  const { version: _, ...item } = stored;
  return item;
}

function eventOf(
  after: ResourceItem,
  type: ResourceEvent["type"],
  sighting: { actor: string; run: string; at: string },
  changes: ResourceEvent["changes"],
): EventItem {
  return {
    idHash: after.idHash,
    sequence: after.sequence,
    at: sighting.at,
    type,
    actor: sighting.actor,
    run: sighting.run,
    changes,
  };
}

const content = (of: Pick<ResourceItem, "name" | "tags" | "attributes">) => ({
  name: of.name,
  tags: of.tags,
  attributes: of.attributes,
});

/**
 * What a sighting means for what is stored: created, updated, returned, a further scope that sees it (`claimed`, no event), or
 * nothing. While the owner's account sees a shared resource, what other accounts see of it does not change it.
 */
export function decideSighting(stored: StoredResource | undefined, sighting: Sighting): Change | undefined {
  const { scope, resource } = sighting;
  const claim: Claim = { source: sighting.source, scope: scopeName(scope) };
  const observed = {
    name: resource.name,
    tags: { ...resource.tags },
    attributes: { ...resource.attributes },
    volatile: { ...resource.volatile },
    contentHash: sighting.contentHash,
    region: scope.region,
    changedAt: sighting.at,
    status: "active" as const,
  };
  if (!stored) {
    const after: ResourceItem = {
      idHash: sighting.idHash,
      id: resource.id,
      kind: scope.kind,
      provider: scope.provider,
      account: ownerOf(scope.provider, resource.id)?.account ?? scope.account,
      ...observed,
      claims: [claim],
      notes: "",
      owner: "",
      firstSeenAt: sighting.at,
      sequence: 1,
      lastChange: { run: sighting.run, type: "created" },
    };
    return { type: "created", before: undefined, after, event: eventOf(after, "created", sighting, []) };
  }
  const { retiredAt: _, ...kept } = withoutVersion(stored);
  if (stored.status === "retired") {
    const changes = contentChanges(content(stored), content(observed));
    const after: ResourceItem = {
      ...kept,
      ...observed,
      claims: [claim],
      sequence: stored.sequence + 1,
      lastChange: { run: sighting.run, type: "returned" },
    };
    return { type: "returned", before: stored, after, event: eventOf(after, "returned", sighting, changes) };
  }
  const claimed = stored.claims.some((known) => sameClaim(known, claim));
  const claims = claimed ? stored.claims : [...stored.claims, claim];
  const heard = scope.account === stored.account || !ownerSees(stored);
  if (heard && stored.contentHash !== sighting.contentHash) {
    const changes = contentChanges(content(stored), content(observed));
    const after: ResourceItem = {
      ...kept,
      ...observed,
      claims,
      sequence: stored.sequence + 1,
      lastChange: { run: sighting.run, type: "updated" },
    };
    return { type: "updated", before: stored, after, event: eventOf(after, "updated", sighting, changes) };
  }
  if (claimed) return undefined;
  return { type: "claimed", before: stored, after: { ...kept, claims }, event: undefined };
}

/**
 * The claims that keep a resource when a scope no longer has it. The owner's own account knows best: what guests of a shared
 * resource still see does not count against it, what another source of the same account sees does. A certificate belongs to
 * no account: whoever sees it keeps it.
 */
function keepers(stored: ResourceItem, scope: ScopeKey, others: readonly Claim[]): readonly Claim[] {
  const owner = ownerOf(stored.provider, stored.id)?.account;
  return owner === scope.account ? others.filter((claim) => accountOfClaim(claim) === owner) : others;
}

/**
 * What it means that a complete scope no longer has a resource: it is retired when nobody is left whose word keeps it;
 * otherwise only the claim goes. Nothing, when the scope does not see it or it is retired.
 */
export function decideAbsence(
  stored: StoredResource | undefined,
  absence: Pick<Sighting, "source" | "scope" | "run" | "actor" | "at">,
): Change | undefined {
  if (!stored || stored.status === "retired") return undefined;
  const claim: Claim = { source: absence.source, scope: scopeName(absence.scope) };
  if (!stored.claims.some((known) => sameClaim(known, claim))) return undefined;
  const kept = withoutVersion(stored);
  const others = stored.claims.filter((known) => !sameClaim(known, claim));
  if (keepers(stored, absence.scope, others).length > 0) {
    return { type: "claimed", before: stored, after: { ...kept, claims: others }, event: undefined };
  }
  const after: ResourceItem = {
    ...kept,
    claims: [],
    status: "retired",
    changedAt: absence.at,
    retiredAt: absence.at,
    sequence: stored.sequence + 1,
    lastChange: { run: absence.run, type: "retired" },
  };
  return { type: "retired", before: stored, after, event: eventOf(after, "retired", absence, []) };
}
