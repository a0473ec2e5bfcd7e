import { ConflictError } from "@cadastre/store/errors";
import { check, put, type Query, type Write } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { listChanges } from "../feed/list-changes.ts";
import type { StepResult } from "../jobs/define.ts";
import { pageOf } from "../ledger/entry.ts";
import { GapItem } from "../ledger/gaps.ts";
import { LedgerPageItem, SetItem, SourceItem, STALE, StaleItem } from "../ledger/items.ts";
import { firstOf } from "../ledger/write.ts";
import { staleScopes } from "./stale-scopes.ts";
import { ACCOUNT, aRun, REPORTER, type Sight } from "./testing.ts";

const DAY = 86_400;
const LEDGER = { partition: `ledger#${REPORTER.name}` };
const GUARD = check(SourceItem, { source: REPORTER.name }, "present");

interface Walk {
  readonly source: string;
  readonly pages: readonly number[];
  readonly sets: Readonly<Record<string, number>>;
}
interface State {
  readonly after?: string;
  readonly walk?: Walk;
  readonly marked: number;
  readonly returned: number;
}
const INITIAL = staleScopes.initial as State;

const regions = (count: number, of: Omit<Sight, "region"> = {}): Sight[] =>
  Array.from({ length: count }, (_, n) => ({ ...of, region: `us-east-${n}` }));

/** A source that reported so many scopes once, and then nothing for more than a day. */
async function silent(count: number): Promise<TestContext> {
  const context = aContext();
  await aRun(regions(count)).deliver(context);
  context.advance(DAY + 1);
  return context;
}

/** So many scopes that are on one page of the ledger. */
function onPage(page: number, count: number, prefix = "r"): Sight[] {
  const sights: Sight[] = [];
  for (let n = 0; sights.length < count; n++) {
    const region = `${prefix}-${n}`;
    if (pageOf(`aws/${ACCOUNT}/${region}/network`) === page) sights.push({ region });
  }
  return sights;
}

async function step(context: Context, state: State = INITIAL, guard: Write = GUARD) {
  return (await staleScopes.advance(context, { id: "job_1", state, guard })) as StepResult<State>;
}

/** Takes steps until the job is done, or until it stands as is asked for. */
async function stepUntil(
  context: Context,
  isThere: (state: State) => boolean = () => false,
  from = INITIAL,
): Promise<State> {
  for (let state = from; ; ) {
    const { state: next, done } = await step(context, state);
    if (done || isThere(next)) return next;
    state = next;
  }
}

const marksOf = async (context: Context) =>
  (await context.table.query(StaleItem, { ...LEDGER, sort: { beginsWith: STALE } })).items;
const setsOf = async (context: Context) =>
  (await context.table.query(SetItem, { ...LEDGER, sort: { beginsWith: "set#" } })).items;
const told = async (context: Context) =>
  (await listChanges(context, { limit: 1000, order: "oldest" })).items
    .filter(({ subject }) => subject.type === "scope")
    .map(({ subject, type }) => `${subject.id} ${type}`);

/** The context, with commits and queries in another's hands. */
function watching(
  context: Context,
  { commit, query }: { commit?: (writes: readonly Write[]) => unknown; query?: (type: string, of: Query) => unknown },
): Context {
  const { table } = context;
  return {
    ...context,
    table: {
      ...table,
      commit: async (writes) => {
        await commit?.(writes);
        return table.commit(writes);
      },
      query: async (entity, of) => {
        await query?.(entity.type, of);
        return table.query(entity, of);
      },
    },
  };
}

describe("sources of which all is as it was told", () => {
  it("are 20 in a step, each of them once", async () => {
    const context = aContext();
    const names = Array.from({ length: 45 }, (_, n) => `s${String(n).padStart(2, "0")}`);
    await context.table.commit(names.map((name) => firstOf(context, name)));
    const looked: string[] = [];
    const watched = watching(context, {
      query: (type, { partition }) => type === "scope-set" && looked.push(partition),
    });
    const steps: StepResult<State>[] = [];
    do steps.push(await step(watched, steps.at(-1)?.state));
    while (!steps.at(-1)?.done);
    expect(steps.map(({ state, done }) => [state.after, done])).toEqual([
      ["s19", false],
      ["s39", false],
      ["s44", true],
    ]);
    expect(looked).toEqual(names.map((name) => `ledger#${name}`));
    expect(steps.at(-1)?.progress).toEqual({ done: 0, unit: "scopes", message: "0 stale, 0 reported again" });
  });

  it("are none where none ever reported", async () => {
    expect(await step(aContext())).toMatchObject({ state: { marked: 0, returned: 0 }, done: true });
  });
});

