import type { KindName } from "@cadastre/contract/kinds/names";
import type { ScopeKey } from "@cadastre/contract/scope";
import type { Share } from "./cloud.ts";
import { createRandom, type Random } from "./random.ts";
import type { Latency } from "./scheduler.ts";

/** What a collector makes of one scope: all of it, or what goes wrong. */
export type Lie = "whole" | "partial" | "denied" | "skipped" | "twice" | "unfinished";

export interface CollectorSpec {
  readonly name: string;
  /** The machine it runs on; collectors of one machine and name share a spool. */
  readonly host: number;
  /** Places of the scopes that it looks at. */
  readonly scopes: readonly number[];
  readonly skewMilliseconds: number;
  /** About how many resources a shard has; as many as the contract proposes when absent. */
  readonly shardResources?: number;
  /** What it announces: with the shortest its scopes are stale after five minutes. */
  readonly intervalSeconds?: number;
}

export type Act =
  | {
      readonly act: "edit";
      readonly scope: number;
      readonly set: readonly number[];
      readonly remove: readonly number[];
      /** What was removed and is there again, as it was. */
      readonly restore?: readonly number[];
    }
  | {
      readonly act: "run";
      readonly collector: number;
      readonly scopes: readonly number[];
      readonly lies: readonly Lie[];
    }
  | { readonly act: "annotate"; readonly nth: number; readonly field: "notes" | "owner" }
  | { readonly act: "decide"; readonly approve: boolean; readonly ifMatch: boolean; readonly hasty: boolean }
  /** What a collector reported is forgotten: what is stale, or all of it where it was revoked; as it was shown, or without a look. */
  | { readonly act: "forget"; readonly collector: number; readonly isShown: boolean; readonly stale: boolean }
  | { readonly act: "account"; readonly how: "create" | "patch" | "delete"; readonly nth: number }
  | { readonly act: "token"; readonly how: "create" | "revoke" | "use"; readonly nth: number }
  | { readonly act: "credential"; readonly how: "create" | "reveal" | "revoke"; readonly nth: number }
  /** Consumers are told, so many times with pauses. */
  | { readonly act: "tell"; readonly rounds?: number }
  /** What a consumer did not take is replayed or dropped, once there is something. */
  | { readonly act: "letter"; readonly how: "replay" | "drop"; readonly nth: number }
  | { readonly act: "job"; readonly how: "start" | "work" | "cancel" }
  | { readonly act: "trigger"; readonly collector: number }
  | { readonly act: "replace-collector"; readonly collector: number }
  | { readonly act: "foreign"; readonly collector: number }
  /** A process dies: an instance of the API, or what runs of a collector on its machine. */
  | { readonly act: "crash"; readonly who: "api" | "collector"; readonly nth: number }
  | {
      readonly act: "clock";
      readonly who: "api" | "collector";
      readonly nth: number;
      readonly skewMilliseconds: number;
    };

export type Step = Act & { readonly atMilliseconds: number };

/** What happens to one organization. */
export interface Part {
  readonly scopes: readonly ScopeKey[];
  readonly shares: readonly Share[];
  readonly collectors: readonly CollectorSpec[];
  readonly steps: readonly Step[];
  /** Scopes that nobody is let see at the end either. */
  readonly deniedAtEnd: readonly number[];
}

/** All that a story is made of. It is data, so that it can be shortened. */
export interface Story extends Part {
  readonly seed: string;
  readonly table: "dynamo" | "sqlite";
  readonly instances: number;
  readonly latency: Latency;
  readonly rates: Readonly<Record<string, number>>;
  /** Exactly these faults and no others, by their names. */
  readonly only?: readonly string[];
  /** What happens to another organization in the same time and the same table, to which the first must not exist, and the reverse. */
  readonly neighbour?: Part;
}

/** The stories of the organizations, each as if it were alone. */
export function partsOf({ neighbour, ...story }: Story): readonly Story[] {
  return neighbour === undefined ? [story] : [story, { ...story, ...neighbour }];
}

