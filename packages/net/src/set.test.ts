import fc from "fast-check";
import { describe, expect, test } from "vitest";
import ranges from "../../../test/vectors/net/ranges.json" with { type: "json" };
import sets from "../../../test/vectors/net/sets.json" with { type: "json" };
import { anAddress, aPrefix, aPrefixIn, caught, smallSpaces } from "../test/support.ts";
import { AddressError, parseAddress } from "./address.ts";
import {
  addressCount,
  comparePrefixes,
  contains,
  formatPrefix,
  lastAddress,
  overlaps,
  type Prefix,
  parentPrefix,
  parsePrefix,
} from "./prefix.ts";
import { freeSpace, intersect, rangeToPrefixes, subtract, union } from "./set.ts";

const operations = { union: (one: Prefix[], other: Prefix[]) => union([...one, ...other]), subtract, intersect };

test.each(sets)("$operation: $what", ({ operation, one, other, result }) => {
  const parse = (texts: string[]) => texts.map((text) => parsePrefix(text));
  const run = operations[operation as keyof typeof operations];
  expect(run(parse(one), parse(other)).map(formatPrefix)).toEqual(result);
});

/** Every address of the prefixes, by value. */
function addressesOf(prefixes: readonly Prefix[]): Set<bigint> {
  const values = new Set<bigint>();
  for (const prefix of prefixes) {
    for (let value = prefix.network; value <= lastAddress(prefix).value; value++) values.add(value);
  }
  return values;
}

function keep(values: ReadonlySet<bigint>, wanted: (value: bigint) => boolean): Set<bigint> {
  return new Set([...values].filter(wanted));
}

/** The canonical prefixes of a set of addresses of a space, found by asking every prefix there is in the space. */
function modelPrefixes(space: Prefix, values: ReadonlySet<bigint>): Prefix[] {
  const full = (prefix: Prefix) => [...addressesOf([prefix])].every((value) => values.has(value));
  const collect = (prefix: Prefix): Prefix[] => {
    if (full(prefix)) return [prefix];
    const length = prefix.length + 1;
    if (addressCount(prefix) === 1n) return [];
    return [
      ...collect({ ...prefix, length }),
      ...collect({ ...prefix, network: prefix.network + addressCount(prefix) / 2n, length }),
    ];
  };
  return collect(space);
}

const aCase = fc.constantFrom(...smallSpaces).chain((space) =>
  fc.record({
    space: fc.constant(space),
    one: fc.array(aPrefixIn(space), { maxLength: 8 }),
    other: fc.array(aPrefixIn(space), { maxLength: 8 }),
  }),
);

const anyPrefixes = fc.array(
  fc.oneof(
    aPrefix(),
    aPrefix().chain((prefix) => fc.constant(parentPrefix(prefix) ?? prefix)),
    fc.constantFrom(...smallSpaces).chain(aPrefixIn),
  ),
  { maxLength: 12 },
);

describe("against a model that lists every address", () => {
  test("union, intersection, difference and free space are exact and as short as can be", () => {
    fc.assert(
      fc.property(aCase, ({ space, one, other }) => {
        const [ones, others] = [addressesOf(one), addressesOf(other)];
        expect(union([...one, ...other])).toEqual(modelPrefixes(space, new Set([...ones, ...others])));
        expect(intersect(one, other)).toEqual(
          modelPrefixes(
            space,
            keep(ones, (value) => others.has(value)),
          ),
        );
        expect(subtract(one, other)).toEqual(
          modelPrefixes(
            space,
            keep(ones, (value) => !others.has(value)),
          ),
        );
        expect(freeSpace(space, one)).toEqual(
          modelPrefixes(
            space,
            keep(addressesOf([space]), (value) => !ones.has(value)),
          ),
        );
      }),
      { numRuns: 500 },
    );
  });

  test("a range becomes exactly its addresses, in as few prefixes as can be", () => {
    fc.assert(
      fc.property(fc.constantFrom(...smallSpaces), fc.nat(63), fc.nat(63), (space, one, other) => {
        const { family, network } = space;
        const first = { family, value: network + BigInt(Math.min(one, other)) };
        const last = { family, value: network + BigInt(Math.max(one, other)) };
        const values = new Set<bigint>();
        for (let value = first.value; value <= last.value; value++) values.add(value);
        expect(rangeToPrefixes(first, last)).toEqual(modelPrefixes(space, values));
      }),
    );
  });
});

