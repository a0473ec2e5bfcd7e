import fc from "fast-check";
import { describe, expect, test } from "vitest";
import vectors from "../../../test/vectors/net/usable-hosts.json" with { type: "json" };
import { aPrefix, aPrefixIn } from "../test/support.ts";
import { addressesTotal, type Cloud, type RangeUse, usableHosts } from "./hosts.ts";
import { addressCount, parsePrefix } from "./prefix.ts";
import { freeSpace, union } from "./set.ts";

describe("usableHosts", () => {
  test.each(vectors)("$prefix $cloud $use: $usable", ({ prefix, cloud, use, usable }) => {
    expect(usableHosts(parsePrefix(prefix), cloud as Cloud | undefined, use as RangeUse | undefined)).toBe(
      BigInt(usable),
    );
  });

  test("is never negative and never above the address count", () => {
    fc.assert(
      fc.property(aPrefix(), fc.constantFrom<Cloud | undefined>("aws", "gcp", undefined), (prefix, cloud) => {
        const usable = usableHosts(prefix, cloud);
        expect(usable >= 0n && usable <= addressCount(prefix)).toBe(true);
      }),
    );
  });
});

describe("addressesTotal", () => {
  test("counts an address that is in several prefixes once", () => {
    const total = addressesTotal(
      ["10.0.0.0/24", "10.0.0.128/25", "10.0.0.7/32", "10.0.1.0/24"].map((text) => parsePrefix(text)),
    );
    expect(total).toBe(512n);
    expect(addressesTotal([])).toBe(0n);
  });

  test("what is taken and what is free add up to the parent, and taken is never above it", () => {
    fc.assert(
      fc.property(
        aPrefix().chain((parent) => fc.tuple(fc.constant(parent), fc.array(aPrefixIn(parent), { maxLength: 10 }))),
        ([parent, taken]) => {
          expect(addressesTotal(taken)).toBe(union(taken).reduce((total, prefix) => total + addressCount(prefix), 0n));
          expect(addressesTotal(taken) + addressesTotal(freeSpace(parent, taken))).toBe(addressCount(parent));
        },
      ),
    );
  });
});
