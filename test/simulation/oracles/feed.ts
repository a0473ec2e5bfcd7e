import type { ChangeEntry } from "@cadastre/contract/changes";
import type { Facts, Told } from "../facts.ts";
import { CONSUMERS, MOST_ATTEMPTS, refusalsOf } from "../feed.ts";
import { commitsOf, lettersOf, placeOf } from "./commits.ts";

/** What is committed later than so long after its time, a consumer may have gone past. */
const SETTLED_MILLISECONDS = 60_000;

const streamOf = (change: ChangeEntry) => `${placeOf(change).split("#")[1]?.[0]} of ${change.subject.id}`;

interface Narrated {
  readonly at: string;
  readonly type: string;
  readonly actor: string;
  readonly run?: string | undefined;
  readonly changes: readonly unknown[];
}

/** What the feed and a history must say alike; what a resource is created with, the resource says itself. */
const textOf = ({ at, type, actor, run, changes }: Narrated) =>
  JSON.stringify([at, type, actor, run, type === "created" ? [] : changes]);

/** The feed has each event of each history once, in its order, and no other of a resource; what is said of others is whole. */
function asHistory({ changes, histories }: Facts): string[] {
  const ofResources = changes.filter(({ subject }) => subject.type === "resource");
  const byId = Map.groupBy(ofResources, ({ subject }) => subject.id);
  const ids = new Set([...byId.keys(), ...histories.keys()]);
  return [...ids].flatMap((id) => {
    const told = (byId.get(id) ?? []).map(textOf).sort();
    const known = (histories.get(id) ?? []).map(textOf).sort();
    return told.join() === known.join()
      ? []
      : [`the feed has ${told.length} changes of ${id}, its history ${known.length}: ${differenceOf(told, known)}`];
  });
}

function differenceOf(told: readonly string[], known: readonly string[]): string {
  const missing = known.find((one) => !told.includes(one));
  return missing === undefined ? `${told.find((one) => !known.includes(one))} is only told` : `${missing} is not told`;
}

/** Of each hold the feed has that it was opened, and what was decided, once; nothing of holds that are not there. */
function asHolds({ changes, holds }: Facts): string[] {
  const byId = Map.groupBy(
    changes.filter(({ subject }) => subject.type === "hold"),
    ({ subject }) => subject.id,
  );
  const known = new Set(holds.map(({ id }) => id));
  return [
    ...[...byId.keys()].filter((id) => !known.has(id)).map((id) => `the feed tells of ${id}, which is not there`),
    ...holds.flatMap(({ id, state }) => {
      const types = (byId.get(id) ?? []).map(({ type }) => type).filter((type) => type !== "finished");
      const right = state === "pending" ? ["opened"] : ["opened", state];
      return types.join() === right.join() ? [] : [`${id} is ${state}, and the feed tells ${types.join()}`];
    }),
  ];
}

/** Pages of any size, newest or oldest first, have the same changes. */
function samePages({ changes, changesNewestFirst }: Facts): string[] {
  const [oldest, newest] = [changes, [...changesNewestFirst].reverse()].map((all) => all.map(({ id }) => id));
  if (new Set(oldest).size !== oldest?.length) return ["the list of changes has one of them twice"];
  return oldest?.join() === newest?.join() ? [] : ["the changes oldest first are not those newest first"];
}

