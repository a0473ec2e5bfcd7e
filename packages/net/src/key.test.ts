import fc from "fast-check";
import { describe, expect, test } from "vitest";
import keys from "../../../test/vectors/net/keys.json" with { type: "json" };
import malformed from "../../../test/vectors/net/keys-invalid.json" with { type: "json" };
import { anAddress, aPrefix, aPrefixIn, caught, smallSpaces } from "../test/support.ts";
import { AddressError } from "./address.ts";
import { addressKey, fromPrefixKey, prefixKey, withinRange } from "./key.ts";
import { comparePrefixes, contains, firstAddress, parentPrefix, parsePrefix } from "./prefix.ts";

const compareTexts = (one: string, other: string): number => (one < other ? -1 : Number(one > other));

const twoPrefixes = fc.oneof(
  fc.tuple(aPrefix(), aPrefix()),
  fc.constantFrom(...smallSpaces).chain((space) => fc.tuple(aPrefixIn(space), aPrefixIn(space))),
  aPrefix().chain((prefix) => fc.tuple(fc.constant(prefix), aPrefixIn(prefix))),
  aPrefix().chain((prefix) => fc.tuple(fc.constant(parentPrefix(prefix) ?? prefix), fc.constant(prefix))),
);

describe("keys", () => {
  test.each(keys)("the keys of $prefix never change, because stored data carries them", ({ prefix, key, address }) => {
    expect(prefixKey(parsePrefix(prefix))).toBe(key);
    expect(addressKey(firstAddress(parsePrefix(prefix)))).toBe(address);
  });

  test("keys sort as text exactly as prefixes compare", () => {
    fc.assert(
      fc.property(twoPrefixes, ([one, other]) => {
        expect(compareTexts(prefixKey(one), prefixKey(other))).toBe(Math.sign(comparePrefixes(one, other)));
      }),
      { numRuns: 2_000 },
    );
  });

  test("address keys sort as text exactly as family and value", () => {
    fc.assert(
      fc.property(anAddress(), anAddress(), (one, other) => {
        const expected = one.family - other.family || compareValues(one.value, other.value);
        expect(compareTexts(addressKey(one), addressKey(other))).toBe(Math.sign(expected));
      }),
    );
  });

  test("the within range holds exactly what is contained", () => {
    fc.assert(
      fc.property(twoPrefixes, ([one, other]) => {
        for (const [outer, inner] of [
          [one, other],
          [other, one],
        ] as const) {
          const { from, to } = withinRange(outer);
          const key = prefixKey(inner);
          expect(from <= key && key <= to).toBe(contains(outer, inner));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("a key gives back its prefix", () => {
    fc.assert(
      fc.property(aPrefix(), (prefix) => {
        expect(fromPrefixKey(prefixKey(prefix))).toEqual(prefix);
      }),
    );
  });

  test.each(malformed)("%j is no key", (key) => {
    expect(caught(AddressError, () => fromPrefixKey(key))).toMatchObject({ reason: "key-malformed", input: key });
  });
});

function compareValues(one: bigint, other: bigint): number {
  return one < other ? -1 : Number(one > other);
}
