import { BlockList } from "node:net";
import fc from "fast-check";
import IPCIDR from "ip-cidr";
import { describe, expect, test } from "vitest";
import hostBits from "../../../test/vectors/net/prefixes-host-bits.json" with { type: "json" };
import invalid from "../../../test/vectors/net/prefixes-invalid.json" with { type: "json" };
import valid from "../../../test/vectors/net/prefixes-valid.json" with { type: "json" };
import { anAddress, aPrefix, aPrefixIn, caught, smallSpaces } from "../test/support.ts";
import { AddressError, addressBits, formatAddress, parseAddress } from "./address.ts";
import {
  addressCount,
  comparePrefixes,
  contains,
  containsAddress,
  firstAddress,
  formatPrefix,
  halves,
  hostPrefix,
  lastAddress,
  overlaps,
  type Prefix,
  parentPrefix,
  parsePrefix,
  prefixOf,
  tryParsePrefix,
} from "./prefix.ts";

describe("parsePrefix", () => {
  test.each(valid)("reads $text", ({ text, canonical, first, last, count }) => {
    const prefix = parsePrefix(text);
    expect(formatPrefix(prefix)).toBe(canonical);
    expect(formatAddress(firstAddress(prefix))).toBe(first);
    expect(formatAddress(lastAddress(prefix))).toBe(last);
    expect(addressCount(prefix)).toBe(BigInt(count));
    expect(tryParsePrefix(text)).toEqual(prefix);
  });

  test("what is no text at all is a fault of the caller, and not taken for a bad prefix", () => {
    expect(() => tryParsePrefix(undefined as unknown as string)).toThrow(TypeError);
  });

  test.each(invalid)("refuses $text because of its $reason, also when it may canonicalise", ({ text, reason }) => {
    expect(caught(AddressError, () => parsePrefix(text))).toMatchObject({ reason, input: text });
    expect(caught(AddressError, () => parsePrefix(text, { canonicalise: true }))).toMatchObject({ reason });
    expect(tryParsePrefix(text)).toBeUndefined();
  });

  test.each(hostBits)(
    "refuses $text naming $canonical, and reads it as that when told to canonicalise",
    ({ text, canonical }) => {
      const error = caught(AddressError, () => parsePrefix(text));
      expect(error.reason).toBe("host-bits-set");
      expect(error.message).toContain(`the prefix is ${canonical}`);
      expect(formatPrefix(parsePrefix(text, { canonicalise: true }))).toBe(canonical);
    },
  );

  test("takes a bare address for a single-address prefix only when allowed to", () => {
    expect(formatPrefix(parsePrefix("10.0.0.1", { allowAddress: true }))).toBe("10.0.0.1/32");
    expect(formatPrefix(parsePrefix("::1", { allowAddress: true }))).toBe("::1/128");
    expect(tryParsePrefix("10.0.0.1")).toBeUndefined();
    expect(caught(AddressError, () => parsePrefix("10.0.0.01", { allowAddress: true })).reason).toBe(
      "octet-leading-zero",
    );
  });

  test("every prefix survives being written and read", () => {
    fc.assert(
      fc.property(aPrefix(), (prefix) => {
        expect(parsePrefix(formatPrefix(prefix))).toEqual(prefix);
      }),
    );
  });

  test("canonicalising twice changes nothing more, and gives the prefix around the address", () => {
    fc.assert(
      fc.property(anAddress(), fc.nat(128), (address, some) => {
        const length = Math.min(some, addressBits(address.family));
        const once = parsePrefix(`${formatAddress(address)}/${length}`, { canonicalise: true });
        expect(once).toEqual(prefixOf(address, length));
        expect(parsePrefix(formatPrefix(once), { canonicalise: true })).toEqual(once);
        expect(parsePrefix(formatPrefix(once))).toEqual(once);
      }),
    );
  });

  test("prefixOf refuses a length that the family does not have", () => {
    for (const length of [-1, 33, 1.5, Number.NaN]) {
      expect(caught(AddressError, () => prefixOf(parseAddress("10.0.0.0"), length))).toMatchObject({
        reason: "length-out-of-range",
        input: `10.0.0.0/${length}`,
      });
    }
  });
});

