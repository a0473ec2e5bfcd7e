import type { ChangeEntry } from "@cadastre/contract/changes";
import type { RunOpened } from "@cadastre/contract/discovery";
import type { Resource, ResourceEvent } from "@cadastre/contract/view";
import type { Facts, Look, LookedAt } from "../facts.ts";
import type { Story } from "../story.ts";
import { commitsOf, placeOf } from "./commits.ts";
import { isPlaceOf, revisionIn } from "./history.ts";
import { completionsOf, endOf, isDone, nameOf, type Opening, openingsOf, type Settled, settledOf } from "./runs.ts";

/** A change of a resource, and the step in which it was committed. */
interface Effect {
  readonly change: ChangeEntry;
  readonly step: number;
  /** Where the resource then is. */
  readonly status: "active" | "retired";
  readonly revision: string | undefined;
}

/** What became of each resource by what was observed, in the order of the numbers. */
function effectsOf(facts: Facts): ReadonlyMap<string, readonly Effect[]> {
  const commits = commitsOf(facts);
  const observed = facts.changes.filter((change) => {
    return change.subject.type === "resource" && placeOf(change).split("#")[1]?.startsWith("o") === true;
  });
  const byId = Map.groupBy(observed, ({ subject }) => subject.id);
  return new Map(
    [...byId].map(([id, changes]) => {
      const events = (facts.histories.get(id) ?? []).filter(({ type }) => type !== "annotated");
      let revision: string | undefined;
      const effects = changes.map((change, at): Effect => {
        const seen = facts.looks.get(change.run ?? "")?.scopes.values() ?? [];
        const first = () => [...seen].flatMap(({ shown }) => shown.get(id)?.tags.revision ?? [])[0];
        const event = events[at] as ResourceEvent | undefined;
        revision = change.type === "created" ? first() : ((event && revisionIn(event, "after")) ?? revision);
        const status = change.type === "retired" ? "retired" : "active";
        return { change, step: commits.get(change.id)?.step ?? 0, status, revision };
      });
      return [id, effects];
    }),
  );
}

/** The places whose resources one source alone says something of, and no other place shows. */
function ownPlaces({ scopes, shares, collectors }: Story): Set<number> {
  const isOwn = (place: number) => {
    const names = collectors.filter((one) => one.scopes.includes(place)).map(({ name }) => name);
    // A certificate does not say which of them it was seen in.
    const isAlone = scopes[place]?.provider !== "tls" || scopes.filter(({ provider }) => provider === "tls").length < 2;
    return isAlone && new Set(names).size === 1 && !shares.some(({ from, to }) => from === place || to === place);
  };
  return new Set([...scopes.keys()].filter(isOwn));
}

/** Once a newer run has opened a scope, nothing of an older one takes effect there. */
function overtaken(facts: Facts, openings: readonly Opening[], effects: ReadonlyMap<string, readonly Effect[]>) {
  const { story, looks, resources } = facts;
  const isOpened = ({ verdict }: Opening) => verdict === "upload" || verdict === "recorded";
  const isLate = (look: Look, place: number, step: number) => {
    const of = openings.filter((one) => one.place === place && one.look.source === look.source);
    const own = Math.max(...of.filter((one) => one.look === look).map(({ delivery }) => endOf(delivery)));
    return of.some(
      (one) => one.look !== look && isOpened(one) && one.delivery.receivedAtStep >= own && endOf(one.delivery) < step,
    );
  };
  return resources.flatMap((resource) =>
    (effects.get(resource.id) ?? []).flatMap(({ change: { type, run = "" }, step, status }) => {
      const look = looks.get(run);
      if (look === undefined) return [];
      const places = [...look.scopes]
        .filter(([place, { shown }]) => {
          return isPlaceOf(story, place, resource) && shown.has(resource.id) === (status === "active");
        })
        .map(([place]) => place);
      if (places.length === 0 || !places.every((place) => isLate(look, place, step))) return [];
      return [
        `${resource.id} was ${type} by ${run} after a newer run had opened ${nameOf(story, places[0] as number)}`,
      ];
    }),
  );
}

/** Where the resource is before a step. */
const before = (effects: readonly Effect[] = [], step: number) => effects.findLast((effect) => effect.step < step);

/** What a run saw of a scope that differs from the register as it was before a step. */
function differing(
  { shown }: LookedAt,
  effects: ReadonlyMap<string, readonly Effect[]>,
  step: number,
): string | undefined {
  for (const [id, { tags }] of shown) {
    const last = before(effects.get(id), step);
    if (last === undefined) return `${id} is not there`;
    if (last.status === "retired") return `${id} is retired`;
    if (last.revision !== undefined && last.revision !== tags.revision)
      return `${id} is at ${last.revision}, not ${tags.revision}`;
  }
  return undefined;
}

