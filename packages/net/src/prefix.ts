import { type Address, AddressError, addressBits, type Family, formatAddress, readAddress } from "./address.ts";
import { explainAddress } from "./scan.ts";

/** An aligned block of addresses. `network` has no bit set behind `length`; a single address is a /32 or a /128. */
export interface Prefix {
  readonly family: Family;
  readonly network: bigint;
  readonly length: number;
}

export interface PrefixOptions {
  /** Clear bits behind the prefix length instead of refusing them. */
  readonly canonicalise?: boolean;
  /** Read an address without a length as a /32 or a /128. */
  readonly allowAddress?: boolean;
}

/**
 * Reads `address/length`; the address as strictly as `parseAddress`, the length in decimal without leading zeros.
 * Throws AddressError; for bits behind the length (`host-bits-set`) the message names the canonical prefix.
 */
export function parsePrefix(text: string, options: PrefixOptions = {}): Prefix {
  const slash = text.indexOf("/");
  const end = slash < 0 ? text.length : slash;
  const address = readAddress(text, end);
  if (address === undefined) throw new AddressError(explainAddress(text.slice(0, end)), text);
  if (slash < 0) {
    if (options.allowAddress === true) return hostPrefix(address);
    throw new AddressError("length-missing", text);
  }
  const length = readLength(text, slash + 1, address.family);
  const network = networkOf(address, length);
  if (network !== address.value && options.canonicalise !== true) {
    const canonical = formatPrefix({ family: address.family, network, length });
    throw new AddressError("host-bits-set", text, `the prefix is ${canonical}`);
  }
  return { family: address.family, network, length };
}

/** `parsePrefix` that answers undefined where that throws. */
export function tryParsePrefix(text: string, options: PrefixOptions = {}): Prefix | undefined {
  try {
    return parsePrefix(text, options);
  } catch (error) {
    if (error instanceof AddressError) return undefined;
    throw error;
  }
}

function readLength(text: string, start: number, family: Family): number {
  let length = 0;
  for (let index = start; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) throw new AddressError(/\s/.test(text) ? "whitespace" : "length-invalid", text);
    // A long run of digits must not grow past what a number holds exactly: every value above 999 is equally too large.
    length = Math.min(length * 10 + digit, 1_000);
  }
  if (start === text.length) throw new AddressError("length-invalid", text);
  if (text.charCodeAt(start) === 48 && text.length > start + 1) throw new AddressError("length-leading-zero", text);
  if (length > addressBits(family)) throw new AddressError("length-out-of-range", text);
  return length;
}

function networkOf(address: Address, length: number): bigint {
  const hostBits = BigInt(addressBits(address.family) - length);
  return (address.value >> hostBits) << hostBits;
}

/** `network/length`, the network as in `formatAddress`. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress({ family: prefix.family, value: prefix.network })}/${prefix.length}`;
}

/** The prefix of that length around the address. Throws AddressError (`length-out-of-range`). */
export function prefixOf(address: Address, length: number): Prefix {
  if (!Number.isInteger(length) || length < 0 || length > addressBits(address.family)) {
    throw new AddressError("length-out-of-range", `${formatAddress(address)}/${length}`);
  }
  return { family: address.family, network: networkOf(address, length), length };
}

/** The address as a prefix: /32 or /128. */
export function hostPrefix(address: Address): Prefix {
  return { family: address.family, network: address.value, length: addressBits(address.family) };
}

export function firstAddress(prefix: Prefix): Address {
  return { family: prefix.family, value: prefix.network };
}

export function lastAddress(prefix: Prefix): Address {
  return { family: prefix.family, value: prefix.network + addressCount(prefix) - 1n };
}

/** How many addresses the prefix has, the first and the last included. */
export function addressCount(prefix: Prefix): bigint {
  return 1n << BigInt(addressBits(prefix.family) - prefix.length);
}

/** Whether `inner` lies in `outer`; a prefix contains itself. */
export function contains(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && containsAddress(outer, firstAddress(inner));
}

export function containsAddress(prefix: Prefix, address: Address): boolean {
  return prefix.family === address.family && networkOf(address, prefix.length) === prefix.network;
}

/** Whether the two share an address, which for prefixes means that one contains the other. */
export function overlaps(one: Prefix, other: Prefix): boolean {
  return contains(one, other) || contains(other, one);
}

/** Order for sorting: by family, then network address, then length, so that a prefix stands before what it contains. */
export function comparePrefixes(one: Prefix, other: Prefix): number {
  if (one.family !== other.family) return one.family - other.family;
  if (one.network < other.network) return -1;
  return one.network > other.network ? 1 : one.length - other.length;
}

/** The prefix one bit shorter, or undefined for the whole address space. */
export function parentPrefix(prefix: Prefix): Prefix | undefined {
  return prefix.length === 0 ? undefined : prefixOf(firstAddress(prefix), prefix.length - 1);
}

/** The two prefixes one bit longer, in order, or undefined for a single address. */
export function halves(prefix: Prefix): readonly [Prefix, Prefix] | undefined {
  const { family, network } = prefix;
  if (prefix.length === addressBits(family)) return undefined;
  const length = prefix.length + 1;
  return [
    { family, network, length },
    { family, network: network + addressCount(prefix) / 2n, length },
  ];
}