describe("containment", () => {
  const twoPrefixes = fc.oneof(
    fc.tuple(aPrefix(), aPrefix()),
    fc.constantFrom(...smallSpaces).chain((space) => fc.tuple(aPrefixIn(space), aPrefixIn(space))),
  );

  test("a prefix contains itself and both its ends, and not the addresses beside them", () => {
    fc.assert(
      fc.property(aPrefix(), (prefix) => {
        const [first, last] = [firstAddress(prefix), lastAddress(prefix)];
        expect(contains(prefix, prefix)).toBe(true);
        expect(containsAddress(prefix, first) && containsAddress(prefix, last)).toBe(true);
        expect(last.value - first.value + 1n).toBe(addressCount(prefix));
        const limit = 1n << BigInt(addressBits(prefix.family));
        if (first.value > 0n) expect(containsAddress(prefix, { ...first, value: first.value - 1n })).toBe(false);
        if (last.value + 1n < limit) expect(containsAddress(prefix, { ...last, value: last.value + 1n })).toBe(false);
      }),
    );
  });

  test("one contains another exactly when it holds both ends of it", () => {
    fc.assert(
      fc.property(twoPrefixes, ([one, other]) => {
        const bothEnds = containsAddress(one, firstAddress(other)) && containsAddress(one, lastAddress(other));
        expect(contains(one, other)).toBe(bothEnds);
      }),
    );
  });

  test("two prefixes overlap exactly when their ranges do, and either way round", () => {
    fc.assert(
      fc.property(twoPrefixes, ([one, other]) => {
        const ranges =
          one.family === other.family &&
          one.network <= lastAddress(other).value &&
          other.network <= lastAddress(one).value;
        expect(overlaps(one, other)).toBe(ranges);
        expect(overlaps(other, one)).toBe(ranges);
      }),
    );
  });

  test("containing each other means being equal, and containment passes on", () => {
    const three = fc
      .constantFrom(...smallSpaces)
      .chain((space) => fc.tuple(aPrefixIn(space), aPrefixIn(space), aPrefixIn(space)));
    fc.assert(
      fc.property(three, ([one, two, last]) => {
        if (contains(one, two) && contains(two, one)) expect(one).toEqual(two);
        if (contains(one, two) && contains(two, last)) expect(contains(one, last)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test("agrees with Node's own block list", () => {
    fc.assert(
      fc.property(aPrefix(), anAddress(), (prefix, other) => {
        fc.pre(prefix.length > 0 && prefix.family === other.family);
        const family = prefix.family === 4 ? "ipv4" : "ipv6";
        const list = new BlockList();
        list.addSubnet(formatAddress(firstAddress(prefix)), prefix.length, family);
        for (const address of [other, lastAddress(prefix)]) {
          expect(containsAddress(prefix, address)).toBe(list.check(formatAddress(address), family));
        }
      }),
    );
  });
});

/** The prefix as ip-cidr has it. Only what our parser made may reach it: it reads 10.0.0.1/8, and dots in IPv6 as IPv4. */
const secondOpinion = (prefix: Prefix) => new IPCIDR(formatPrefix(prefix));

describe("by another's arithmetic", () => {
  const mapped = fc.constantFrom(
    "::ffff:a00:0/104",
    "64:ff9b::/96",
    "::/0",
    "0.0.0.0/0",
    "::1/128",
    "255.255.255.255/32",
  );
  const anyPrefix = fc.oneof(
    aPrefix(),
    mapped.map((text) => parsePrefix(text)),
  );

  test("a prefix has the same ends and as many addresses", () => {
    fc.assert(
      fc.property(anyPrefix, (prefix) => {
        const other = secondOpinion(prefix);
        expect(other.start<bigint>({ type: "bigInteger" })).toBe(firstAddress(prefix).value);
        expect(other.end<bigint>({ type: "bigInteger" })).toBe(lastAddress(prefix).value);
        expect(other.size).toBe(addressCount(prefix));
      }),
    );
  });

  test("any stretch of its addresses is the same, however large it is", () => {
    const stretch = anyPrefix.chain((prefix) =>
      fc.record({
        prefix: fc.constant(prefix),
        from: fc.bigInt({ min: 0n, max: addressCount(prefix) - 1n }),
        limit: fc.integer({ min: 1, max: 20 }),
      }),
    );
    fc.assert(
      fc.property(stretch, ({ prefix, from, limit }) => {
        const walked = secondOpinion(prefix).toArray({ from, limit }).map(parseAddress);
        expect(walked).toEqual(
          Array.from({ length: limit }, (_, index) => prefix.network + from + BigInt(index))
            .filter((value) => value <= lastAddress(prefix).value)
            .map((value) => ({ family: prefix.family, value })),
        );
        expect(walked.every((address) => containsAddress(prefix, address))).toBe(true);
      }),
    );
  });

  test("the same addresses are inside, and the same are beside it", () => {
    fc.assert(
      fc.property(anyPrefix, anyPrefix, (prefix, other) => {
        const { family } = prefix;
        const beside = [firstAddress(prefix).value - 1n, lastAddress(prefix).value + 1n]
          .filter((value) => value >= 0n && value < 1n << BigInt(addressBits(family)))
          .map((value) => ({ family, value }));
        for (const address of [...beside, firstAddress(other), lastAddress(other)]) {
          if (address.family !== family) continue;
          expect(secondOpinion(prefix).contains(address.value)).toBe(containsAddress(prefix, address));
        }
      }),
    );
  });
});

describe("the tree", () => {
  test("the halves of a prefix are its only children, side by side, and fill it", () => {
    fc.assert(
      fc.property(aPrefix(), (prefix) => {
        const children = halves(prefix);
        if (children === undefined) {
          expect(prefix).toEqual(hostPrefix(firstAddress(prefix)));
          return;
        }
        const [left, right] = children;
        expect([parentPrefix(left), parentPrefix(right)]).toEqual([prefix, prefix]);
        expect(overlaps(left, right)).toBe(false);
        expect(lastAddress(left).value + 1n).toBe(right.network);
        expect(addressCount(left) + addressCount(right)).toBe(addressCount(prefix));
      }),
    );
  });

  test("only the whole space has no parent", () => {
    expect(parentPrefix(parsePrefix("0.0.0.0/0"))).toBeUndefined();
    expect(parentPrefix(parsePrefix("::/0"))).toBeUndefined();
    expect(parentPrefix(parsePrefix("10.0.0.0/8"))).toEqual(parsePrefix("10.0.0.0/7"));
  });

  test("sorting puts families apart and every prefix before what it contains", () => {
    const sorted = ["::/0", "10.1.0.0/16", "10.0.0.0/16", "10.0.0.0/8", "9.0.0.0/8", "0.0.0.0/0", "10.0.0.0/32"]
      .map((text) => parsePrefix(text))
      .sort(comparePrefixes)
      .map(formatPrefix);
    expect(sorted).toEqual([
      "0.0.0.0/0",
      "9.0.0.0/8",
      "10.0.0.0/8",
      "10.0.0.0/16",
      "10.0.0.0/32",
      "10.1.0.0/16",
      "::/0",
    ]);
  });
});
