import type { Write } from "@cadastre/store/table";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differingPages } from "./compare.ts";
import { cutEdits, decideEdits, type OwnSet, placeEdits } from "./edit.ts";
import { BLANK, blankEntry, byPage, type Edit, moveEntry, pageDigest, pageOf, settleEntry } from "./entry.ts";
import {
  entriesOf,
  LedgerPageItem,
  packDigests,
  type SetItem,
  type StoredPage,
  type StoredSet,
  unpackDigests,
} from "./items.ts";
import { ScopeCountItem } from "./scope-count.ts";

const SETS = ["00000000000000aa", "00000000000000bb", "00000000000000cc"];
const NAMES = Array.from({ length: 12 }, (_, n) => `aws/111122223333/region-${n}/instance`);
const digestOf = (n: number) => n.toString(16).padStart(32, "0");

/** A ledger in memory that takes writes as the table does, and refuses those of another version. */
function createLedger() {
  const pages = new Map<number, StoredPage>();
  const sets = new Map<string, StoredSet>();
  let version = 0;
  let counted = 0;
  const store = <Item, Id>(of: Map<Id, Item & { version: number }>, id: Id, write: Write) => {
    const known = of.get(id);
    if (write.op === "create") expect(known).toBeUndefined();
    else expect((write as { version: number }).version).toBe(known?.version);
    if ("item" in write) of.set(id, { ...(write.item as Item), version: ++version });
    else of.delete(id);
  };
  const apply = (edits: ReadonlyMap<string, Edit>, own: OwnSet): number => {
    const writes = decideEdits("s", { pages, sets }, placeEdits(edits), own);
    for (const write of writes) {
      if (write.op === "check") throw new Error(write.op);
      if (write.op === "increment") {
        expect(write.entity).toBe(ScopeCountItem);
        counted += write.by;
        continue;
      }
      const key = ("item" in write ? write.item : write.key) as { page: number } & SetItem;
      if (write.entity === LedgerPageItem) store<LedgerPageItem, number>(pages, key.page, write);
      else store<SetItem, string>(sets, key.set, write);
    }
    return writes.length;
  };
  const entries = () => [...pages.values()].flatMap(entriesOf);
  const entry = (name: string) => entries().find((one) => one.name === name);
  return { pages, sets, apply, entries, entry, counted: () => counted };
}

const anEdit = fc.record({
  name: fc.constantFrom(...NAMES),
  set: fc.constantFrom(...SETS),
  how: fc.constantFrom("blank", "settle", "move"),
  generation: fc.integer({ min: 1, max: 3 }),
  digest: fc.integer({ min: 0, max: 3 }),
});

/** A run that edits scopes of any sets, and may report its own. */
const aRound = fc.record({
  set: fc.constantFrom(...SETS),
  isReported: fc.boolean(),
  edits: fc.array(anEdit, { maxLength: 6 }),
});

describe("the digests that sets have of pages", () => {
  it("are those of the pages' entries after any edits, in any order, and a set without entries is gone", () => {
    fc.assert(
      fc.property(fc.array(aRound, { maxLength: 12 }), (rounds) => {
        const ledger = createLedger();
        const reported = new Set<string>();
        for (const [at, { set, isReported, edits: some }] of rounds.entries()) {
          const edits = some.map(({ name, how, generation, digest }): [string, Edit] => {
            if (how === "blank") return [name, blankEntry({ name, set, generation })];
            if (how === "move") return [name, moveEntry(digestOf(digest), set)];
            return [name, settleEntry({ digest: digestOf(digest), generation, set, status: "complete", at })];
          });
          ledger.apply(new Map(edits), { set, at, isReported });
          if (isReported) reported.add(set);
          expect(ledger.counted()).toBe(ledger.entries().filter(({ status }) => status !== undefined).length);
          for (const one of SETS) {
            const members = ledger.entries().filter((entry) => entry.set === one);
            const expected = new Map([...byPage(members)].map(([page, some]) => [page, pageDigest(some)]));
            const stored = ledger.sets.get(one);
            expect(stored ? unpackDigests(stored.digests) : new Map()).toEqual(expected);
            if (one !== set && !reported.has(one)) expect(stored !== undefined).toBe(members.length > 0);
          }
        }
      }),
    );
  });

  it("differ from those of a run exactly in the pages in which it says something else", () => {
    const scopes = NAMES.map((name, n) => ({ name, digest: digestOf(n) }));
    const known = new Map([...byPage(scopes)].map(([page, some]) => [page, pageDigest(some) as string]));
    expect(differingPages(scopes, known)).toEqual([]);
    expect(differingPages(scopes, new Map())).toHaveLength(known.size);
    fc.assert(
      fc.property(fc.subarray(NAMES), (changed) => {
        const now = scopes.map((scope) => (changed.includes(scope.name) ? { ...scope, digest: digestOf(99) } : scope));
        expect(new Set(differingPages(now, known))).toEqual(new Set(changed.map(pageOf)));
      }),
    );
  });

  it("are packed and unpacked whole", () => {
    const aDigest = fc.integer({ min: 0, max: 2 ** 48 - 1 }).map((n) => n.toString(16).padStart(12, "0"));
    fc.assert(
      fc.property(fc.dictionary(fc.integer({ min: 0, max: 255 }).map(String), aDigest), (digests) => {
        const pages = new Map(Object.entries(digests).map(([page, digest]) => [Number(page), digest]));
        expect(unpackDigests(packDigests(pages))).toEqual(pages);
      }),
    );
  });
});

