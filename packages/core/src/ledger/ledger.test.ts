import { describe, expect, it } from "vitest";
import { aContext, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { readCompared } from "./compare.ts";
import type { OwnSet } from "./edit.ts";
import { BLANK, blankEntry, type Edit, LEDGER_PAGES, pageOf, setOf, settleEntry } from "./entry.ts";
import { SetItem } from "./items.ts";
import {
  lastReportAt,
  readCompleteTimes,
  readPages,
  readScopeStates,
  readScopesOf,
  readSets,
  readSources,
} from "./read.ts";
import { editLedger, firstOf, readSource } from "./write.ts";

const SET = setOf(["a", "b"]);
const nameOf = (n: number, account = "111122223333") => `aws/${account}/region-${n}/instance`;
const digestOf = (n: number) => n.toString(16).padStart(32, "0");
const own = (at: number, isReported = false, set = SET): OwnSet => ({ set, at, isReported });

/** Makes edits as a run does: what is answered is committed by the caller. */
async function edit(context: Context, source: string, edits: ReadonlyMap<string, Edit>, of: OwnSet): Promise<void> {
  await context.table.commit(await editLedger(context, source, edits, of));
}

/** Scopes of a source that were opened and settled at a time. */
async function settled(context: Context, source: string, names: readonly string[], at: number, set = SET) {
  const blank = names.map((name): [string, Edit] => [name, blankEntry({ name, set, generation: 1 })]);
  await edit(context, source, new Map(blank), own(at, true, set));
  const done = names.map((name): [string, Edit] => {
    return [name, settleEntry({ digest: digestOf(7), generation: 1, set, status: "complete", at })];
  });
  await edit(context, source, new Map(done), own(at, false, set));
  if (!(await readSource(context, source))) await context.table.commit([firstOf(context, source)]);
}

/** A context whose queries come in pages of one item, as those of a large source come in pages of a megabyte. */
function inSmallPages(context: TestContext): TestContext {
  const query: typeof context.table.query = (entity, of) => context.table.query(entity, { ...of, limit: 1 });
  return { ...context, table: { ...context.table, query } };
}

/** A context whose replica has heard of no set yet. */
function withoutSets(context: TestContext): TestContext {
  const { table } = context;
  const getMany: typeof table.getMany = async (entity, keys, how) =>
    entity.type === SetItem.type ? keys.map(() => undefined) : table.getMany(entity, keys, how);
  const query: typeof table.query = async (entity, of) => {
    const page = await table.query(entity, of);
    return entity.type === SetItem.type ? { items: [] } : page;
  };
  return { ...context, table: { ...table, getMany, query } };
}

const iso = (at: number) => new Date(at).toISOString();
async function all<T>(of: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of of) found.push(one);
  return found;
}

describe("edits of more scopes than one commit takes", () => {
  const names = Array.from({ length: 2000 }, (_, n) => nameOf(n));
  const blank = new Map(names.map((name): [string, Edit] => [name, blankEntry({ name, set: SET, generation: 1 })]));

  it("are committed a part at a time, each whole in itself; the last part is the caller's, and with it the report", async () => {
    const context = aContext();
    const sizes: number[] = [];
    const commit: TestContext["table"]["commit"] = async (writes) => {
      sizes.push(writes.length);
      await context.table.commit(writes);
      const [stored] = (await readSets(context, "s", [SET], { consistent: true })).values();
      expect(stored?.at).toBe(100);
    };
    await edit(context, "s", new Map(), own(100, true));
    const writes = await editLedger({ ...context, table: { ...context.table, commit } }, "s", blank, own(200, true));
    expect(sizes.length).toBeGreaterThan(2);
    for (const size of [...sizes, writes.length]) expect(size).toBeLessThanOrEqual(60);
    // Each page once, and in each commit the set.
    const pageCount = new Set(names.map(pageOf)).size;
    expect(sizes.reduce((sum, size) => sum + size - 1, writes.length - 1)).toBe(pageCount);
    await context.table.commit(writes);
    expect((await readScopesOf(context, "s")).map(({ name }) => name)).toEqual(names.toSorted());
    const [stored] = (await readSets(context, "s", [SET], { consistent: true })).values();
    expect(stored?.at).toBe(200);
  });

  it("rest on what was read strongly, also on what a part before has written", async () => {
    const context = withEmptyReplica(aContext());
    await edit(context, "s", blank, own(100, true));
    await edit(context, "s", blank, own(200, true));
    const unread = aContext();
    await edit(unread, "s", blank, own(100, true));
    expect((await readScopesOf(unread, "s")).length).toBe(2000);
  });

  it("read nothing that the run has just read", async () => {
    const context = aContext();
    const name = nameOf(1);
    await settled(context, "s", [name], 100);
    const compared = await readCompared(context, "s", [{ name, digest: digestOf(8) }]);
    const known = {
      pages: compared.pages,
      sets: new Map([...compared.sets, ...(await readSets(context, "s", [SET], { consistent: true }))]),
    };
    const edits = new Map([[name, blankEntry({ name, set: SET, generation: 2 })]]);
    const { units } = await context.table.meter.measure(() => editLedger(context, "s", edits, own(1), known));
    expect(units.read).toBe(0);
  });
});

