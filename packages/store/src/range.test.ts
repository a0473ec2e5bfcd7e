import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compareUtf8 } from "./limits.ts";
import { afterPrefix, inRange, type KeyRange, planRange } from "./range.ts";
import type { SortRange } from "./table.ts";

test.each([
  ["a", "b"],
  ["a\u{10ffff}", "b"],
  ["\ud7ff", "\ue000"],
  ["\uffff", "\u{10000}"],
  ["\u{10ffff}", undefined],
])("the text after all that begin with %j is %j", (prefix, next) => {
  expect(afterPrefix(prefix)).toBe(next);
});

test("a text begins with a prefix exactly when it lies from the prefix up to the text after it", () => {
  const text = fc.string({ unit: "binary", minLength: 1, maxLength: 3 });
  const property = fc.property(text, text, fc.boolean(), (prefix, other, joined) => {
    const sortKey = joined ? prefix + other : other;
    const next = afterPrefix(prefix);
    const lies = compareUtf8(sortKey, prefix) >= 0 && (next === undefined || compareUtf8(sortKey, next) < 0);
    expect(sortKey.startsWith(prefix)).toBe(lies);
  });
  fc.assert(property, { numRuns: 2000 });
});

test("ends that one key condition cannot leave out are left out afterwards", () => {
  const planned = planRange({ after: "a", before: "c" });
  expect(planned).toEqual({ range: { kind: "between", from: "a", to: "c" }, except: ["a", "c"] });
  expect(["a", "b", "c"].map((sortKey) => planned !== undefined && inRange(sortKey, planned))).toEqual([
    false,
    true,
    false,
  ]);
});

test.each<[SortRange | undefined, KeyRange | undefined, (readonly string[])?]>([
  [undefined, { kind: "all" }],
  [{ beginsWith: "" }, { kind: "all" }],
  [{ beginsWith: "a" }, { kind: "prefix", prefix: "a" }],
  [{ from: "" }, { kind: "all" }],
  [{ from: "a" }, { kind: "compare", operator: ">=", value: "a" }],
  [{ after: "a" }, { kind: "compare", operator: ">", value: "a" }],
  [{ after: "" }, { kind: "all" }],
  [{ to: "c" }, { kind: "compare", operator: "<=", value: "c" }],
  [{ before: "c" }, { kind: "compare", operator: "<", value: "c" }],
  [{ to: "" }, undefined],
  [{ before: "" }, undefined],
  [
    { from: "a", to: "c" },
    { kind: "between", from: "a", to: "c" },
  ],
  [
    { from: "", before: "c" },
    { kind: "compare", operator: "<", value: "c" },
  ],
  [{ from: "a", before: "c" }, { kind: "between", from: "a", to: "c" }, ["c"]],
  [{ after: "a", to: "c" }, { kind: "between", from: "a", to: "c" }, ["a"]],
  [
    { from: "a", to: "a" },
    { kind: "between", from: "a", to: "a" },
  ],
  [{ after: "a", to: "a" }, undefined],
  [{ from: "a", before: "a" }, undefined],
  [{ from: "c", to: "a" }, undefined],
])("the range %j is the key condition %j", (sort, range, except = []) => {
  expect(planRange(sort)).toEqual(range === undefined ? undefined : { range, except });
});

test("a sort key lies in a range exactly when it keeps to each of its ends, by the bytes of UTF-8", () => {
  const key = fc.string({ unit: fc.constantFrom("a", "b", "\uffff", "\u{10000}"), minLength: 1, maxLength: 3 });
  const low = fc.oneof(
    fc.constant({}),
    key.map((from) => ({ from })),
    key.map((after) => ({ after })),
  );
  const high = fc.oneof(
    fc.constant({}),
    key.map((to) => ({ to })),
    key.map((before) => ({ before })),
  );
  const property = fc.property(low, high, key, fc.boolean(), (lower, upper, sortKey, prefixed) => {
    const [first] = Object.values(lower);
    const sort = (prefixed && first !== undefined ? { beginsWith: first } : { ...lower, ...upper }) as SortRange;
    const { beginsWith = "", from, after, to, before } = sort as Record<string, string | undefined>;
    const compared = (end: string | undefined, holds: (order: number) => boolean) =>
      end === undefined || holds(compareUtf8(sortKey, end));
    const lies =
      sortKey.startsWith(beginsWith) &&
      compared(from, (order) => order >= 0) &&
      compared(after, (order) => order > 0) &&
      compared(to, (order) => order <= 0) &&
      compared(before, (order) => order < 0);
    const planned = planRange(sort);
    expect(planned !== undefined && inRange(sortKey, planned)).toBe(lies);
  });
  fc.assert(property, { numRuns: 3000 });
});