describe("a scope's entry", () => {
  const [set, other] = SETS as [string, string];
  const name = NAMES[0] as string;
  const settle = (generation: number, more: Partial<Parameters<typeof settleEntry>[0]> = {}) =>
    new Map([[name, settleEntry({ digest: digestOf(1), generation, set, status: "complete", at: 100, ...more })]]);
  const blank = (generation: number, of = set) => new Map([[name, blankEntry({ name, set: of, generation })]]);
  const own = (at: number, isReported = true, of = set): OwnSet => ({ set: of, at, isReported });

  it("that a newer run has opened is not settled by an older one", () => {
    const ledger = createLedger();
    ledger.apply(blank(1), own(50));
    ledger.apply(blank(2), own(60));
    expect(ledger.apply(settle(1), own(100, false))).toBe(0);
    expect(ledger.entry(name)).toMatchObject({ digest: BLANK, generation: 2, status: undefined });
    ledger.apply(settle(2), own(110, false));
    expect(ledger.entry(name)).toMatchObject({ digest: digestOf(1), generation: 2, status: "complete" });
  });

  it("keeps the newest generation when an older one blanks it late", () => {
    const ledger = createLedger();
    ledger.apply(blank(3), own(50));
    ledger.apply(blank(2), own(60));
    expect(ledger.entry(name)).toMatchObject({ generation: 3 });
  });

  it("keeps the time at which it was seen whole when it is blanked, and gets no later one from its set", () => {
    const ledger = createLedger();
    ledger.apply(blank(1), own(50));
    ledger.apply(settle(1), own(100, false));
    ledger.apply(new Map(), own(200));
    ledger.apply(blank(2), own(300));
    expect(ledger.entry(name)).toMatchObject({ completeAt: 200, status: "complete" });
    ledger.apply(settle(2, { status: "failed", at: 400 }), own(400, false));
    expect(ledger.entry(name)).toMatchObject({ completeAt: 200, status: "failed" });
  });

  it("moves to another set with its time, only as long as it is what the run says", () => {
    const ledger = createLedger();
    ledger.apply(blank(1), own(50));
    ledger.apply(settle(1), own(100, false));
    ledger.apply(new Map(), own(200));
    ledger.apply(new Map([[name, moveEntry(digestOf(2), other)]]), own(300, true, other));
    expect(ledger.entry(name)).toMatchObject({ set });
    ledger.apply(new Map([[name, moveEntry(digestOf(1), other)]]), own(300, false, other));
    expect(ledger.entry(name)).toMatchObject({ set: other, completeAt: 200 });
    expect([...ledger.sets.keys()]).toEqual([other]);
  });
});