const ACCOUNTS = ["111111111111", "222222222222"] as const;
const NEIGHBOURS_ACCOUNTS = ["666666666666", "777777777777"] as const;
type Accounts = readonly [string, string];
/** An account that no collector is bound to. */
export const FOREIGN_ACCOUNT = "999999999999";
const REGIONS = ["us-east-1", "eu-west-1"];
/** The clocks of servers are kept; those of collectors can be anything. */
export const MOST_API_SKEW_MILLISECONDS = 10_000;
const MINUTE = 60_000;
/** Between the acts of a race: most of them at once, some after a stalled call or a lease has ended. */
const GAPS = [0, 5, 20, 60, 200, 1000, 25_000];
const PAUSES: Partial<Record<Act["act"], readonly number[]>> = {
  decide: [2000, 20_000],
  /** What dies does so in the middle of what came before. */
  crash: [10, 30, 50, 70, 90, 120, 160],
  /** While a collector is replaced, or once what it reported is stale. */
  forget: [20, 60, 200, 6 * MINUTE, 6 * MINUTE],
};

/** The kinds of faults with the rates that a story may give them. */
const RATES: Readonly<Record<string, readonly number[]>> = {
  "net-lost": [0.02, 0.1],
  "net-refused": [0.02, 0.1],
  "net-answer-lost": [0.03, 0.15],
  "net-double": [0.05, 0.3],
  "api-kill": [0.003, 0.01, 0.03],
  "caller-kill": [0.01, 0.05],
  "disk-kill": [0.005, 0.03],
  "disk-full": [0.01],
  "disk-short-write": [0.2],
  "power-cut": [0.5, 1],
  "table-throttle": [0.05, 0.2],
  "table-conflict": [0.03, 0.2],
  "table-fail": [0.005, 0.02],
  "table-fail-late": [0.005, 0.02],
  "table-lost-answer": [0.03, 0.15],
  "table-partial": [0.1, 0.5],
  "table-lag": [0.1, 0.5, 1],
  "vault-fail": [0.2],
};

function makeScopes(random: Random, accounts: Accounts): { scopes: ScopeKey[]; shares: Share[] } {
  const scopes: ScopeKey[] = [];
  const shares: Share[] = [];
  const add = (scope: ScopeKey) => {
    const known = scopes.findIndex((other) => JSON.stringify(other) === JSON.stringify(scope));
    return known >= 0 ? known : scopes.push(scope) - 1;
  };
  const kinds: KindName[] = ["instance", "instance", "subnet", "network"];
  const count = 1 + random.below(3);
  for (let n = 0; n < count; n++) {
    add({ provider: "aws", account: random.pick(accounts), region: random.pick(REGIONS), kind: random.pick(kinds) });
  }
  if (random.chance(0.3)) {
    const [owner, guest] = accounts;
    const from = add({ provider: "aws", account: owner, region: "us-east-1", kind: "subnet" });
    const to = add({ provider: "aws", account: guest, region: "us-east-1", kind: "subnet" });
    shares.push({ from, to });
  }
  if (random.chance(0.2)) {
    const from = add({ provider: "tls", account: "office", region: "global", kind: "certificate" });
    const to = add({ provider: "tls", account: "lab", region: "global", kind: "certificate" });
    shares.push({ from, to });
  }
  return { scopes, shares };
}

/** The shortest interval that can be announced. */
const SHORTEST_SECONDS = 10;

function makeCollectors(random: Random, scopes: number): CollectorSpec[] {
  const all = Array.from({ length: scopes }, (_, at) => at);
  const size = random.pick([undefined, undefined, 1, 2, 4, 8]);
  const cut = () => {
    const own = random.chance(0.15) ? random.pick([1, 4]) : size;
    return own === undefined ? {} : { shardResources: own };
  };
  const isOften = random.chance(0.7);
  const skew = () => (random.chance(0.3) ? Math.round((random.next() - 0.5) * 20 * MINUTE) : 0);
  const one = (name: string, host: number, of: readonly number[]): CollectorSpec => ({
    name,
    host,
    scopes: of,
    skewMilliseconds: skew(),
    ...cut(),
    ...(isOften ? { intervalSeconds: SHORTEST_SECONDS } : {}),
  });
  switch (random.weighted({ one: 3, twins: 3, split: 2, both: 2 })) {
    case "one":
      return [one("alpha", 0, all)];
    // One collector deployed twice: one key, one source, and a spool on each machine.
    case "twins":
      return [one("alpha", 0, all), one("alpha", 1, all)];
    case "split": {
      const first = all.filter((at) => at % 2 === 0);
      const second = all.filter((at) => at % 2 === 1);
      return second.length === 0 ? [one("alpha", 0, all)] : [one("alpha", 0, first), one("beta", 1, second)];
    }
    case "both":
      return [one("alpha", 0, all), one("beta", 1, random.chance(0.5) ? all : all.slice(0, 1))];
  }
}

