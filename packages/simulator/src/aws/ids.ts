import type { Random } from "../random.ts";

/** Where a resource stands in the estate; its id is made from this and read back to it, so that no table of ids is needed. */
export interface Position {
  /** Index of the account, below 2^16. */
  readonly account: number;
  /** Index of the region, below 2^8. */
  readonly region: number;
  /** Tells series of one kind apart (computed or added, device index), below 2^8. */
  readonly series: number;
  /** Below 2^32. */
  readonly index: number;
}

export interface Ids {
  /** `i-0` and 16 hexadecimal digits that look random; every position has its own. */
  encode(prefix: string, position: Position): string;
  /** The position that an id with this prefix was made from; undefined when the text is no such id. */
  decode(prefix: string, id: string): Position | undefined;
}

const mask = (1n << 64n) - 1n;
const multiplier = 0x9e37_79b9_7f4a_7c15n;
const inverse = inverseModulo64(multiplier);

/**
 * Ids that are a permutation of the 64-bit positions (xor with a key, multiplication with an odd number, xor-shift by half
 * the width; each step can be undone).
 */
export function createIds(random: Random): Ids {
  const keys = new Map<string, bigint>();
  // Each kind of id has its own key, so that an instance and its interface do not end in the same digits.
  const keyOf = (prefix: string) => {
    const key = keys.get(prefix) ?? BigInt(`0x${random.hex(16, "id key", prefix)}`);
    keys.set(prefix, key);
    return key;
  };
  const scatter = (value: bigint, key: bigint) => {
    const mixed = ((value ^ key) * multiplier) & mask;
    return ((mixed ^ (mixed >> 32n)) * multiplier) & mask;
  };
  const gather = (value: bigint, key: bigint) => {
    const mixed = (value * inverse) & mask;
    return (((mixed ^ (mixed >> 32n)) * inverse) & mask) ^ key;
  };
  return {
    encode: (prefix, { account, region, series, index }) => {
      const packed = (BigInt(account) << 48n) | BigInt(region * 2 ** 40 + series * 2 ** 32 + index);
      return `${prefix}-0${scatter(packed, keyOf(prefix)).toString(16).padStart(16, "0")}`;
    },
    decode: (prefix, id) => {
      if (!id.startsWith(`${prefix}-0`) || id.length !== prefix.length + 18) return undefined;
      const digits = id.slice(prefix.length + 2);
      if (!/^[0-9a-f]{16}$/.test(digits)) return undefined;
      const packed = gather(BigInt(`0x${digits}`), keyOf(prefix));
      return {
        account: Number(packed >> 48n),
        region: Number((packed >> 40n) & 0xffn),
        series: Number((packed >> 32n) & 0xffn),
        index: Number(packed & 0xffff_ffffn),
      };
    },
  };
}

/** Newton's iteration for the inverse of an odd number modulo 2^64; every round doubles the correct bits. */
function inverseModulo64(odd: bigint): bigint {
  let result = odd;
  for (let round = 0; round < 6; round += 1) result = (result * (2n - odd * result)) & mask;
  return result;
}
