import type { Stored } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import type { ScopeEntry } from "../ledger/entry.ts";
import type { StaleItem, StoredSet } from "../ledger/items.ts";
import { decideMarks, decidePlan, isAllMarked } from "./stale-marks.ts";

const HOUR = 3_600_000;
const NOW = 1000 * HOUR;

const aSet = (name: string, more: Partial<StoredSet> = {}): StoredSet => ({
  source: "s",
  set: name,
  at: NOW,
  lookedAt: NOW,
  digests: new Uint8Array(),
  version: 5,
  ...more,
});
const OLD = NOW - 900 * HOUR;
const setsOf = (...sets: StoredSet[]) => new Map(sets.map((set) => [set.set, set]));
const aMark = (name: string, set: string, page = 0, version = 1): Stored<StaleItem> => ({
  source: "s",
  name,
  page,
  set,
  markedAt: "2026-01-01T00:00:00.000Z",
  version,
});
const anEntry = (name: string, set: string, more: Partial<ScopeEntry> = {}): ScopeEntry => ({
  name,
  digest: "d",
  generation: 1,
  set,
  status: "complete",
  completeAt: OLD,
  ...more,
});
/** Every set has two pages, by its name. */
const pagesOf = ({ set }: StoredSet) => (set === "a" ? [3, 1] : [1, 7]);

describe("what is to be looked at of a source", () => {
  it("is nothing while its sets are reported, and no mark is in doubt", () => {
    expect(decidePlan(setsOf(aSet("a")), pagesOf, [], NOW)).toBeUndefined();
    const marked = setsOf(aSet("a", { at: OLD, marked: true }));
    expect(decidePlan(marked, pagesOf, [aMark("x", "a", 3)], NOW)).toBeUndefined();
  });

  it("is all pages of stale sets that are not marked whole, each once and in order, at the version that they have", () => {
    const sets = setsOf(aSet("a", { at: OLD }), aSet("b", { at: OLD, version: 6 }), aSet("c"));
    expect(decidePlan(sets, pagesOf, [], NOW)).toEqual({ pages: [1, 3, 7], sets: { a: 5, b: 6 } });
  });

  it("is a stale set that has no scopes left, too: it is to be noted as marked whole", () => {
    expect(decidePlan(setsOf(aSet("a", { at: OLD })), () => [], [], NOW)).toEqual({ pages: [], sets: { a: 5 } });
  });

  it("is of 50 sets at a time", () => {
    const sets = setsOf(...Array.from({ length: 60 }, (_, n) => aSet(`s${n}`, { at: OLD })));
    expect(Object.keys(decidePlan(sets, pagesOf, [], NOW)?.sets ?? {})).toHaveLength(50);
  });

  it("is the pages of marks whose set has changed since, or is gone", () => {
    const sets = setsOf(aSet("a"), aSet("b", { at: OLD, marked: true }));
    const marks = [aMark("x", "a", 9), aMark("y", "b", 4), aMark("z", "gone", 2)];
    expect(decidePlan(sets, pagesOf, marks, NOW)).toEqual({ pages: [2, 9], sets: {} });
  });

  it("is nothing to begin with when every set is marked as it stands", () => {
    expect(isAllMarked(setsOf(aSet("a", { marked: true }), aSet("b", { marked: true })))).toBe(true);
    expect(isAllMarked(setsOf(aSet("a", { marked: true }), aSet("b")))).toBe(false);
  });
});

describe("the marks of a page", () => {
  const sets = setsOf(aSet("old", { at: OLD }), aSet("new"));
  const decide = (entries: ScopeEntry[], ...marks: Stored<StaleItem>[]) =>
    decideMarks(entries, sets, new Map(marks.map((mark) => [mark.name, mark])), NOW);

  it("come where a scope is stale and has none, and stay where it has one of its set", () => {
    const entries = [anEntry("x", "old"), anEntry("y", "old")];
    const { changes, awake } = decide(entries, aMark("y", "old"));
    expect(changes).toEqual([{ entry: entries[0], becomes: "stale" }]);
    expect(awake.size).toBe(0);
  });

  it("move where the scope is of another set by now", () => {
    const entry = anEntry("x", "old");
    const mark = aMark("x", "other");
    expect(decide([entry], mark).changes).toEqual([{ entry, mark, becomes: "moved" }]);
  });

  it("go where the scope is reported again; its set is awake, also where there is no mark", () => {
    const entries = [anEntry("x", "new"), anEntry("y", "new")];
    const mark = aMark("x", "new");
    const { changes, awake } = decide(entries, mark);
    expect(changes).toEqual([{ entry: entries[0], mark, becomes: "back" }]);
    expect([...awake]).toEqual(["new"]);
  });

  it("are none of a scope that no run was ever completed for", () => {
    for (const marks of [[], [aMark("x", "other")]])
      expect(decide([anEntry("x", "old", { status: undefined })], ...marks)).toEqual({ changes: [], awake: new Set() });
  });
});
