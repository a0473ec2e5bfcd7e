import type { Address } from "./address.ts";

const BITS = 32;
const ALL = (1n << BigInt(BITS)) - 1n;

/** How many bits from the left are ones, where only zeros follow. */
function leadingOnes(value: bigint): number | undefined {
  const zeros = (value ^ ALL).toString(2).replace(/^0+/, "");
  return zeros.includes("0") ? undefined : BITS - zeros.length;
}

/**
 * The prefix length that an IPv4 mask stands for, as routers write them: 24 for `255.255.255.0`, and for `0.0.0.255`, the same
 * turned over. Undefined for what is no mask. Pure.
 */
export function maskLength({ family, value }: Address): number | undefined {
  if (family !== 4) return undefined;
  return leadingOnes(value) ?? leadingOnes(value ^ ALL);
}