const LIES: Readonly<Record<Lie, number>> = { whole: 12, partial: 2, denied: 2, skipped: 1, twice: 1, unfinished: 1 };

function anEdit(random: Random, scope: number, resources: number): Act {
  const set: number[] = [];
  const remove: number[] = [];
  const massive = random.chance(0.15);
  const changes = 1 + random.below(5);
  for (let n = 0; n < changes; n++) (random.chance(0.65) ? set : remove).push(random.below(resources));
  if (massive) for (let n = 0; n < resources; n++) if (random.chance(0.8)) remove.push(n);
  return { act: "edit", scope, set: set.filter((n) => !remove.includes(n)), remove: [...new Set(remove)] };
}

function aRun(random: Random, collector: number, spec: CollectorSpec): Act {
  const scopes = random.chance(0.75) ? spec.scopes : random.some(spec.scopes, 0.6);
  const some = scopes.length > 0 ? scopes : spec.scopes;
  return { act: "run", collector, scopes: some, lies: some.map(() => random.weighted(LIES)) };
}

/** What may happen, and how often beside the rest. */
const ACTS = {
  edit: 7,
  run: 9,
  annotate: 4,
  decide: 3,
  forget: 1,
  account: 1,
  token: 1,
  credential: 1,
  tell: 1.5,
  letter: 0.3,
  job: 2,
  trigger: 0.3,
  "replace-collector": 0.4,
  foreign: 0.3,
  crash: 0.5,
  clock: 0.5,
} satisfies Partial<Record<Act["act"], number>>;

/** Acts that meet each other, and how often beside the rest. */
const RACES = {
  looks: 3,
  overtaken: 3,
  undone: 3,
  approval: 3,
  grows: 2,
  forgotten: 5,
  said: 1,
  told: 2,
  letters: 1,
  jobs: 2,
};
const NO_RACES = Object.fromEntries(Object.keys(RACES).map((name) => [name, 0])) as typeof RACES;

/** How many resources each of two scopes has at most of which one sees the other's. */
const MOST_SHARED = 9;

/** What a story is about: some of what may happen, so that it happens often enough to meet itself. */
interface Theme {
  readonly acts: Readonly<Record<keyof typeof ACTS, number>>;
  /** How often a race begins, for each act, and which. */
  readonly races: number;
  readonly raced: Readonly<Record<keyof typeof RACES, number>>;
  /** How many resources a scope has at most. */
  readonly resources: number;
}

function makeTheme(random: Random): Theme {
  const share = random.pick([0.25, 0.5, 1]);
  const isAlways = (name: string) => name === "edit" || name === "run";
  const acts = Object.entries(ACTS).map(([name, weight]) => [
    name,
    isAlways(name) || random.chance(share) ? weight * random.pick([1, 1, 3]) : 0,
  ]);
  return {
    acts: Object.fromEntries(acts) as Theme["acts"],
    races: random.pick([0, 0.06, 0.15, 0.3]),
    raced: random.chance(0.5) ? RACES : { ...NO_RACES, [random.pick(Object.keys(RACES))]: 1 },
    // No more than a hold shows of what it is about, so that all of it can be judged.
    resources: random.pick([3, 6, 12, 16, 19]),
  };
}

