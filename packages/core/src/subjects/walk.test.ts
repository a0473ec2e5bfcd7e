import { put, type Query, type Table } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, type TestContext } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { type IndexEntry, IndexItem } from "./items.ts";
import type { AnySubject, IndexRange } from "./subject.ts";
import { type Position, type Walk, walkIndex } from "./walk.ts";

/** A thing that can be found: under each place of a partition `p`, by a text. */
interface Thing {
  readonly key: string;
  readonly places: readonly (readonly [p: string, text: string])[];
  readonly isHidden?: boolean;
}

const entriesOf = ({ key, places }: Thing, type = "thing"): IndexEntry[] =>
  places.map(([p, text]) => ({ p, s: `${text}#${type}/hint/${key}` }));

/** Things of one type, whose index entries are in the table; what reads them is counted. */
async function having(things: readonly Thing[], { stray = [] }: { stray?: readonly IndexEntry[] } = {}) {
  const context = aContext();
  const entries = [...things.flatMap((thing) => entriesOf(thing)), ...stray];
  await context.table.load(entries.map((entry) => put(IndexItem, entry)));
  const byKey = new Map(things.map((thing) => [thing.key, thing]));
  const reads: string[][] = [];
  const subject = {
    type: "thing",
    entries: (thing: Thing) => entriesOf(thing),
    read: async (_: Context, keys: readonly string[]) => {
      reads.push([...keys]);
      return keys.map((key) => byKey.get(key));
    },
    isVisible: (_: Context, thing: Thing) => thing.isHidden !== true,
  } as unknown as AnySubject;
  return { context, subject, reads };
}
const range = (partition: string, more: Partial<IndexRange> = {}): IndexRange => ({
  partition,
  rank: partition,
  ...more,
});
const aWalk = (subject: AnySubject, ranges: readonly IndexRange[], more: Partial<Walk> = {}): Walk => ({
  subjects: [subject],
  ranges,
  from: undefined,
  limit: 1000,
  mayMatch: () => true,
  matches: () => true,
  ...more,
});

/** More pages than any walk of these tests has. */
const MOST_PAGES = 1000;

/** The keys on each page of a walk, to its end. */
async function pages(context: Context, walk: Walk): Promise<string[][]> {
  const all: string[][] = [];
  let from: Position | undefined;
  do {
    const { found, next } = await walkIndex(context, { ...walk, from });
    all.push(found.map(({ item }) => (item as Thing).key));
    if (all.length > MOST_PAGES) throw new Error("the walk has no end");
    from = next;
  } while (from !== undefined);
  return all;
}
/** The context, and the queries that go through it. */
function watching(context: TestContext) {
  const queries: Query[] = [];
  const table: Table = {
    ...context.table,
    query: (entity, query) => {
      queries.push(query);
      return context.table.query(entity, query);
    },
  };
  return { context: { ...context, table }, queries };
}
const thing = (key: string, ...places: (readonly [string, string])[]): Thing => ({ key, places });
const many = (count: number, p = "a"): Thing[] =>
  Array.from({ length: count }, (_, n) => thing(`k${n}`, [p, String(n).padStart(5, "0")]));
const keys = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `k${from + n}`);

