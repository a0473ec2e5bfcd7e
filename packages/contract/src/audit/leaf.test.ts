import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, orderedJson } from "../digest.ts";
import { leafOf } from "./leaf.ts";
import { hashLeaf } from "./merkle.ts";

test("a leaf is over the RFC 8785 bytes of any record, as the library writes them", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ stringUnit: "grapheme" })), (record) => {
      expect(orderedJson(record)).toBe(canonicalJson(record));
      expect(leafOf(record)).toEqual(hashLeaf(canonicalJson(record)));
    }),
    { numRuns: 500 },
  );
});

test("what has no canonical bytes has no leaf", () => {
  for (const value of ["\ud800", Number.NaN, 1n]) expect(() => leafOf({ value })).toThrow(TypeError);
});