function anAct(random: Random, theme: Theme, scopes: number, collectors: readonly CollectorSpec[]): Act {
  const collector = random.below(collectors.length);
  const nth = random.below(100);
  switch (random.weighted(theme.acts)) {
    case "edit":
      return anEdit(random, random.below(scopes), theme.resources);
    case "tell":
      return { act: "tell" };
    case "letter":
      return { act: "letter", how: random.pick(["replay", "drop"]), nth };
    case "job":
      return { act: "job", how: random.pick(["start", "work", "work", "work", "cancel"]) };
    case "run":
      return aRun(random, collector, collectors[collector] as CollectorSpec);
    case "annotate":
      return {
        act: "annotate",
        nth: random.below(3),
        field: random.chance(0.7) ? "notes" : "owner",
      };
    case "decide":
      return { act: "decide", approve: random.chance(0.7), ifMatch: random.chance(0.5), hasty: false };
    case "forget":
      return { act: "forget", collector, isShown: random.chance(0.5), stale: random.chance(0.7) };
    case "account":
      return { act: "account", how: random.pick(["create", "patch", "patch", "delete"]), nth: random.below(3) };
    case "token":
      return { act: "token", how: random.pick(["create", "create", "revoke", "use", "use"]), nth };
    case "credential":
      return { act: "credential", how: random.pick(["create", "create", "reveal", "revoke"]), nth };
    case "trigger":
      return { act: "trigger", collector };
    case "replace-collector":
      return { act: "replace-collector", collector };
    case "foreign":
      return { act: "foreign", collector };
    case "crash":
      return random.chance(0.5)
        ? { act: "crash", who: "api", nth }
        : { act: "crash", who: "collector", nth: collector };
    case "clock": {
      const who = random.chance(0.4) ? "api" : "collector";
      const most = who === "api" ? MOST_API_SKEW_MILLISECONDS : random.chance(0.3) ? 240 * MINUTE : 10 * MINUTE;
      return { act: "clock", who, nth, skewMilliseconds: Math.round((random.next() - 0.5) * 2 * most) };
    }
  }
}

/**
 * Acts that meet each other: a look is being delivered, or a decision carried out, when what it was about changes, and another
 * collector, or the same one on another machine, says so.
 */
function aRace(random: Random, theme: Theme, scopes: number, collectors: readonly CollectorSpec[]): Act[] {
  const scope = random.below(scopes);
  const whole = (collector: number): Act => {
    const { scopes: of } = collectors[collector] as CollectorSpec;
    return { act: "run", collector, scopes: of, lies: of.map(() => "whole" as const) };
  };
  const [one, other] = [random.below(collectors.length), random.below(collectors.length)];
  const some = Array.from({ length: 1 + random.below(3) }, () => random.below(Math.min(6, theme.resources)));
  const back: Act = { act: "edit", scope, set: some, remove: [] };
  const all = Array.from({ length: theme.resources }, (_, n) => n);
  const decision: Act = { act: "decide", approve: true, ifMatch: random.chance(0.5), hasty: true };
  switch (random.weighted(theme.raced)) {
    case "looks": {
      const first: Act = random.chance(0.5) ? { act: "edit", scope, set: [], remove: some } : back;
      return [first, whole(one), back, whole(other)];
    }
    // The same source looks again on another machine while what it saw before is still coming in, or being retired.
    case "overtaken": {
      const { name } = collectors[one] as CollectorSpec;
      const twin = collectors.findIndex((collector, at) => at !== one && collector.name === name);
      const there: Act = { act: "edit", scope, set: all.slice(6), remove: some };
      return [there, whole(one), back, whole(twin < 0 ? one : twin)];
    }
    // What a look saw is as it was before, when the next one comes.
    case "undone": {
      const [fresh] = some;
      const isNew = random.chance(0.5);
      const n = isNew ? theme.resources : (fresh as number);
      const there: Act = { act: "edit", scope, set: [n], remove: [] };
      const gone: Act = { act: "edit", scope, set: [], remove: [n] };
      const again: Act = { act: "edit", scope, set: [], remove: [], restore: [n] };
      const crash: Act[] = random.chance(0.5) ? [{ act: "crash", who: "collector", nth: one }] : [];
      return isNew
        ? [gone, whole(other), there, whole(one), ...crash, gone, whole(other)]
        : [gone, whole(one), ...crash, again, whole(other)];
    }
    case "approval": {
      const gone: Act = { act: "edit", scope, set: [], remove: all };
      const restored: Act = { act: "edit", scope, set: [], remove: [], restore: all };
      const crash: Act[] = random.chance(0.5) ? [{ act: "crash", who: "api", nth: random.below(3) }] : [];
      return [gone, whole(one), decision, ...crash, random.chance(0.5) ? back : restored, whole(other)];
    }
    // What waits for a decision becomes more while somebody decides.
    case "grows": {
      const most: Act = { act: "edit", scope, set: [0, 1], remove: all.slice(2) };
      const rest: Act = { act: "edit", scope, set: [], remove: all };
      return [most, whole(one), rest, decision, whole(other), decision];
    }
    // What nobody reports any more is forgotten when somebody does, or the collector is replaced.
    case "forgotten": {
      const forget = (): Act => ({
        act: "forget",
        collector: one,
        isShown: random.chance(0.5),
        stale: random.chance(0.5),
      });
      const gone: Act[] = random.chance(0.5) ? [{ act: "replace-collector", collector: one }] : [];
      const crash: Act[] = random.chance(0.3) ? [{ act: "crash", who: "api", nth: random.below(3) }] : [];
      return [back, whole(one), ...gone, forget(), whole(other), forget(), ...crash, whole(one)];
    }
    case "said": {
      const note: Act = { act: "annotate", nth: 0, field: "notes" };
      return [note, note, back, whole(one), note];
    }
    case "told":
      return [back, whole(one), { act: "tell" }, { act: "tell" }, back, whole(other), { act: "tell" }];
    // What is refused for long enough is set aside, and somebody has it told again or gives it up.
    case "letters": {
      const letter = (): Act => ({
        act: "letter",
        how: random.pick(["replay", "replay", "drop"]),
        nth: random.below(3),
      });
      return [back, whole(one), { act: "tell", rounds: 10 }, letter(), letter(), letter()];
    }
    case "jobs": {
      const work: Act = { act: "job", how: "work" };
      return [{ act: "job", how: "start" }, work, work, work];
    }
  }
}