describe("a walk through ranges of the index", () => {
  it("shows each subject once over all pages, however many ranges and entries propose it, on pages of any size", async () => {
    const { context, subject } = await having([
      thing("x", ["a", "2"], ["a", "1"], ["b", "1"]),
      thing("y", ["b", "2"], ["c", "9"]),
      thing("z", ["c", "1"]),
    ]);
    const walk = aWalk(subject, [range("a"), range("b"), range("c")]);
    for (const limit of [1, 2, 3, 10])
      expect((await pages(context, { ...walk, limit })).flat()).toEqual(["x", "y", "z"]);
    expect(await pages(context, { ...walk, limit: 2 })).toEqual([["x", "y"], ["z"]]);
    expect(await pages(context, { ...walk, limit: 3 })).toEqual([["x", "y", "z"]]);
  });

  it("goes through a range to its end, a page at a time, forwards or back", async () => {
    const { context, subject } = await having(many(25));
    const walk = aWalk(subject, [range("a")], { limit: 10 });
    expect(await pages(context, walk)).toEqual([keys(0, 10), keys(10, 20), keys(20, 25)]);
    const back = aWalk(subject, [range("a", { reverse: true })], { limit: 10 });
    expect((await pages(context, back)).flat()).toEqual(keys(0, 25).toReversed());
    const bounded = aWalk(subject, [range("a", { sort: { beginsWith: "0001" } })], { limit: 3 });
    expect((await pages(context, bounded)).flat()).toEqual(keys(10, 20));
  });

  it("shows the last entry first that proposes a subject, where a range goes back", async () => {
    const { context, subject } = await having([thing("x", ["a", "1"], ["a", "3"]), thing("y", ["a", "2"])]);
    const walk = aWalk(subject, [range("a", { reverse: true })], { limit: 1 });
    expect(await pages(context, walk)).toEqual([["x"], ["y"]]);
  });

  it("takes the smaller text first by its bytes, as the table does", async () => {
    const { context, subject } = await having([
      thing("x", ["a", "\u{1F600}"], ["a", "\uFFFD"]),
      thing("y", ["a", "\uFFFE"]),
    ]);
    expect((await pages(context, aWalk(subject, [range("a")]))).flat()).toEqual(["x", "y"]);
  });

  it("shows a subject where the first of its entries stands, in whichever order it has them", async () => {
    for (const texts of [
      ["1", "3"],
      ["3", "1"],
    ]) {
      const x = thing("x", ...texts.map((text) => ["a", text] as const));
      const { context, subject } = await having([x, thing("y", ["a", "2"])]);
      expect((await pages(context, aWalk(subject, [range("a")]))).flat()).toEqual(["x", "y"]);
    }
    const later = await having([thing("x", ["b", "1"], ["a", "2"], ["b", "0"]), thing("y", ["b", "0"])]);
    expect((await pages(later.context, aWalk(later.subject, [range("a"), range("b")]))).flat()).toEqual(["x", "y"]);
  });

  it("tells things of several types apart that have the same key", async () => {
    const { context, subject } = await having([thing("x", ["a", "1"])], { stray: [{ p: "a", s: "2#other/hint/x" }] });
    const other = {
      ...subject,
      type: "other",
      entries: () => [{ p: "a", s: "2#other/hint/x" }],
      read: async (_: Context, keys: readonly string[]) => keys.map((key) => ({ key: `other ${key}` })),
    } as unknown as AnySubject;
    for (const subjects of [
      [subject, other],
      [other, subject],
    ]) {
      const { found } = await walkIndex(context, aWalk(subject, [range("a")], { subjects }));
      expect(found.map(({ type, item }) => [type, (item as Thing).key])).toEqual([
        ["thing", "x"],
        ["other", "other x"],
      ]);
    }
  });

  it("shows nothing that is gone, hidden, of another type, or does not match", async () => {
    const other = { p: "a", s: "0#other/hint/k" };
    const gone = { p: "a", s: "1#thing/hint/gone" };
    const things = [
      { ...thing("hidden", ["a", "2"]), isHidden: true },
      thing("no", ["a", "3"]),
      thing("yes", ["a", "4"]),
    ];
    const { context, subject, reads } = await having(things, { stray: [other, gone] });
    const matches = (_: AnySubject, item: unknown) => (item as Thing).key !== "no";
    expect(await pages(context, aWalk(subject, [range("a")], { matches }))).toEqual([["yes"]]);
    expect(reads).toEqual([["gone", "hidden", "no", "yes"]]);
    const mayMatch = ({ key }: { key: string }) => key === "yes";
    reads.length = 0;
    expect(await pages(context, aWalk(subject, [range("a")], { mayMatch }))).toEqual([["yes"]]);
    expect(reads).toEqual([["yes"]]);
  });

  it("shows what is proposed by an entry that its subject no longer has, when nothing else proposes it", async () => {
    const stray = { p: "a", s: "0#thing/hint/x" };
    const { context, subject } = await having([thing("x", ["z", "1"])], { stray: [stray] });
    expect(await pages(context, aWalk(subject, [range("a")]))).toEqual([["x"]]);
    const twice = await having([thing("x", ["a", "1"])], { stray: [stray] });
    expect(await pages(twice.context, aWalk(twice.subject, [range("a")]))).toEqual([["x"]]);
  });

  it("reads no item of what a range does not accept, and shows it where another one does", async () => {
    const { context, subject, reads } = await having([thing("x", ["a", "1"], ["b", "1"]), thing("y", ["a", "2"])]);
    const accepts = (sort: string) => sort.startsWith("2");
    expect(await pages(context, aWalk(subject, [range("a", { accepts }), range("b")]))).toEqual([["y", "x"]]);
    expect(reads).toEqual([["y"], ["x"]]);
  });

  it("shows what a range names as such, once and first, and reads nothing of the index for it", async () => {
    const { context, subject } = await having([thing("x", ["b", "1"]), thing("y", ["b", "2"])]);
    const named = range("", { rank: "a", subject: { type: "thing", hint: "", key: "x" } });
    const watched = watching(context);
    expect(await pages(watched.context, aWalk(subject, [named]))).toEqual([["x"]]);
    expect(watched.queries).toEqual([]);
    const walk = aWalk(subject, [named, range("b")]);
    expect(await pages(context, { ...walk, limit: 1 })).toEqual([["x"], ["y"]]);
    const behind = { ...named, subject: { type: "thing", hint: "", key: "y" } };
    expect((await pages(context, aWalk(subject, [behind, range("b")]))).flat()).toEqual(["y", "x"]);
    const late = aWalk(subject, [range("b"), { ...named, rank: "c" }]);
    expect(await pages(context, { ...late, limit: 1 })).toEqual([["x"], ["y"]]);
  });

  it("reads ranges that have hardly anything at once, up to 64 of them", async () => {
    const { context, subject } = await having([thing("x", ["p9", "1"])]);
    const points = (count: number) =>
      Array.from({ length: count }, (_, n) => range(`p${n}`, { rank: String(n).padStart(3, "0"), isPoint: true }));
    const atOnce = async (ranges: readonly IndexRange[]) => {
      let [running, most] = [0, 0];
      const table: Table = {
        ...context.table,
        query: async (entity, query) => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setImmediate(resolve));
          running--;
          return context.table.query(entity, query);
        },
      };
      expect((await pages({ ...context, table }, aWalk(subject, ranges))).flat()).toEqual(["x"]);
      return most;
    };
    expect(await atOnce(points(64))).toBe(64);
    expect(await atOnce(points(65))).toBe(1);
    expect(await atOnce([...points(20), range("q", { rank: "999" })])).toBe(1);
  });

  it("reads at most a thousand entries at a time, and one more than the page has", async () => {
    const { context, subject } = await having(many(5));
    const watched = watching(context);
    await walkIndex(watched.context, aWalk(subject, [range("a")], { limit: 2 }));
    await walkIndex(watched.context, aWalk(subject, [range("a")], { limit: 5000 }));
    expect(watched.queries.map(({ limit }) => limit)).toEqual([3, 1000]);
  });

  it("ends a page after 5,000 entries, or 500 looks, and goes on where it was", async () => {
    const { context, subject } = await having(many(6000));
    const none = aWalk(subject, [range("a")], { mayMatch: ({ key }) => key === "k5999" });
    const first = await walkIndex(context, none);
    expect(first).toMatchObject({ found: [], next: { rank: "a" } });
    expect((await pages(context, none)).flat()).toEqual(["k5999"]);
    const empty = Array.from({ length: 600 }, (_, n) => range(`e${n}`, { rank: `r${String(n).padStart(3, "0")}` }));
    expect((await walkIndex(context, aWalk(subject, empty))).next).toMatchObject({ rank: "r499" });
    const last = aWalk(subject, [...empty, range("a", { rank: "z" })], { limit: 10 });
    expect((await pages(context, last)).flat()).toEqual(keys(0, 6000));
    expect(await walkIndex(context, aWalk(subject, empty.slice(0, 500)))).toEqual({ found: [] });
  });
});
