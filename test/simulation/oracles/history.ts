import type { Resource, ResourceEvent } from "@cadastre/contract/view";
import { DEFAULT_HOLD_POLICY } from "@cadastre/core/context";
import { END_SIGHTINGS } from "@cadastre/core/ledger/ended-sources";
import type { Facts, Look } from "../facts.ts";
import type { Story } from "../story.ts";
import { openingsOf } from "./runs.ts";

const isRun = (by: string | undefined) => by?.startsWith("run_") === true;

/** The revision that an event says the resource has after, or had before it, when it names them. */
export function revisionIn(event: ResourceEvent, side: "before" | "after"): string | undefined {
  for (const change of event.changes) {
    const value = change[side];
    if (change.path === "tags.revision") return value as string | undefined;
    if (change.path === "tags") return (value as Record<string, string> | undefined)?.revision;
  }
  return undefined;
}

/** Events are numbered without a gap, those that were seen and those that were said apart, and come in an order that can be. */
function inOrder(id: string, events: readonly ResourceEvent[]): string[] {
  const problems: string[] = [];
  let status: "none" | "active" | "retired" = "none";
  let [seen, said] = [0, 0];
  for (const { sequence, type, changes } of events) {
    const number = type === "annotated" ? ++said : ++seen;
    if (sequence !== number) problems.push(`history of ${id}: ${type} ${number} has the number ${sequence}`);
    const may: string = {
      created: "none",
      updated: "active",
      retired: "active",
      returned: "retired",
      annotated: status,
    }[type];
    if (may !== status) problems.push(`history of ${id}: ${type} (${sequence}) while it is ${status}`);
    if (type === "updated" && changes.length === 0) problems.push(`history of ${id}: ${sequence} changes nothing`);
    if (type === "retired") status = "retired";
    else if (type !== "annotated") status = "active";
  }
  return problems;
}

/** Each event begins where the one before it ended, and the resource is where the last one ended. */
function inChain(resource: Resource, events: readonly ResourceEvent[]): string[] {
  let known: string | undefined;
  for (const event of events) {
    const before = revisionIn(event, "before");
    if (known !== undefined && before !== undefined && before !== known) {
      return [`history of ${resource.id}: event ${event.sequence} changes ${before}, but it was ${known}`];
    }
    known = revisionIn(event, "after") ?? known;
  }
  if (known === undefined || resource.tags.revision === undefined || resource.tags.revision === known) return [];
  return [`${resource.id} is at ${resource.tags.revision}, but its history ends at ${known}`];
}

/** Whether the scope is one in which the resource may be seen. */
export function isPlaceOf(
  { scopes, shares }: Story,
  place: number,
  { kind, region, account, provider }: Resource,
): boolean {
  const scope = scopes[place];
  if (scope?.kind !== kind || scope.region !== region) return false;
  return scope.account === account || provider === "tls" || shares.some(({ to }) => to === place);
}

/** Whether a scope of another account may see the resource: it ends with that account's collector. */
function isSeenByOthers(story: Story, resource: Resource): boolean {
  return story.shares.some(
    ({ to }) => isPlaceOf(story, to, resource) && story.scopes[to]?.account !== resource.account,
  );
}

/** Whether a run looked at a whole scope of the resource's kind and place, and did not see it. */
function missedBy(facts: Facts, look: Look, resource: Resource): number | undefined {
  for (const [place, { status, shown }] of look.scopes) {
    if (isPlaceOf(facts.story, place, resource) && status === "complete" && !shown.has(resource.id)) return place;
  }
  return undefined;
}

/** What a run is said to have seen, it saw; what it is said to have missed, it missed, in a scope that it saw whole. */
function justified(facts: Facts, resource: Resource, event: ResourceEvent): string[] {
  const { type, run, sequence } = event;
  const what = `history of ${resource.id}: event ${sequence} (${type}, by ${run})`;
  if (type === "annotated") return [];
  if (!isRun(run)) {
    const hold = facts.holds.find(({ id }) => id === run);
    if (type === "retired" && hold?.state === "approved" && hold.sample.some(({ id }) => id === resource.id)) return [];
    const isOfJob = facts.jobs.some(({ id, name }) => id === run && name === END_SIGHTINGS);
    if (type === "retired" && isOfJob && isSeenByOthers(facts.story, resource)) return [];
    const isForgotten = facts.audit.some(({ action, detail }) => action === "scope.forget" && detail.job === run);
    if (type === "retired" && isForgotten) return [];
    return [`${what} is not what anybody approved`];
  }
  const look = facts.looks.get(run as string);
  if (look === undefined) return [`${what}: there was no such run`];
  if (look.foreign) return [`${what}: the collector may not speak of this account`];
  if (type === "retired")
    return missedBy(facts, look, resource) === undefined ? [`${what}: the run did not miss it`] : [];
  const views = [...look.scopes.values()].flatMap(({ shown }) => shown.get(resource.id) ?? []);
  if (views.length === 0) return [`${what}: the run did not see it`];
  const revision = revisionIn(event, "after");
  if (revision === undefined || views.some(({ tags }) => tags.revision === revision)) return [];
  return [`${what}: the run saw ${views.map(({ tags }) => tags.revision).join()}, not ${revision}`];
}

