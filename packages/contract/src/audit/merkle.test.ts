import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hashLeaf, pathOf, rootByPath, rootOf } from "./merkle.ts";

interface Vectors {
  readonly leaves: readonly string[];
  readonly roots: readonly string[];
  readonly paths: readonly { readonly index: number; readonly size: number; readonly path: readonly string[] }[];
}

const vectors = JSON.parse(
  readFileSync(new URL("../../../../test/vectors/contract/merkle.json", import.meta.url), "utf8"),
) as Vectors;

const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString("hex");
const LEAVES = vectors.leaves.map((leaf) => hashLeaf(Buffer.from(leaf, "hex")));

describe("a Merkle tree", () => {
  test("has the roots of the reference vectors, from no leaf to eight", () => {
    expect(vectors.roots.map((_, size) => hex(rootOf(LEAVES.slice(0, size))))).toEqual(vectors.roots);
    expect(vectors.roots[0]).toBe(hash("sha256", ""));
  });

  test.each(vectors.paths)("has the reference path of leaf $index of $size", ({ index, size, path }) => {
    const leaves = LEAVES.slice(0, size);
    expect(pathOf(leaves, index).map(hex)).toEqual(path);
    const given = path.map((one) => Buffer.from(one, "hex"));
    expect(hex(rootByPath(leaves[index] as Uint8Array, { index, size, path: given }))).toBe(vectors.roots[size]);
  });

  test("has no place for a hash of another length, in whose place an earlier one could stand", () => {
    const leaf = hashLeaf("a");
    for (const other of [leaf.subarray(1), Buffer.concat([leaf, Buffer.of(0)]), new Uint8Array()]) {
      expect(() => rootOf([leaf, other])).toThrow(RangeError);
      expect(() => rootOf([other, leaf])).toThrow(RangeError);
    }
  });

  test("is led to by the path of each leaf, at its place and in its size alone, and by no other path", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), fc.nat(), (size, at, other) => {
        const leaves = Array.from({ length: size }, (_, n) => hashLeaf(`leaf ${n}`));
        const index = at % size;
        const leaf = leaves[index] as Uint8Array;
        const path = pathOf(leaves, index);
        const root = hex(rootOf(leaves));
        expect(hex(rootByPath(leaf, { index, size, path }))).toBe(root);
        const wrong = other % size;
        if (wrong !== index) {
          expect(hex(rootByPath(leaf, { index: wrong, size, path }))).not.toBe(root);
          expect(hex(rootByPath(leaves[wrong] as Uint8Array, { index, size, path }))).not.toBe(root);
        }
        expect(rootByPath(leaf, { index, size, path: [...path, leaf] })).toBeUndefined();
        if (path.length > 0) expect(hex(rootByPath(leaf, { index, size, path: path.slice(1) }))).not.toBe(root);
      }),
    );
    for (const index of [-1, 1, 0.5, Number.NaN])
      expect(rootByPath(hashLeaf("a"), { index, size: 1, path: [] })).toBeUndefined();
  });
});