/** Each consumer was told each change, or it is set aside for it; and of one subject what came first, first. */
function toldAll(facts: Facts): string[] {
  const { changes, told, letters } = facts;
  const problems: string[] = [];
  const commits = commitsOf(facts);
  const isLate = ({ id, at }: ChangeEntry) => (commits.get(id)?.time ?? 0) - Date.parse(at) >= SETTLED_MILLISECONDS;
  const order = new Map(changes.map(({ id }, at) => [id, at]));
  for (const consumer of CONSUMERS) {
    const firsts = [...new Set(told.filter((one) => one.consumer === consumer).map(({ change }) => change))];
    const taken = new Set(firsts);
    const dropped = droppedOf(facts, consumer);
    const aside = new Set(letters.filter((one) => one.consumer === consumer).map(({ id }) => id));
    const nameOf = ({ type, subject, at }: ChangeEntry) => `${type} of ${subject.id} at ${at}`;
    for (const change of changes) {
      if (!taken.has(change.id) && !aside.has(change.id) && !dropped.has(change.id) && !isLate(change)) {
        problems.push(`${consumer} was never told: ${nameOf(change)}`);
      }
    }
    const newest = new Map<string, number>();
    for (const id of firsts) {
      const at = order.get(id);
      const change = at === undefined ? undefined : changes[at];
      if (at === undefined || change === undefined) {
        problems.push(`${consumer} was told what is not in the feed`);
        continue;
      }
      if (aside.has(id) || (consumer === "picky" && isSetAside(id)) || isLate(change)) continue;
      const stream = streamOf(change);
      if (at < (newest.get(stream) ?? -1)) problems.push(`${consumer} was told too late: ${nameOf(change)}`);
      newest.set(stream, at);
    }
  }
  return problems;
}

/** What somebody gave up for a consumer. */
function droppedOf({ audit }: Facts, consumer: string): ReadonlySet<string> {
  const targets = audit.filter(({ action }) => action === "consumer.drop").map(({ resource }) => resource.id);
  return new Set(targets.map((target) => target.slice(consumer.length + 1)));
}

const isSetAside = (id: string) => refusalsOf(id) >= MOST_ATTEMPTS;

/** What was refused too often is set aside once, until it is taken after all or given up; nothing else is. */
function setAside(facts: Facts): string[] {
  const { letters, told, refused, audit, deliveries } = facts;
  const dropped = droppedOf(facts, "picky");
  const letteredAt = lettersOf(facts, "picky");
  // A teller that began before it was set aside may be telling it beside the one that sets it aside.
  const isReplay = ({ consumer, change, sinceStep }: Told) =>
    consumer === "picky" && sinceStep > (letteredAt.get(change)?.step ?? Number.POSITIVE_INFINITY);
  const taken = new Set(told.filter(isReplay).map(({ change }) => change));
  const byChange = Map.groupBy(letters, ({ id, consumer }) => `${consumer}'s letter ${id}`);
  const attempted = new Map<string, number>();
  for (const { change, consumer, atStep } of [...told, ...refused]) {
    if (consumer === "picky") attempted.set(change, Math.max(atStep, attempted.get(change) ?? 0));
  }
  const received = new Map(deliveries.map(({ requestId, receivedAtStep }) => [requestId, receivedAtStep]));
  return [
    ...[...byChange].filter(([, all]) => all.length > 1).map(([what]) => `${what} is there twice`),
    ...letters.flatMap(({ id, consumer, attempts, state }) => {
      const what = `${consumer}'s letter ${id}`;
      if (consumer !== "picky" || !isSetAside(id)) return [`${what} is of what it did not refuse`];
      if (taken.has(id)) return [`${what} is there, and it took the change`];
      if (dropped.has(id)) return [`${what} is there although somebody dropped it`];
      if (state !== "waiting") return [`${what} is ${state} at the end of all`];
      return attempts < MOST_ATTEMPTS ? [`${what} was set aside after ${attempts} attempts`] : [];
    }),
    ...audit
      .filter(({ action, outcome }) => action === "consumer.replay" && outcome === "done")
      .flatMap(({ resource: { id: target }, requestId }) => {
        const id = target.slice("picky/".length);
        const isTold = (attempted.get(id) ?? 0) >= (received.get(requestId) ?? 0);
        return isTold || dropped.has(id) ? [] : [`a replay of ${target} was recorded, and it was never told again`];
      }),
  ];
}

export function judgeFeed(facts: Facts): string[] {
  const hasTellers = facts.story.steps.some(({ act }) => act === "tell");
  return [
    ...asHistory(facts),
    ...asHolds(facts),
    ...samePages(facts),
    ...(hasTellers ? [...toldAll(facts), ...setAside(facts)] : []),
  ];
}
