import { scopeName } from "@cadastre/contract/scope";
import { put, remove } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { GapItem } from "../ledger/gaps.ts";
import { ScopeItem } from "./items.ts";
import { listScopes, type ScopeFilter } from "./list-scopes.ts";
import { readProblemNames, readProblems } from "./problem-scopes.ts";
import { ACCOUNT, aRun, KEY, REPORTER, type Sight } from "./testing.ts";

const DAY = 86_400;
const OTHER = { ...REPORTER, id: "col_2", name: "t" };
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const at = (n: number, more: Partial<Sight> = {}): Sight => ({ region: `r-${n}`, has: [n], ...more });
const failed = (n: number): Sight => ({
  region: `r-${n}`,
  status: "failed",
  errors: [{ code: "denied", message: "no" }],
});
const nameOf = (n: number, account = ACCOUNT) => scopeName({ ...KEY, account, region: `r-${n}` });

async function reported(...sights: Sight[]): Promise<TestContext> {
  const context = aContext();
  await aRun(sights).deliver(context);
  return context;
}

/** The scopes on each page, as `source/region`. */
async function pages(context: Context, filter: ScopeFilter = {}, limit = 100): Promise<string[][]> {
  const all: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await listScopes(context, { limit, cursor, ...filter });
    all.push(page.items.map(({ source, region }) => `${source}/${region}`));
    cursor = page.cursor;
    if (all.length > 50) throw new Error("the list has no end");
  } while (cursor !== undefined);
  return all;
}
const stateOf = async (context: Context, region: string) =>
  (await listScopes(context, { limit: 100, region })).items[0];

describe("the state of a scope", () => {
  it("is what the last runs said of it", async () => {
    const context = await reported(at(1, { has: [1, 2] }), failed(2));
    const lastChangeAt = context.now().toISOString();
    context.advance(100);
    await aRun([at(1, { has: [1, 2] }), failed(2)]).open(context);
    const lastRunAt = context.now().toISOString();
    context.advance(50);
    const common = { source: "s", ...KEY, generation: 1, lastRunAt, missing: 0, stale: false, intervalSeconds: 900 };
    expect(await stateOf(context, "r-1")).toEqual({
      ...common,
      region: "r-1",
      status: "complete",
      errors: [],
      resources: 2,
      lastSuccessAt: lastRunAt,
      ageSeconds: 50,
      lastChangeAt,
    });
    expect(await stateOf(context, "r-2")).toEqual({
      ...common,
      region: "r-2",
      status: "failed",
      errors: [{ code: "denied", message: "no" }],
      resources: 0,
    });
  });

  it("has no age below none, whatever the clock says, and no interval before it was reported twice", async () => {
    const context = await reported(at(1));
    context.advance(-60);
    const state = await stateOf(context, "r-1");
    expect(state).toMatchObject({ ageSeconds: 0 });
    expect(state).not.toHaveProperty("intervalSeconds");
  });

  it("has the losses that wait for an operator", async () => {
    const context = await reported(at(1, { has: range(0, 20) }));
    await aRun([at(1, { has: range(0, 5) })]).deliver(context);
    expect(await stateOf(context, "r-1")).toMatchObject({ missing: 15, hold: expect.stringContaining("hld_") });
  });

  it("was last looked at when the newer of its set and its own last run was", async () => {
    const context = await reported(at(1), at(2));
    context.advance(3600);
    const run = aRun([at(1, { changed: [1] }), at(2)]);
    await run.send(context);
    const opened = context.now().toISOString();
    context.advance(60);
    await run.complete(context);
    expect(await stateOf(context, "r-1")).toMatchObject({ lastRunAt: context.now().toISOString() });
    expect(await stateOf(context, "r-2")).toMatchObject({ lastRunAt: opened });
  });

  it("is none before a run was completed for it, nor where the scope itself is not there", async () => {
    const context = aContext();
    await aRun([at(1)]).send(context);
    expect(await pages(context)).toEqual([[]]);
    const gone = await reported(at(1), at(2));
    await gone.table.commit([remove(ScopeItem, { source: "s", name: nameOf(1) })]);
    expect(await pages(gone)).toEqual([["s/r-2"]]);
  });
});

