import type { ChangeEntry } from "@cadastre/contract/changes";
import type { Facts } from "../facts.ts";
import { placeOf } from "./commits.ts";
import { completionsOf, endOf, isDone, nameOf, openingsOf, settledOf } from "./runs.ts";

/** A scope's status was told to be another from a run on. */
interface Turn {
  readonly run: string | undefined;
  readonly before: string | undefined;
  /** Nothing when the scope was forgotten. */
  readonly after: string | undefined;
  readonly isForgotten: boolean;
}

/** The scope's number of the turn: its generation. */
const numberOf = (change: ChangeEntry) => Number(placeOf(change).split("#")[1]?.slice(1));

function turnsOf(changes: readonly ChangeEntry[]): Turn[] {
  return changes
    .filter((one) => one.type === "forgotten" || one.changes.some(({ path }) => path === "status"))
    .sort((a, b) => numberOf(a) - numberOf(b))
    .map(({ run, type, changes: of }) => {
      const { before, after } = of.find(({ path }) => path === "status") ?? {};
      return {
        run,
        before: before as string | undefined,
        after: after as string | undefined,
        isForgotten: type === "forgotten",
      };
    });
}

/** The turns that the scope took by its runs as they were settled; nothing when that is not known for certain. */
function expectedOf(facts: Facts, source: string, place: number): Turn[] | undefined {
  const completions = [...completionsOf(facts)].filter(([run]) => {
    const look = facts.looks.get(run);
    return look?.source === source && look.scopes.has(place);
  });
  if (completions.some(([, [first]]) => first === undefined || !isDone(first))) return undefined;
  const settled = settledOf(facts).filter((one) => one.place === place && one.look.source === source);
  // A run that was overtaken while it was completed may have told a turn before, and is not answered with it.
  const isOvertaken = openingsOf(facts).some(({ look, place: at, verdict }) => {
    if (at !== place || look.source !== source || verdict === "unchanged" || verdict === "reshard") return false;
    return completions.some(([run]) => run === look.run) && !settled.some((one) => one.look === look);
  });
  if (isOvertaken) return undefined;
  const overlap = settled.some(({ delivery }, at) => {
    const next = settled[at + 1];
    return next !== undefined && next.delivery.receivedAtStep < endOf(delivery);
  });
  if (overlap) return undefined;
  const turns: Turn[] = [];
  let status: string | undefined;
  for (const { look } of settled) {
    const after = look.scopes.get(place)?.status;
    if (after !== status && !(status === undefined && after === "complete")) {
      turns.push({ run: look.run, before: status, after, isForgotten: false });
    }
    status = after;
  }
  return turns;
}

const textOf = (turns: readonly Turn[]) =>
  turns.map(({ run, before, after }) => `${run}: ${before} to ${after}`).join();

/** Each turn of a scope's status is told once, goes on from the one before it, and the last one is what the scope says. */
function inOrder(facts: Facts, id: string, changes: readonly ChangeEntry[]): string[] {
  const { story, states, looks } = facts;
  const place = [...story.scopes.keys()].find((at) => id.endsWith(`/${nameOf(story, at)}`));
  if (place === undefined) return [`the feed tells of ${id}, which nobody looks at`];
  const source = id.slice(0, -nameOf(story, place).length - 1);
  const turns = turnsOf(changes);
  const told = textOf(turns);
  let status: string | undefined = turns[0]?.before ?? "complete";
  for (const { run, before, after, isForgotten } of turns) {
    if (isForgotten) {
      // It begins anew; that it is complete then is not told.
      status = "complete";
      continue;
    }
    if (before !== undefined && before !== status) return [`the turns of ${id} do not follow each other: ${told}`];
    if (after === before) return [`the feed tells a turn of ${id} that is none: ${told}`];
    if (looks.get(run ?? "")?.scopes.get(place)?.status !== after) return [`${run} did not see ${id} as ${after}`];
    status = after;
  }
  const key = story.scopes[place];
  const state = states.find((one) => {
    return one.source === source && Object.entries(key ?? {}).every(([name, value]) => one[name as never] === value);
  });
  if (state !== undefined && state.status !== status) return [`${id} is ${state.status}, and the feed tells ${told}`];
  // What was forgotten between two runs does not follow from the runs.
  if (turns.some((one) => one.isForgotten)) return [];
  const expected = expectedOf(facts, source, place);
  if (expected === undefined || textOf(expected) === told) return [];
  return [`${id} turned as ${textOf(expected) || "never"}, and the feed tells ${told || "nothing"}`];
}

/** That a scope is stale and that it is not any more is told in turns, which begin anew when it is forgotten. */
function alternating(id: string, changes: readonly ChangeEntry[]): string[] {
  let isStale = false;
  for (const { type, changes: of } of changes) {
    if (type === "forgotten") isStale = false;
    const told = of.find(({ path }) => path === "stale");
    if (told === undefined) continue;
    if (told.before !== isStale || told.after === isStale)
      return [`the feed tells that ${id} is ${isStale} stale, twice`];
    isStale = told.after === true;
  }
  return [];
}

/** How scopes turned: told once each, in their order, as runs found them. */
export function judgeTurns(facts: Facts): string[] {
  const ofScopes = facts.changes.filter(({ subject }) => subject.type === "scope");
  const byId = Map.groupBy(ofScopes, ({ subject }) => subject.id);
  const silent = facts.states.map(({ source, provider, account, region, kind }) => {
    return `${source}/${provider}/${account}/${region}/${kind}`;
  });
  return [...new Set([...byId.keys(), ...silent])].flatMap((id) => {
    const changes = byId.get(id) ?? [];
    return [...inOrder(facts, id, changes), ...alternating(id, changes)];
  });
}