describe("what a run is compared with", () => {
  it("is one item for an unchanged run, and otherwise the pages that differ, read strongly", async () => {
    const context = withEmptyReplica(aContext());
    const names = Array.from({ length: 40 }, (_, n) => nameOf(n));
    const set = setOf(names);
    await settled(context, "s", names, 100, set);
    const scopes = names.map((name) => ({ name, digest: digestOf(7) }));
    const same = await context.table.meter.measure(() => readCompared(context, "s", scopes));
    expect([same.calls, same.result.pages.size, same.result.set]).toEqual([1, 0, set]);
    expect(same.result.sets.get(set)).toBeDefined();
    const first = names[0] as string;
    const changed = scopes.map((scope) => (scope.name === first ? { ...scope, digest: digestOf(8) } : scope));
    const { pages, entries } = await readCompared(context, "s", changed);
    expect([...pages.keys()]).toEqual([pageOf(first)]);
    expect(entries.get(first)).toMatchObject({ digest: digestOf(7), set });
    const unknown = await readCompared(context, "s", [{ name: "aws/1/r/instance", digest: digestOf(1) }]);
    expect([...unknown.sets.values()]).toEqual([undefined]);
  });
});

describe("pages", () => {
  it("are the same read one by one and all together, and undefined where there is none", async () => {
    const context = withEmptyReplica(aContext());
    const names = Array.from({ length: 60 }, (_, n) => nameOf(n));
    await settled(context, "s", names, 100);
    const every = Array.from({ length: LEDGER_PAGES }, (_, page) => page);
    const together = await readPages(context, "s", every, { consistent: true });
    expect([...together.keys()]).toEqual(every);
    const used = new Set(names.map(pageOf));
    for (const page of every.slice(0, 31)) {
      const single = await readPages(context, "s", [page], { consistent: true });
      expect(single).toEqual(new Map([[page, together.get(page)]]));
      expect(together.get(page) !== undefined).toBe(used.has(page));
    }
    expect([...(await readPages(context, "s", every, { consistent: false })).values()].filter(Boolean)).toEqual([]);
  });
});

describe("a large source", () => {
  it("is read whole, over all pages of its items", async () => {
    const context = aContext();
    const names = Array.from({ length: 40 }, (_, n) => nameOf(n));
    await settled(context, "s", names, 1000);
    await settled(context, "s", [nameOf(90)], 2000, setOf(["c"]));
    await settled(context, "t", [nameOf(1)], 1000);
    const small = inSmallPages(context);
    expect(await readScopesOf(small, "s")).toEqual(await readScopesOf(context, "s"));
    expect(await readScopesOf(small, "s")).toHaveLength(41);
    expect(await lastReportAt(small, "s")).toBe(iso(2000));
    expect(await all(readSources(small))).toEqual(["s", "t"]);
    const every = Array.from({ length: LEDGER_PAGES }, (_, page) => page);
    const known = await readPages(small, "s", every, { consistent: true });
    expect([...known.values()].filter(Boolean)).toHaveLength(new Set([...names, nameOf(90)].map(pageOf)).size);
  });
});