/** Most are short: many beginnings find more than a few long ones in the same time, and what takes long to come about is there, too. */
const FEWEST_ACTS = 3;
const MORE_ACTS = { first: 17, neighbour: 7 };
/** One in so many stories has another organization in it. */
const WITH_NEIGHBOUR = 0.3;

function makePart(random: Random, accounts: Accounts, moreActs: number): Part {
  const { scopes, shares } = makeScopes(random, accounts);
  const collectors = makeCollectors(random, scopes.length);
  const drawn = makeTheme(random);
  // A scope that sees another's resources has twice as many, and one more: of a hold on all of them a sample shows 20.
  const theme = shares.length === 0 ? drawn : { ...drawn, resources: Math.min(drawn.resources, MOST_SHARED) };
  const steps: Step[] = scopes.map((_, scope) => {
    const count = random.below(theme.resources + 1);
    return { act: "edit", scope, set: Array.from({ length: count }, (_, n) => n), remove: [], atMilliseconds: 0 };
  });
  let at = 1;
  const count = FEWEST_ACTS + Math.floor(moreActs * random.next() ** 2);
  for (let n = 0; n < count; n++) {
    const gap = random.weighted({ none: 4, short: 4, long: 2, hours: 0.3 });
    at += { none: random.below(20), short: random.below(20_000), long: random.below(5 * MINUTE), hours: 90 * MINUTE }[
      gap
    ];
    steps.push({ ...anAct(random, theme, scopes.length, collectors), atMilliseconds: at });
    if (!random.chance(theme.races)) continue;
    for (const act of aRace(random, theme, scopes.length, collectors)) {
      at += random.pick(PAUSES[act.act] ?? GAPS);
      steps.push({ ...act, atMilliseconds: at });
    }
  }
  const deniedAtEnd = random.chance(0.25) ? random.some([...scopes.keys()], 0.5) : [];
  return { scopes, shares, collectors, steps, deniedAtEnd };
}

/** The story of a seed. */
export function makeStory(seed: string): Story {
  const random = createRandom(`story/${seed}`);
  const table = random.chance(0.75) ? "dynamo" : "sqlite";
  const part = makePart(random, ACCOUNTS, MORE_ACTS.first);
  const kinds = random.chance(0.15) ? [] : random.some(Object.keys(RATES), random.pick([0.15, 0.35, 0.6]));
  return {
    seed,
    table,
    instances: table === "sqlite" ? 1 : 1 + random.below(3),
    ...part,
    latency: random.pick([
      { slowRate: 0, stallRate: 0 },
      { slowRate: 0.1, stallRate: 0 },
      { slowRate: 0.05, stallRate: 0.01 },
      { slowRate: 0.2, stallRate: 0.04 },
    ]),
    rates: Object.fromEntries(kinds.map((kind) => [kind, random.pick(RATES[kind] as readonly number[])])),
    ...(random.chance(WITH_NEIGHBOUR) ? { neighbour: makePart(random, NEIGHBOURS_ACCOUNTS, MORE_ACTS.neighbour) } : {}),
  };
}
