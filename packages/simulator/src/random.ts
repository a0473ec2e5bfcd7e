import { createHash } from "node:crypto";

/**
 * Deterministic values from a seed and a path, without a sequence: any part of an estate can be asked for in any order and
 * any number of times, so that a large estate never has to be held in memory.
 */
export interface Random {
  /** A whole number from 0 (inclusive) to `below` (exclusive, at most 2^48). */
  int(below: number, ...path: readonly (string | number)[]): number;
  /** True in about `share` (0 to 1) of all paths. */
  chance(share: number, ...path: readonly (string | number)[]): boolean;
  pick<T>(from: readonly T[], ...path: readonly (string | number)[]): T;
  /** `length` lower-case hexadecimal digits, at most 64. */
  hex(length: number, ...path: readonly (string | number)[]): string;
}

export function createRandom(seed: string): Random {
  const hash = (path: readonly (string | number)[]) =>
    createHash("sha256")
      .update(JSON.stringify([seed, ...path]))
      .digest();
  const int = (below: number, ...path: readonly (string | number)[]) => {
    if (!Number.isSafeInteger(below) || below < 1 || below > 2 ** 48)
      throw new RangeError(`below must be 1 to 2^48, not ${below}`);
    return hash(path).readUIntBE(0, 6) % below;
  };
  return {
    int,
    chance: (share, ...path) => int(1_000_000, ...path) < share * 1_000_000,
    pick: <T>(from: readonly T[], ...path: readonly (string | number)[]) => from[int(from.length, ...path)] as T,
    hex: (length, ...path) => hash(path).toString("hex").slice(0, length),
  };
}
