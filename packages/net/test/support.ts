import fc from "fast-check";
import { type Address, addressBits, type Family } from "../src/address.ts";
import { type Prefix, parsePrefix, prefixOf } from "../src/prefix.ts";

/** Any address. IPv6 with many zero groups, because these are where its text has choices. */
export function anAddress(family?: Family): fc.Arbitrary<Address> {
  const group = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.integer({ min: 0, max: 0xffff }));
  const of = (which: Family): fc.Arbitrary<Address> =>
    fc.array(group, { minLength: addressBits(which) / 16, maxLength: addressBits(which) / 16 }).map((groups) => ({
      family: which,
      value: groups.reduce((value, next) => (value << 16n) | BigInt(next), 0n),
    }));
  return family === undefined ? fc.oneof(of(4), of(6)) : of(family);
}

/** Any prefix. */
export function aPrefix(): fc.Arbitrary<Prefix> {
  return anAddress().chain((address) =>
    fc.integer({ min: 0, max: addressBits(address.family) }).map((length) => prefixOf(address, length)),
  );
}

/** Blocks of 64 addresses, at the beginning, inside and at the end of both spaces: small enough to list every address. */
export const smallSpaces: readonly Prefix[] = [
  "0.0.0.0/26",
  "10.0.0.64/26",
  "255.255.255.192/26",
  "::/122",
  "2001:db8::fffc:0/122",
  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffc0/122",
].map((text) => parsePrefix(text));

/** Any prefix inside the space. */
export function aPrefixIn(space: Prefix): fc.Arbitrary<Prefix> {
  const bits = addressBits(space.family);
  return fc
    .tuple(
      fc.bigInt({ min: 0n, max: (1n << BigInt(bits - space.length)) - 1n }),
      fc.integer({ min: space.length, max: bits }),
    )
    .map(([offset, length]) => prefixOf({ family: space.family, value: space.network + offset }, length));
}

/** The error of that class that the function throws; fails when it throws nothing or another one. */
export function caught<E extends Error>(type: abstract new (...args: never[]) => E, run: () => unknown): E {
  try {
    run();
  } catch (error) {
    if (error instanceof type) return error;
    throw error;
  }
  throw new Error(`expected ${type.name}, but nothing was thrown`);
}