describe("the list of scopes", () => {
  it("has those with a problem first, then the others, each once on pages of any size", async () => {
    const context = await reported(at(1), failed(2), at(3), failed(4), at(5, { status: "partial" }));
    await aRun([at(0), failed(9)], { reporter: OTHER }).deliver(context);
    const all = ["s/r-2", "s/r-4", "s/r-5", "t/r-9", "s/r-1", "s/r-3", "t/r-0"];
    for (const limit of [1, 2, 3, 4, 5, 6, 7, 8])
      expect((await pages(context, {}, limit)).flat(), `${limit}`).toEqual(all);
    expect(await pages(context, {}, 7)).toEqual([all]);
    expect(await pages(context, {}, 5)).toEqual([all.slice(0, 5), all.slice(5)]);
    expect(await pages(context, { source: "t" }, 1)).toEqual([["t/r-9"], ["t/r-0"]]);
    expect((await pages(context, { problems: false }, 2)).flat()).toEqual(all.slice(4));
    expect((await pages(context, { problems: true }, 2)).flat()).toEqual(all.slice(0, 4));
    expect((await pages(context, { status: "failed", source: "s" })).flat()).toEqual(["s/r-2", "s/r-4"]);
    expect((await pages(context, { status: "complete" }, 1)).flat()).toEqual(all.slice(4));
    expect((await pages(context, { region: "r-4" })).flat()).toEqual(["s/r-4"]);
    expect((await pages(context, { account: "2" })).flat()).toEqual([]);
    expect((await pages(context, { provider: "gcp" })).flat()).toEqual([]);
    expect((await pages(context, { kind: "subnet" })).flat()).toEqual([]);
  });

  it("has the same region of two sources after each other, and goes on between them", async () => {
    const context = await reported(at(1), at(2));
    await aRun([at(1), at(2)], { reporter: OTHER }).deliver(context);
    expect((await pages(context, {}, 1)).flat()).toEqual(["s/r-1", "s/r-2", "t/r-1", "t/r-2"]);
  });

  it("has a stale one among the problems only once that was told, and finds it at once as it is", async () => {
    const context = await reported(at(1), failed(2));
    context.advance(DAY + 1);
    expect((await pages(context, { stale: true }, 1)).flat()).toEqual(["s/r-2", "s/r-1"]);
    expect((await pages(context, { problems: true }, 1)).flat()).toEqual(["s/r-2", "s/r-1"]);
    expect((await pages(context, { stale: false })).flat()).toEqual([]);
  });

  it("has one whose losses wait among the problems, and one that was a problem and is none any more among the others", async () => {
    const context = await reported(at(1, { has: range(0, 20) }), failed(2));
    await aRun([at(1, { has: range(0, 5) }), at(2)]).deliver(context);
    expect((await pages(context, { problems: true })).flat()).toEqual(["s/r-1"]);
    expect((await pages(context, { problems: false })).flat()).toEqual(["s/r-2"]);
    await context.table.commit([remove(GapItem, { source: "s", name: nameOf(1), cause: "held" })]);
    expect((await pages(context, { problems: true })).flat()).toEqual([]);
  });

  it("keeps its order of when it was begun: what has a problem since is among the others, too", async () => {
    const context = await reported(failed(1), at(2), at(3));
    const first = await listScopes(context, { limit: 1 });
    context.advance(60);
    await aRun([failed(1), failed(2), at(3)]).deliver(context);
    const rest = await listScopes(context, { limit: 10, cursor: first.cursor });
    expect(rest.items.map(({ region }) => region)).toEqual(["r-2", "r-3"]);
  });

  it("goes on with the problems where a page ends among them, whatever it has found so far", async () => {
    const context = await reported(at(1), { ...failed(2), region: "z" });
    const gaps = range(0, 2600).map((n): GapItem => {
      const name = scopeName({ ...KEY, region: `a-${n}`, kind: "subnet" });
      return { source: "s", name, cause: "failed", since: "2026-01-01T00:00:00.000Z" };
    });
    await context.table.load(gaps.map((gap) => put(GapItem, gap)));
    expect(await pages(context, { kind: "network" }, 10)).toEqual([[], ["s/z", "s/r-1"]]);
  });

  it("has cursors of its own filters alone", async () => {
    const context = await reported(at(1), at(2));
    const { cursor } = await listScopes(context, { limit: 1 });
    await expect(listScopes(context, { limit: 1, cursor, status: "complete" })).rejects.toMatchObject({
      code: "cursor.invalid",
    });
  });

  it("shows who is limited to accounts what is theirs, and tells nothing of what is not", async () => {
    const context = await reported(at(1), failed(2), at(3, { account: "444455556666" }), {
      ...failed(4),
      account: "444455556666",
    });
    const limited: Context = { ...context, restriction: { accounts: [`aws/${ACCOUNT}`] } };
    expect((await pages(limited, {}, 1)).flat()).toEqual(["s/r-2", "s/r-1"]);
    const gaps = range(0, 2500).map((n): GapItem => {
      return { source: "secret", name: nameOf(n, "444455556666"), cause: "failed", since: "2026-01-01T00:00:00.000Z" };
    });
    await context.table.load(gaps.map((gap) => put(GapItem, gap)));
    expect(await listScopes(limited, { limit: 10, account: "444455556666" })).toEqual({ items: [] });
  });
});

