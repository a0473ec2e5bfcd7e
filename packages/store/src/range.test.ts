import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compareUtf8 } from "./limits.ts";
import { afterPrefix, inRange, planRange } from "./range.ts";

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
