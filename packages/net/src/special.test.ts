import fc from "fast-check";
import { expect, test } from "vitest";
import vectors from "../../../test/vectors/net/special.json" with { type: "json" };
import { anAddress } from "../test/support.ts";
import { type Address, formatAddress, parseAddress } from "./address.ts";
import {
  embeddedIPv4,
  isCarrierNat,
  isLinkLocal,
  isLoopback,
  isMetadataAddress,
  isMulticast,
  isPrivate,
  isUnspecified,
} from "./special.ts";

const predicates = [
  ["loopback", isLoopback],
  ["link-local", isLinkLocal],
  ["private", isPrivate],
  ["multicast", isMulticast],
  ["unspecified", isUnspecified],
  ["metadata", isMetadataAddress],
  ["carrier-nat", isCarrierNat],
] as const;

function usesOf(address: Address): string[] {
  return predicates.filter(([, applies]) => applies(address)).map(([use]) => use);
}

test.each(vectors)("$address is $uses", ({ address, uses }) => {
  expect(usesOf(parseAddress(address)).toSorted()).toEqual(uses.toSorted());
});

test("an IPv4 address keeps all its uses when it is dressed as IPv6", () => {
  const special = fc
    .constantFrom("127.0.0.1", "169.254.169.254", "169.254.170.2", "10.0.0.1", "224.0.0.1", "0.0.0.0")
    .map(parseAddress);
  fc.assert(
    fc.property(fc.oneof(anAddress(4), special), ({ value }) => {
      const uses = usesOf({ family: 4, value });
      const dressed = [0xffffn << 32n, 0xffffn << 48n, 0x64ff9bn << 96n].map((prefix) => prefix | value);
      const tunnelled = [(0x2002n << 112n) | (value << 80n), (0x20010000n << 96n) | (value ^ 0xffffffffn)];
      for (const ipv6 of [...dressed, ...tunnelled]) {
        const address: Address = { family: 6, value: ipv6 };
        expect(formatAddress(embeddedIPv4(address) ?? address)).toBe(formatAddress({ family: 4, value }));
        expect(usesOf(address)).toEqual(uses);
      }
    }),
  );
});

test("an IPv4 address holds no other address", () => {
  expect(embeddedIPv4(parseAddress("127.0.0.1"))).toBeUndefined();
});