describe("scopes with a problem", () => {
  const SINCE = "2026-01-01T00:00:00.000Z";
  const gap = (n: number, more: Partial<GapItem> = {}): GapItem => ({
    source: "s",
    name: nameOf(n),
    cause: "failed",
    since: SINCE,
    ...more,
  });
  async function having(...gaps: GapItem[]): Promise<Context> {
    const context = aContext();
    await context.table.load(gaps.map((one) => put(GapItem, one)));
    return context;
  }
  const four = (from: number, to: number) => range(from, to).map((n) => gap(n + 1000));
  const regionsOf = (problems: readonly { name: string }[]) => problems.map(({ name }) => name.split("/")[2]);

  it("are each once, whatever is noted of it, and held where any of it is", async () => {
    const context = await having(gap(1), gap(1, { cause: "held" }), gap(1, { cause: "stale" }), gap(2));
    const { problems, next } = await readProblems(context, { at: SINCE }, { after: undefined, limit: 10 });
    expect(problems).toEqual([
      { source: "s", name: nameOf(1), isHeld: true },
      { source: "s", name: nameOf(2), isHeld: false },
    ]);
    expect(next).toBeUndefined();
  });

  it("are those of a place, of a source, and of a time", async () => {
    const context = await having(gap(1), gap(2, { source: "t" }), gap(3, { since: "2026-01-01T00:00:00.001Z" }));
    const of = async (asked: Partial<Parameters<typeof readProblems>[1]>) =>
      regionsOf((await readProblems(context, { at: SINCE, ...asked }, { after: undefined, limit: 10 })).problems);
    expect(await of({})).toEqual(["r-1", "r-2"]);
    expect(await of({ source: "t" })).toEqual(["r-2"]);
    expect(await of({ region: "r-1" })).toEqual(["r-1"]);
    expect(await of({ region: "r-1", source: undefined, kind: undefined })).toEqual(["r-1"]);
    expect(await of({ kind: "subnet" })).toEqual([]);
    expect(await of({ at: "2026-02-01T00:00:00.000Z" })).toEqual(["r-1", "r-2", "r-3"]);
    expect(await readProblemNames(context, SINCE)).toEqual(new Set([`s\n${nameOf(1)}`, `t\n${nameOf(2)}`]));
  });

  it("are read strongly, and all of them however many pages they take", async () => {
    const context = withEmptyReplica(await having(...four(0, 3)));
    const { table } = context;
    const query: typeof table.query = (entity, of) => table.query(entity, { ...of, limit: 1 });
    const small = { ...context, table: { ...table, query } };
    expect((await readProblemNames(small, SINCE)).size).toBe(3);
    expect((await readProblems(context, { at: SINCE }, { after: undefined, limit: 10 })).problems).toHaveLength(3);
  });

  it("go on after one, by name and source", async () => {
    const context = await having(gap(1), gap(1, { source: "t" }), gap(2));
    const after = async (source: string, n: number) =>
      (await readProblems(context, { at: SINCE }, { after: { source, name: nameOf(n) }, limit: 10 })).problems.map(
        ({ source: of, name }) => `${of}/${name.split("/")[2]}`,
      );
    expect(await after("s", 1)).toEqual(["t/r-1", "s/r-2"]);
    expect(await after("t", 1)).toEqual(["s/r-2"]);
    expect(await after("s", 2)).toEqual([]);
  });

  it("are some more than were asked for, with where to go on, and never half of what is noted of one", async () => {
    const gaps = four(0, 199);
    // The last place of the table's page is the first of two items of one scope.
    const context = await having(...gaps, gap(1999, { cause: "failed" }), gap(1999, { cause: "held" }), gap(2500));
    const first = await readProblems(context, { at: SINCE }, { after: undefined, limit: 5 });
    expect(regionsOf(first.problems)).toHaveLength(199);
    expect(first.next).toMatchObject({ name: nameOf(1198) });
    const rest = await readProblems(context, { at: SINCE }, { after: first.next, limit: 5 });
    expect(rest.problems).toEqual([
      { source: "s", name: nameOf(1999), isHeld: true },
      { source: "s", name: nameOf(2500), isHeld: false },
    ]);
    expect(rest.next).toBeUndefined();
  });

  it("are looked for among 2,000 at the most", async () => {
    const context = await having(...four(0, 2600));
    const first = await readProblems(context, { at: SINCE, kind: "subnet" }, { after: undefined, limit: 5 });
    expect(first.problems).toEqual([]);
    expect(first.next).toBeDefined();
    const rest = await readProblems(context, { at: SINCE, kind: "subnet" }, { after: first.next, limit: 5 });
    expect(rest).toEqual({ problems: [], next: undefined });
  });

  it("of several accounts are in the order of their names, and go on from one to the next", async () => {
    const gaps = [gap(1, { name: nameOf(1, "1") }), gap(2, { name: nameOf(2, "2") }), gap(3, { name: nameOf(3, "3") })];
    const context: Context = { ...(await having(...gaps)), restriction: { accounts: ["aws/3", "aws/1"] } };
    const first = await readProblems(context, { at: SINCE }, { after: undefined, limit: 1 });
    expect(regionsOf(first.problems)).toEqual(["r-1"]);
    expect(first.next).toMatchObject({ name: nameOf(1, "1") });
    const rest = await readProblems(context, { at: SINCE }, { after: first.next, limit: 1 });
    expect(rest).toMatchObject({ problems: [{ name: nameOf(3, "3") }], next: undefined });
    const others = four(0, 2600).map((one, n) => put(GapItem, { ...one, name: nameOf(n, "0") }));
    await context.table.load(others);
    expect((await readProblems(context, { at: SINCE }, { after: undefined, limit: 1 })).next).toEqual(first.next);
  });
});