describe("the times of a set", () => {
  const HOUR = 3_600_000;
  const [set, other] = SETS as [string, string];
  const edits = new Map([[NAMES[0] as string, blankEntry({ name: NAMES[0] as string, set, generation: 1 })]]);

  it("are those of its own reports alone, whoever edits its scopes, and from them its usual interval", () => {
    const ledger = createLedger();
    const timesOf = (of: string) => [ledger.sets.get(of)?.at, ledger.sets.get(of)?.interval];
    ledger.apply(edits, { set, at: HOUR, isReported: true });
    expect(timesOf(set)).toEqual([HOUR, undefined]);
    expect(ledger.sets.get(set)).not.toHaveProperty("interval");
    ledger.apply(edits, { set, at: 2 * HOUR, isReported: false });
    ledger.apply(edits, { set: other, at: 2 * HOUR, isReported: true });
    expect(timesOf(set)).toEqual([HOUR, undefined]);
    ledger.apply(new Map(), { set, at: 3 * HOUR, isReported: true });
    expect(timesOf(set)).toEqual([3 * HOUR, 2 * HOUR]);
    ledger.apply(edits, { set, at: 4 * HOUR, isReported: false });
    expect(timesOf(set)).toEqual([3 * HOUR, 2 * HOUR]);
  });
});

describe("what one commit takes", () => {
  const edit = blankEntry({ name: "", set: "aa", generation: 1 });
  const many = Array.from({ length: 5000 }, (_, n) => `aws/${100_000_000_000 + n}/global/network`);
  const edits = placeEdits(new Map(many.map((name) => [name, edit])));
  /** A page that has scopes of these names, each of a set. */
  const aPage = (number: number, names: readonly string[], setOf: (name: string) => string): [number, StoredPage] => {
    const scopes = names.map((name): LedgerPageItem["scopes"][number] => {
      return [name, new Uint8Array(16), 1, Buffer.from(setOf(name), "hex"), "c", 0];
    });
    return [number, { source: "s", page: number, scopes, version: 1 }];
  };
  const named = byPage(many.map((name) => ({ name })));
  const pages = (setOf: (name: string) => string) =>
    new Map(
      [...named].map(([number, some]) =>
        aPage(
          number,
          some.map(({ name }) => name),
          setOf,
        ),
      ),
    );
  const namesIn = (count: number, page: number) => Array.from({ length: count }, (_, n) => `${page}/${n}`);

  it("is at most 60 items, whole pages as long as few sets are concerned", () => {
    const { count, sets } = cutEdits(
      pages(() => "aa"),
      edits,
      "aa",
    );
    expect(sets).toEqual(new Set(["aa"]));
    expect(new Set(edits.slice(0, count).map((one) => one.page)).size).toBe(59);
    expect(edits[count]?.page).not.toBe(edits[count - 1]?.page);
  });

  it("is a part of a page when its scopes are of more sets than that, with all sets that it concerns", () => {
    const setOf = (name: string) => many.indexOf(name).toString(16).padStart(16, "0");
    const ofMany = pages(setOf);
    let rest = edits.slice(0, 400);
    let commits = 0;
    for (; rest.length > 0; commits++) {
      const { count, sets } = cutEdits(ofMany, rest, "aa");
      expect(count).toBeGreaterThan(0);
      const part = rest.slice(0, count);
      expect(sets).toEqual(new Set(["aa", ...part.map(({ name }) => setOf(name))]));
      expect(sets.size + new Set(part.map((one) => one.page)).size).toBeLessThanOrEqual(60);
      rest = rest.slice(count);
    }
    expect(commits).toBeLessThan(10);
  });

  it("is at most 2 MB, with what is in its pages already, and one edit of a page that is larger alone", () => {
    const of = (page: number, count: number) => aPage(page, namesIn(count, page), () => "aa");
    const first = (page: number) => ({ name: `${page}/0`, page, edit });
    const cut = (sizes: readonly number[]) =>
      cutEdits(
        new Map(sizes.map((count, page) => of(page, count))),
        sizes.map((_, page) => first(page)),
        "aa",
      ).count;
    expect(cut([6000, 7000, 1])).toBe(3);
    expect(cut([6000, 8000, 1])).toBe(1);
    expect(cut([14_000, 1])).toBe(1);
    const fresh = namesIn(14_000, 0).map((name) => ({ name, page: 0, edit }));
    expect(cutEdits(new Map(), fresh, "aa").count).toBe(13_333);
  });
});