describe("the sources", () => {
  it("are those that ever reported, by name, each noted once, or the one that is asked for", async () => {
    const context = aContext();
    for (const source of ["b", "a", "c"]) await settled(context, source, [nameOf(1)], 100);
    expect(await readSource(context, "a")).toMatchObject({ source: "a" });
    expect(await readSource(withEmptyReplica(context), "a")).toMatchObject({ source: "a" });
    expect(await all(readSources(context))).toEqual(["a", "b", "c"]);
    expect(await all(readSources(context, { from: "b" }))).toEqual(["b", "c"]);
    expect(await all(readSources(context, { source: "b" }))).toEqual(["b"]);
    expect(await all(readSources(context, { source: "d" }))).toEqual([]);
  });

  it("last reported when the last of their sets was", async () => {
    const context = aContext();
    expect(await lastReportAt(context, "s")).toBeUndefined();
    await settled(context, "s", [nameOf(1)], 2000);
    await settled(context, "s", [nameOf(2)], 1000, setOf(["c"]));
    await settled(context, "t", [nameOf(2)], 9000);
    expect(await lastReportAt(context, "s")).toBe(iso(2000));
  });
});

describe("the states of scopes", () => {
  it("say of each whether it is open, what it was last, when it was seen whole, and when it was reported", async () => {
    const context = aContext({ start: iso(3000) });
    await settled(context, "s", [nameOf(2), nameOf(1)], 1000);
    await edit(context, "s", new Map(), own(3000, true));
    const open = blankEntry({ name: nameOf(3), set: SET, generation: 1 });
    await edit(context, "s", new Map([[nameOf(3), open]]), own(3000));
    const seenWhole = { status: "complete", isOpen: false, completeAt: iso(3000) };
    const whole = { source: "s", ...seenWhole, reportedAt: iso(3000), isStale: false };
    expect(await readScopesOf(context, "s")).toEqual([
      { ...whole, name: nameOf(1) },
      { ...whole, name: nameOf(2) },
      { ...whole, name: nameOf(3), status: undefined, isOpen: true, completeAt: undefined },
    ]);
    expect(BLANK).toBe("");
  });

  it("are stale once nothing was heard of their set for too long", async () => {
    const context = aContext({ start: iso(1000) });
    await settled(context, "s", [nameOf(1)], 1000);
    const isStale = async () => (await readScopesOf(context, "s")).map((one) => one.isStale);
    context.advance(86_400);
    expect(await isStale()).toEqual([false]);
    context.advance(1);
    expect(await isStale()).toEqual([true]);
  });

  it("are what was noted of each where a replica has not heard of their set yet", async () => {
    const context = aContext({ start: iso(3000) });
    await settled(context, "s", [nameOf(1)], 1000);
    await edit(context, "s", new Map(), own(3000, true));
    const late = withoutSets(context);
    expect(await readScopesOf(late, "s")).toMatchObject([{ completeAt: iso(1000), reportedAt: undefined }]);
    const of = { source: "s", scope: nameOf(1) };
    expect((await readCompleteTimes(late, [of]))(of)).toBe(iso(1000));
  });

  it("are by source and name, and to who is limited to accounts only of these", async () => {
    const context = aContext();
    await settled(context, "t", [nameOf(1, "1"), nameOf(2, "2")], 1000);
    await settled(context, "s", [nameOf(2, "1")], 1000);
    const named = async (of: Context, source?: string) =>
      (await readScopeStates(of, { source })).map((one) => `${one.source} ${one.name}`);
    expect(await named(context)).toEqual([`s ${nameOf(2, "1")}`, `t ${nameOf(1, "1")}`, `t ${nameOf(2, "2")}`]);
    expect(await named(context, "s")).toEqual([`s ${nameOf(2, "1")}`]);
    const limited = { ...context, restriction: { accounts: ["aws/2" as const] } };
    expect(await named(limited)).toEqual([`t ${nameOf(2, "2")}`]);
  });

  it("tell when each of some scopes was seen whole, by source, and nothing of one that was not", async () => {
    const context = aContext();
    await settled(context, "s", [nameOf(1), nameOf(2)], 1000);
    await settled(context, "t", [nameOf(1)], 2000);
    await edit(context, "t", new Map(), own(3000, true));
    const of = (source: string, n: number) => ({ source, scope: nameOf(n) });
    const timeOf = await readCompleteTimes(context, [of("s", 1), of("t", 1), of("s", 3)]);
    expect([timeOf(of("s", 1)), timeOf(of("t", 1)), timeOf(of("s", 3)), timeOf(of("s", 2))]).toEqual([
      iso(1000),
      iso(3000),
      undefined,
      undefined,
    ]);
  });
});