describe("a source that was silent for too long", () => {
  it("is walked 16 pages in a step, then noted as marked whole, and it goes on with the next source", async () => {
    const context = await silent(60);
    await context.table.commit([firstOf(context, "z")]);
    const first = await step(context);
    const [set] = await setsOf(context);
    const pages = first.state.walk?.pages ?? [];
    expect(pages.length).toBeGreaterThan(32);
    expect(first.state).toEqual({ ...INITIAL, walk: { source: "s", pages, sets: { [set?.set ?? ""]: set?.version } } });
    const second = await step(context, first.state);
    expect(second.state.walk).toEqual({ ...first.state.walk, pages: pages.slice(16) });
    const marked = await marksOf(context);
    expect(new Set(marked.map(({ page }) => page))).toEqual(new Set(pages.slice(0, 16)));
    expect(second).toMatchObject({ done: false, state: { marked: marked.length, returned: 0 } });
    const walked = await stepUntil(context, ({ walk }) => walk?.pages.length === 0, second.state);
    expect(walked.marked).toBe(60);
    expect((await setsOf(context))[0]).not.toHaveProperty("marked");
    const noted = await step(context, walked);
    expect(noted).toMatchObject({
      done: false,
      progress: { done: 60, unit: "scopes", message: "60 stale, 0 reported again" },
    });
    expect(noted.state).toEqual({ after: "s", marked: 60, returned: 0 });
    expect((await setsOf(context))[0]).toMatchObject({ marked: true, at: set?.at });
    expect(await step(context, noted.state)).toMatchObject({ done: true, state: { after: "z", marked: 60 } });
  });

  it("has a mark, a gap and an event of each scope, at one time", async () => {
    const context = await silent(1);
    const name = "aws/111122223333/us-east-0/network";
    await stepUntil(context);
    const at = context.now().toISOString();
    expect(await marksOf(context)).toMatchObject([{ source: "s", name, markedAt: at }]);
    expect((await context.table.query(GapItem, { partition: "gaps" })).items).toMatchObject([
      { source: "s", name, cause: "stale", since: at },
    ]);
    expect((await listChanges(context, { limit: 1, order: "newest" })).items).toMatchObject([
      {
        type: "stale",
        at,
        actor: "system",
        subject: { key: `s/${name}` },
        changes: [{ path: "stale", before: false, after: true }],
      },
    ]);
  });

  it("is marked by 24 scopes in a commit, each beside what it rests on: the runner's lease and the set as it was read", async () => {
    const context = aContext();
    await aRun(onPage(7, 60)).deliver(context);
    context.advance(DAY + 1);
    const commits: (readonly Write[])[] = [];
    const watched = watching(context, { commit: (writes) => commits.push(writes) });
    const { state } = await step(watched);
    const [set] = await setsOf(context);
    expect(state.walk?.pages).toEqual([7]);
    await step(watched, state);
    const counted = commits.map((writes) => writes.filter(({ entity }) => entity === StaleItem).length);
    expect(counted).toEqual([24, 24, 12]);
    for (const writes of commits)
      expect(writes.slice(0, 2)).toEqual([
        GUARD,
        check(SetItem, { source: "s", set: set?.set ?? "" }, set?.version ?? 0),
      ]);
    expect(await marksOf(context)).toHaveLength(60);
  });

  it("is looked through no further in a step once 300 scopes are marked or back", async () => {
    const context = aContext();
    const known = onPage(1, 150);
    await aRun(known).deliver(context);
    context.advance(DAY + 1);
    await stepUntil(context);
    const others = [onPage(1, 150, "s"), onPage(2, 1), onPage(3, 1)];
    for (const some of others) await aRun(some).deliver(context);
    context.advance(DAY + 1);
    await aRun(known).open(context);
    const { state } = await step(context);
    expect(state.walk?.pages).toEqual([1, 2, 3]);
    const next = await step(context, state);
    expect(next.state).toMatchObject({ marked: 150, returned: 150, walk: { pages: [2, 3] } });
    expect(next.progress).toMatchObject({ done: 300, message: "150 stale, 150 reported again" });
  });

  it("is not noted as marked whole while one of its scopes is not stale yet, since a run on it took long", async () => {
    const context = aContext();
    const sights = regions(2, { has: [1] });
    await aRun(sights).deliver(context);
    const run = aRun([{ ...sights[0], changed: [1] }, sights[1] as Sight]);
    await run.send(context);
    context.advance(DAY / 2);
    await run.complete(context);
    context.advance(DAY / 2 + 1);
    const { state } = await step(context);
    expect(Object.keys(state.walk?.sets ?? {})).toHaveLength(1);
    const walked = await stepUntil(context, ({ walk }) => walk?.pages.length === 0, state);
    expect([walked.marked, walked.walk?.sets]).toEqual([1, {}]);
  });

  it("costs its sets alone once it is marked whole", async () => {
    const context = await silent(2);
    await stepUntil(context);
    const read: string[] = [];
    await step(watching(context, { query: (type) => read.push(type) }));
    expect(read).toEqual(["source", "scope-set"]);
  });

  it("is not marked by who has lost the lease, and not noted as marked", async () => {
    const context = await silent(2);
    const { state } = await step(context);
    const gone = check(SourceItem, { source: "other" }, "present");
    const walked = await step(context, state, gone);
    expect(walked.state).toEqual({ walk: { source: "s", pages: [], sets: {} }, marked: 0, returned: 0 });
    expect(await marksOf(context)).toEqual([]);
    await step(context, { ...state, walk: { ...(state.walk as Walk), pages: [] } }, gone);
    expect((await setsOf(context))[0]).not.toHaveProperty("marked");
  });

  it("is marked by what its ledger says, not by what a replica has heard of it", async () => {
    const context = await silent(1);
    const { state } = await step(context);
    const { table } = context;
    const getMany: typeof table.getMany = (entity, keys, how) =>
      entity.type === LedgerPageItem.type
        ? withEmptyReplica(context).table.getMany(entity, keys, how)
        : table.getMany(entity, keys, how);
    await step({ ...context, table: { ...table, getMany } }, state);
    expect(await marksOf(context)).toHaveLength(1);
  });

  it("is not noted as marked whole when it was reported since it was walked", async () => {
    const context = await silent(2);
    const walked = await stepUntil(context, ({ walk }) => walk?.pages.length === 0);
    await aRun(regions(2)).open(context);
    await step(context, walked);
    expect((await setsOf(context))[0]).not.toHaveProperty("marked");
    expect(await told(context)).toHaveLength(2);
  });

  it("is not noted as marked whole when another set came in its place", async () => {
    const context = await silent(2);
    const walked = await stepUntil(context, ({ walk }) => walk?.pages.length === 0);
    const none = { ...walked, walk: { source: "s", pages: [], sets: { gone: 1 } } };
    expect(await step(context, none)).toMatchObject({ state: { after: "s" }, done: false });
  });

  it("fails with what the table fails with", async () => {
    const context = await silent(1);
    const { state } = await step(context);
    const broken = watching(context, { commit: () => Promise.reject(new Error("no table")) });
    await expect(step(broken, state)).rejects.toThrow("no table");
    const busy = watching(context, { commit: () => Promise.reject(new ConflictError([{ index: 0, reason: "busy" }])) });
    expect((await step(busy, state)).state.walk?.sets).toEqual({});
  });

  it("has marks of any number, also where they are read on several pages", async () => {
    const context = await silent(5);
    await stepUntil(context);
    await aRun(regions(5)).open(context);
    const { table } = context;
    const query: typeof table.query = (entity, of) =>
      table.query(entity, entity.type === StaleItem.type ? { ...of, limit: 1 } : of);
    const last = await stepUntil({ ...context, table: { ...table, query } });
    expect(last).toMatchObject({ marked: 0, returned: 5 });
    expect(await marksOf(context)).toEqual([]);
  });
});

