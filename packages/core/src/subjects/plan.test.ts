import type { SortRange } from "@cadastre/store/table";
import { put } from "@cadastre/store/table";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aContext } from "../audit/testing.ts";
import { IndexItem } from "./items.ts";
import { boundsAfter, isInRange } from "./plan.ts";
import type { IndexRange } from "./subject.ts";

describe("a range of the index", () => {
  const key = fc.string({ unit: fc.constantFrom("a", "b", "#", "\u{10000}", "\uffff"), minLength: 1, maxLength: 3 });
  const ends = fc.tuple(key, key).map((two) => two.sort() as [string, string]);
  const range: fc.Arbitrary<SortRange | undefined> = fc.oneof(
    fc.constant(undefined),
    key.map((beginsWith) => ({ beginsWith })),
    ends.map(([from, to]) => ({ from, to })),
    key.map((from) => ({ from })),
    key.map((to) => ({ to })),
    key.map((before) => ({ before })),
    ends.map(([after, before]) => ({ after, before })),
  );

  it("has the entries that the table answers it with, and after any of them those that are left", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { maxLength: 8 }), range, key, async (keys, sort, after) => {
        const context = aContext();
        await context.table.load(keys.map((s) => put(IndexItem, { p: "p", s })));
        const query = async (of: SortRange | undefined) => {
          const page = await context.table.query(IndexItem, { partition: "p", ...(of ? { sort: of } : {}) });
          return page.items.map(({ s }) => s);
        };
        const all = await query(sort);
        const own: IndexRange = { partition: "p", rank: "0", ...(sort ? { sort } : {}) };
        expect(keys.filter((s) => isInRange(own, { p: "p", s })).sort()).toEqual(all.toSorted());
        expect(keys.filter((s) => isInRange(own, { p: "q", s }))).toEqual([]);
        // Pages go on after what they have answered, which is in the range.
        const last = all.includes(after) ? after : all[0];
        if (last !== undefined) expect(await query(boundsAfter(sort, last))).toEqual(all.slice(all.indexOf(last) + 1));
      }),
      { numRuns: 300 },
    );
  });
});