const isShared = ({ shares }: Story, place: number) => shares.some(({ from, to }) => from === place || to === place);

/** Whether a run opened a scope again after others had: then it lost things more than once, each time judged by itself. */
function isRepeated(facts: Facts, run: string, at: number): boolean {
  const openings = openingsOf(facts).filter(({ place }) => place === at);
  const own = openings.filter(({ look }) => look.run === run).map(({ delivery }) => delivery.receivedAtStep);
  const [first, last] = [Math.min(...own), Math.max(...own)];
  return openings.some(({ look, delivery: { receivedAtStep } }) => {
    return look.run !== run && receivedAtStep > first && receivedAtStep < last;
  });
}

/** A run alone never retires what the policy holds back: then somebody must have approved exactly that. */
function heldBack(facts: Facts): string[] {
  const lost = new Map<string, { run: string; place: number; ids: string[] }>();
  for (const resource of facts.resources) {
    for (const { type, run } of facts.histories.get(resource.id) ?? []) {
      const look = type === "retired" && run !== undefined ? facts.looks.get(run) : undefined;
      const place = look && missedBy(facts, look, resource);
      // Of what is seen in two places, which of them lost it cannot be told from here.
      if (place === undefined || run === undefined || isShared(facts.story, place)) continue;
      const group = lost.get(`${run}/${place}`) ?? { run, place, ids: [] };
      group.ids.push(resource.id);
      lost.set(`${run}/${place}`, group);
    }
  }
  const { floor, share } = DEFAULT_HOLD_POLICY;
  return [...lost.values()].flatMap(({ run, place, ids }) => {
    const left = facts.looks.get(run)?.scopes.get(place)?.shown.size ?? 0;
    const massive = left === 0 || (ids.length >= floor && ids.length > share * (left + ids.length));
    const isApproved = facts.holds.some(
      ({ state, sample }) => state === "approved" && ids.every((id) => sample.some((one) => one.id === id)),
    );
    if (!massive || isApproved || isRepeated(facts, run, place)) return [];
    return [`${run} retired ${ids.length} of ${left + ids.length} in ${nameOf(facts, place)} and nobody approved it`];
  });
}

const nameOf = ({ story }: Facts, place: number) => Object.values(story.scopes[place] ?? {}).join("/");

/** Whether what the source said arrived in the order in which it was seen: then nothing ever goes back. */
function spokeInOrder({ story, looks }: Facts, source: string): boolean {
  if (story.steps.some(({ act }) => act === "clock")) return false;
  const own = [...looks.values()].filter((look) => look.source === source);
  return own.every(({ endedAtStep }, at) => own.slice(at + 1).every((later) => later.startedAtStep >= endedAtStep()));
}

/** What only one source sees, and sees in order, never goes back to what it was. */
function neverBack(facts: Facts, resource: Resource, events: readonly ResourceEvent[]): string[] {
  const { story } = facts;
  const places = [...story.scopes.keys()].filter((place) => isPlaceOf(story, place, resource));
  const sources = story.collectors.filter(({ scopes }) => scopes.some((place) => places.includes(place)));
  const [source] = sources;
  if (story.shares.length > 0 || sources.length !== 1 || source === undefined) return [];
  if (!spokeInOrder(facts, source.name)) return [];
  let newest = 0;
  for (const event of events) {
    const revision = Number(revisionIn(event, "after")?.slice(1) ?? newest + 1);
    if (revisionIn(event, "after") === undefined) continue;
    if (revision < newest) return [`history of ${resource.id}: event ${event.sequence} goes back to r${revision}`];
    newest = revision;
  }
  return [];
}

/** What the histories must be, whatever happened. */
export function judgeHistories(facts: Facts): string[] {
  return [
    ...heldBack(facts),
    ...facts.resources.flatMap((resource) => {
      const events = facts.histories.get(resource.id) ?? [];
      return [
        ...inOrder(resource.id, events),
        ...inChain(resource, events),
        ...neverBack(facts, resource, events),
        ...events.flatMap((event) => justified(facts, resource, event)),
      ];
    }),
  ];
}