describe("a scope that is reported again", () => {
  it("has no mark and no gap any more, is told a millisecond after it was marked at the earliest, and is counted", async () => {
    const context = await silent(1);
    await stepUntil(context);
    const markedAt = context.now().getTime();
    await aRun(regions(1)).open(context);
    context.advance(-60);
    const last = await stepUntil(context);
    expect(last).toMatchObject({ marked: 0, returned: 1 });
    expect((await context.table.query(GapItem, { partition: "gaps" })).items).toEqual([]);
    expect((await listChanges(context, { limit: 1, order: "newest" })).items).toMatchObject([
      { type: "complete", at: new Date(markedAt + 1).toISOString(), changes: [{ before: true, after: false }] },
    ]);
  });

  it("is told at the time of who looks, where that is later", async () => {
    const context = await silent(1);
    await stepUntil(context);
    await aRun(regions(1)).open(context);
    context.advance(600);
    const at = context.now().toISOString();
    await stepUntil(context);
    expect((await listChanges(context, { limit: 1, order: "newest" })).items).toMatchObject([{ type: "complete", at }]);
  });

  it("keeps when it was marked while it only is in another set, which is as silent; nothing is told", async () => {
    const context = await silent(2);
    await stepUntil(context);
    const [before] = await marksOf(context);
    const other = { source: "s", set: "0123456789abcdef", at: 0, digests: new Uint8Array() };
    await context.table.commit([put(SetItem, other), put(StaleItem, { ...(before as StaleItem), set: other.set })]);
    const events = await told(context);
    const last = await stepUntil(context);
    expect(last).toMatchObject({ marked: 0, returned: 0 });
    expect((await marksOf(context))[0]).toMatchObject({ set: before?.set, markedAt: before?.markedAt });
    expect(await told(context)).toEqual(events);
  });
});
