import { hash } from "node:crypto";

/* Merkle trees by RFC 6962 §2.1 (the same in RFC 9162 §2.1): SHA-256, leaves and inner nodes hashed under different prefixes. */

/* Everything is hashed in one call each: that takes half the time of three, and there are two hashes for each record. */

const LEAF = "\0";
const HASH_BYTES = 32;
/** The prefix of an inner node, and room for the two hashes below it: nothing is awaited while it is filled. */
const node = Buffer.of(1, ...new Uint8Array(2 * HASH_BYTES));

/** The root of a tree without leaves. */
const EMPTY: Uint8Array = hash("sha256", "", "buffer");

/** The hash of a leaf over its bytes. */
export function hashLeaf(bytes: string | Uint8Array): Uint8Array {
  const prefixed = typeof bytes === "string" ? LEAF + bytes : Buffer.concat([Buffer.from(LEAF), bytes]);
  return hash("sha256", prefixed, "buffer");
}

function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  // Of a shorter one the bytes of an earlier one would be left in their place.
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) throw new RangeError("a hash has 32 bytes");
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  return hash("sha256", node, "buffer");
}

/** The largest power of two that is smaller than a number from 2. */
const splitOf = (size: number): number => 2 ** (31 - Math.clz32(size - 1));

/** The root over the hashes of leaves, from the one place to before the other. */
function rootBetween(leaves: readonly Uint8Array[], from: number, to: number): Uint8Array {
  if (to - from === 1) return leaves[from] as Uint8Array;
  const middle = from + splitOf(to - from);
  return hashNode(rootBetween(leaves, from, middle), rootBetween(leaves, middle, to));
}

/** The root over the hashes of leaves in their order. */
export function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  return leaves.length === 0 ? EMPTY : rootBetween(leaves, 0, leaves.length);
}

/** What has to be hashed with a leaf, from the leaf to the root, to come to the root (RFC 6962 §2.1.1). */
export function pathOf(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  const path = (from: number, to: number): Uint8Array[] => {
    if (to - from === 1) return [];
    const middle = from + splitOf(to - from);
    return index < middle
      ? [...path(from, middle), rootBetween(leaves, middle, to)]
      : [...path(middle, to), rootBetween(leaves, from, middle)];
  };
  return path(0, leaves.length);
}

/** The root that a leaf and its path lead to, by RFC 9162 §2.1.3.2; none when the path is of another length than the place asks for. */
export function rootByPath(
  leaf: Uint8Array,
  { index, size, path }: { readonly index: number; readonly size: number; readonly path: readonly Uint8Array[] },
): Uint8Array | undefined {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return undefined;
  let place = index;
  let last = size - 1;
  let root = leaf;
  for (const other of path) {
    if (last === 0) return undefined;
    if (place % 2 === 1 || place === last) {
      root = hashNode(other, root);
      while (place % 2 === 0 && place !== 0) {
        place = Math.floor(place / 2);
        last = Math.floor(last / 2);
      }
    } else root = hashNode(root, other);
    place = Math.floor(place / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? root : undefined;
}