/** What was found unchanged is in the register as it was seen, and what is settled is, too. */
function asSeen(
  facts: Facts,
  openings: readonly Opening[],
  settled: readonly Settled[],
  effects: ReadonlyMap<string, readonly Effect[]>,
): string[] {
  const { story } = facts;
  const own = ownPlaces(story);
  const completions = completionsOf(facts);
  const isUnclear = [...completions.values()].some(([first]) => first !== undefined && !isDone(first));
  /** Whether losses of the scope may stay: the last run that was settled held them, or it is not known which that was. */
  const mayHold = (place: number, from: number, to: number) => {
    const known = settled.filter((one) => one.place === place && one.delivery.receivedAtStep < to);
    const ended = known.filter(({ delivery }) => endOf(delivery) < from);
    // A run that was answered late, after another delivery of it had settled it, need not be the last.
    const last = known.filter(({ delivery }) =>
      ended.every((other) => other.delivery.receivedAtStep <= endOf(delivery)),
    );
    return isUnclear || ended.length === 0 || last.some(({ held }) => held > 0);
  };
  const resourcesOf = (place: number) => facts.resources.filter((resource) => isPlaceOf(story, place, resource));
  const isQuiet = (place: number, from: number, to: number, but?: Look) =>
    resourcesOf(place).every(({ id }) => {
      return (effects.get(id) ?? []).every(({ step, change }) => step < from || step > to || change.run === but?.run);
    });
  const unchanged = openings.flatMap(({ look, place, verdict, delivery }) => {
    const { receivedAtStep: step } = delivery;
    const lookedAt = look.scopes.get(place);
    if (verdict !== "unchanged" || lookedAt === undefined || !own.has(place)) return [];
    if ((delivery.answer as RunOpened).state !== "unchanged") return [];
    if (!isQuiet(place, step, endOf(delivery))) return [];
    // A run that was completed is answered that it is unchanged when it is opened again.
    if (completions.has(look.run)) return [];
    const what = `${nameOf(story, place)} was unchanged to ${look.run}`;
    const wrong = differing(lookedAt, effects, step);
    if (wrong !== undefined) return [`${what}, but ${wrong}`];
    if (lookedAt.status !== "complete" || mayHold(place, step, endOf(delivery))) return [];
    const stays = resourcesOf(place).find(({ id }) => {
      return !lookedAt.shown.has(id) && before(effects.get(id), step)?.status === "active";
    });
    return stays === undefined ? [] : [`${what}, but ${stays.id} is active, which it did not see`];
  });
  const completed = settled.flatMap(({ look, place, delivery }) => {
    const lookedAt = look.scopes.get(place);
    const { receivedAtStep: step } = delivery;
    const isContested = openings.some((one) => {
      const { receivedAtStep, sentAtStep } = one.delivery;
      return one.place === place && sentAtStep < endOf(delivery) && endOf(one.delivery) > step && receivedAtStep > 0;
    });
    if (lookedAt === undefined || !own.has(place) || isContested) return [];
    const wrong = differing(lookedAt, effects, step);
    return wrong === undefined ? [] : [`${look.run} completed ${nameOf(story, place)}, but ${wrong}`];
  });
  return [...unchanged, ...completed];
}

/** What an approval retires, no run has seen again that was settled since it was given. */
function approvedOnly(facts: Facts, settled: readonly Settled[], effects: ReadonlyMap<string, readonly Effect[]>) {
  const own = ownPlaces(facts.story);
  if ([...completionsOf(facts).values()].some(([first]) => first !== undefined && !isDone(first))) return [];
  const commits = commitsOf(facts);
  const approvals = facts.changes.filter(({ subject, type }) => subject.type === "hold" && type === "approved");
  const approvedAt = new Map(approvals.map(({ subject, id }) => [subject.id, commits.get(id)?.step ?? 0]));
  return facts.resources.flatMap((resource: Resource) =>
    (effects.get(resource.id) ?? []).flatMap(({ change: { run = "" }, step, status }) => {
      if (status !== "retired" || !run.startsWith("hld_")) return [];
      const last = settled.findLast(({ place, delivery }) => {
        return own.has(place) && isPlaceOf(facts.story, place, resource) && endOf(delivery) < step;
      });
      if ((last?.delivery.receivedAtStep ?? 0) <= (approvedAt.get(run) ?? 0)) return [];
      if (last?.look.scopes.get(last.place)?.shown.has(resource.id) !== true) return [];
      return [`${run} retired ${resource.id}, which ${last.look.run} had seen by then`];
    }),
  );
}

/** The newer run has the scope, what is unchanged is unchanged, and an approval is of what is missing. */
export function judgeLeases(facts: Facts): string[] {
  const openings = openingsOf(facts);
  const settled = settledOf(facts);
  const effects = effectsOf(facts);
  return [
    ...overtaken(facts, openings, effects),
    ...asSeen(facts, openings, settled, effects),
    ...approvedOnly(facts, settled, effects),
  ];
}
