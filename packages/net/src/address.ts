import { AddressError } from "./address-error.ts";
import { explainAddress, scanIPv4, scanIPv6 } from "./scan.ts";

export { AddressError } from "./address-error.ts";

export type Family = 4 | 6;

/** One IP address. `value` is the address as an unsigned number of 32 (IPv4) or 128 (IPv6) bits. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** How many bits an address of the family has: 32 or 128. */
export function addressBits(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/**
 * Reads one address and accepts one reading only: IPv4 as four decimal octets without leading zeros, IPv6 as
 * hexadecimal groups with at most one `::` (RFC 4291 §2.2 forms 1 and 2; upper case and the leading zeros that the RFC
 * allows inside a group are fine). Zone ids, brackets, ports, prefix lengths, white space and dots inside IPv6 are refused.
 * Throws AddressError.
 */
export function parseAddress(text: string): Address {
  const address = tryParseAddress(text);
  if (address === undefined) throw new AddressError(explainAddress(text), text);
  return address;
}

/** `parseAddress` that answers undefined where that throws. */
export function tryParseAddress(text: string): Address | undefined {
  return readAddress(text, text.length);
}

/** The address in text[0, end), without copying it out; undefined when it is none. */
export function readAddress(text: string, end: number): Address | undefined {
  const ipv4 = scanIPv4(text, end);
  if (ipv4 >= 0) return { family: 4, value: BigInt(ipv4) };
  const ipv6 = scanIPv6(text, end);
  return ipv6 === undefined ? undefined : { family: 6, value: ipv6 };
}

/**
 * The canonical text: dotted decimal, or RFC 5952 §4 (lower case, the first longest run of zero groups as `::`). The
 * mixed notation that RFC 5952 §5 recommends for IPv4-mapped addresses is not used, so that every text parses back.
 */
export function formatAddress(address: Address): string {
  return address.family === 4 ? formatIPv4(Number(address.value)) : formatIPv6(address.value);
}

function formatIPv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

function formatIPv6(value: bigint): string {
  const digits = value.toString(16).padStart(32, "0");
  const groups: string[] = [];
  for (let index = 0; index < 32; index += 4)
    groups.push(Number.parseInt(digits.slice(index, index + 4), 16).toString(16));
  const run = longestZeroRun(groups);
  if (run.length < 2) return groups.join(":");
  return `${groups.slice(0, run.start).join(":")}::${groups.slice(run.start + run.length).join(":")}`;
}

function longestZeroRun(groups: readonly string[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let length = 0;
  groups.forEach((group, index) => {
    length = group === "0" ? length + 1 : 0;
    if (length > longest.length) longest = { start: index - length + 1, length };
  });
  return longest;
}