describe("over the whole of both spaces", () => {
  test("what is taken away and what is common make up the original", () => {
    fc.assert(
      fc.property(anyPrefixes, anyPrefixes, (one, other) => {
        const [rest, common] = [subtract(one, other), intersect(one, other)];
        expect(union([...rest, ...common])).toEqual(union(one));
        expect(intersect(rest, common)).toEqual([]);
        expect(intersect(rest, other)).toEqual([]);
        expect(subtract(common, other)).toEqual([]);
      }),
    );
  });

  test("every result is sorted and disjoint, and normalising it again changes nothing", () => {
    fc.assert(
      fc.property(anyPrefixes, anyPrefixes, (one, other) => {
        for (const result of [union(one), subtract(one, other), intersect(one, other)]) {
          expect(result.toSorted(comparePrefixes)).toEqual(result);
          expect(result.some((prefix, index) => result.slice(index + 1).some((next) => overlaps(prefix, next)))).toBe(
            false,
          );
          expect(union(result)).toEqual(result);
        }
      }),
    );
  });

  test("union does not depend on order or repetition, and covers every member", () => {
    fc.assert(
      fc.property(anyPrefixes, (prefixes) => {
        const all = union(prefixes);
        expect(union([...prefixes, ...prefixes].reverse())).toEqual(all);
        for (const prefix of prefixes) expect(all.some((whole) => contains(whole, prefix))).toBe(true);
      }),
    );
  });

  test("free space lies in the parent, touches nothing taken, and no block of it could be larger", () => {
    fc.assert(
      fc.property(
        aPrefix().chain((parent) =>
          fc.tuple(fc.constant(parent), fc.array(fc.oneof(aPrefixIn(parent), aPrefix()), { maxLength: 10 })),
        ),
        ([parent, taken]) => {
          for (const free of freeSpace(parent, taken)) {
            expect(contains(parent, free)).toBe(true);
            expect(taken.some((prefix) => overlaps(prefix, free))).toBe(false);
            const larger = parentPrefix(free);
            const couldGrow =
              larger !== undefined && contains(parent, larger) && !taken.some((prefix) => overlaps(prefix, larger));
            expect(couldGrow).toBe(false);
          }
        },
      ),
    );
  });
});

describe("rangeToPrefixes", () => {
  test.each(ranges)("$first to $last", ({ first, last, prefixes }) => {
    expect(rangeToPrefixes(parseAddress(first), parseAddress(last)).map(formatPrefix)).toEqual(prefixes);
  });

  test("covers any range from end to end without a gap, in at most two prefixes per bit", () => {
    fc.assert(
      fc.property(anAddress(), anAddress(), (one, other) => {
        fc.pre(one.family === other.family);
        const [first, last] = one.value <= other.value ? [one, other] : [other, one];
        const prefixes = rangeToPrefixes(first, last);
        let next = first.value;
        for (const prefix of prefixes) {
          expect(parsePrefix(formatPrefix(prefix))).toEqual(prefix);
          expect(prefix.network).toBe(next);
          next += addressCount(prefix);
        }
        expect(next).toBe(last.value + 1n);
        expect(prefixes.length).toBeLessThanOrEqual(one.family === 4 ? 62 : 254);
      }),
    );
  });

  test("refuses a range that mixes families or ends before it begins", () => {
    const [low, high, ipv6] = [parseAddress("10.0.0.1"), parseAddress("10.0.0.2"), parseAddress("::1")];
    expect(caught(AddressError, () => rangeToPrefixes(high, low))).toMatchObject({
      reason: "range-reversed",
      input: "10.0.0.2-10.0.0.1",
    });
    expect(caught(AddressError, () => rangeToPrefixes(low, ipv6))).toMatchObject({
      reason: "range-families-differ",
      input: "10.0.0.1-::1",
    });
  });
});
