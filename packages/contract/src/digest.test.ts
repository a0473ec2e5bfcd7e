import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canonicalJson,
  contentHash,
  createScopeDigest,
  idHash,
  MOST_SHARDS,
  packEntries,
  rootDigest,
  SHARD_RESOURCES,
  shardCountFor,
  shardOf,
  unorderedJson,
  unpackEntries,
} from "./digest.ts";

const vectors = JSON.parse(
  readFileSync(new URL("../../../test/vectors/contract/canonical-json.json", import.meta.url), "utf8"),
) as {
  about: string;
  value: unknown;
  canonical: string;
}[];

const hash = fc.stringMatching(/^[0-9a-f]{32}$/);
const entries = fc.uniqueArray(fc.record({ idHash: hash, contentHash: hash }), {
  selector: (entry) => entry.idHash,
  maxLength: 50,
});
/** JSON values without -0, which JSON cannot tell from 0. */
const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled).reverse();
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, shuffled(member)]),
  );
}

/** The value with every array sorted: texts by themselves, other elements by their canonical bytes. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const keyOf = (element: unknown) => (typeof element === "string" ? element : canonicalJson(element));
    return value
      .map(sorted)
      .map((element) => ({ element, key: keyOf(element) }))
      .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
      .map(({ element }) => element);
  }
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, sorted(member)]));
}

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc.constant("__proto__"),
);
/** Values with long arrays of many kinds of elements, numbers of all magnitudes, and any text that is well formed. */
const anyJson = fc
  .letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.oneof(
        text,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
      ),
      fc.array(tie("value"), { maxLength: 8 }),
      fc.dictionary(text, tie("value"), { maxKeys: 8 }),
    ),
  }))
  .value.map((value) => JSON.parse(JSON.stringify(value)) as unknown);

describe("canonical bytes", () => {
  it("without element order are those that RFC 8785 gives the sorted value", () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(unorderedJson(value)).toBe(canonicalJson(sorted(value)));
      }),
      { numRuns: 1000 },
    );
  });

  it("are refused for what JSON cannot say, and leave out members that are undefined", () => {
    expect(unorderedJson({ a: undefined, b: [undefined, 1] })).toBe(canonicalJson({ b: [1, null] }));
    for (const value of [undefined, Number.NaN, Number.POSITIVE_INFINITY, 1n, "\ud800", { "\udfff": 1 }]) {
      expect(() => unorderedJson(value)).toThrow(TypeError);
    }
  });

  it.each(vectors)("$about", ({ value, canonical }) => {
    expect(canonicalJson(value)).toBe(canonical);
  });

  it("do not depend on the order of members or elements where order does not count", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(unorderedJson(shuffled(value))).toBe(unorderedJson(value));
      }),
    );
  });

  it("tell an element that is there twice from one that is there once", () => {
    expect(unorderedJson(["a", "a"])).not.toBe(unorderedJson(["a"]));
    expect(unorderedJson([["a", "b"], ["c"]])).not.toBe(unorderedJson([["a"], ["b", "c"]]));
  });
});

describe("a content hash", () => {
  const resource = { id: "x", name: "n", tags: { a: "1" }, attributes: { list: [{ k: 1 }, { k: 2 }] } };

  it("changes with the kind, id, name, tags and attributes, and with members that are not known here", () => {
    const hashes = [
      contentHash("instance", resource),
      contentHash("subnet", resource),
      contentHash("instance", { ...resource, id: "y" }),
      contentHash("instance", { ...resource, name: "m" }),
      contentHash("instance", { ...resource, tags: { a: "2" } }),
      contentHash("instance", { ...resource, attributes: { list: [{ k: 1 }, { k: 3 }] } }),
      contentHash("instance", { ...resource, colour: "blue" }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it("does not change with volatile values or the order of elements", () => {
    const same = { ...resource, volatile: { free: 7 }, attributes: { list: [{ k: 2 }, { k: 1 }] } };
    expect(contentHash("instance", same)).toBe(contentHash("instance", resource));
  });
});

describe("packed entries", () => {
  it("come back sorted by id hash, whatever order they were packed in", () => {
    fc.assert(
      fc.property(entries, (all) => {
        const packed = packEntries(all);
        expect(packed.byteLength).toBe(all.length * 32);
        expect(unpackEntries(packed)).toEqual(all.toSorted((a, b) => (a.idHash < b.idHash ? -1 : 1)));
        expect(packEntries(all.toReversed())).toEqual(packed);
      }),
    );
  });
});

describe("shards", () => {
  it("are ranges of the sorted id hashes: the shards of a finer cut are parts of those of a coarser one", () => {
    fc.assert(
      fc.property(hash, fc.integer({ min: 0, max: 11 }), (one, bits) => {
        const coarse = shardOf(one, 2 ** bits);
        expect(coarse).toBeLessThan(2 ** bits);
        expect(Math.floor(shardOf(one, 2 ** (bits + 1)) / 2)).toBe(coarse);
      }),
    );
  });

  it("are a power of two in number, with room to spare in each", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000_000 }), (resources) => {
        const count = shardCountFor(resources);
        expect(Number.isInteger(Math.log2(count))).toBe(true);
        expect(count).toBeLessThanOrEqual(MOST_SHARDS);
        expect(resources / count).toBeLessThanOrEqual(SHARD_RESOURCES / 2 + 24);
      }),
    );
  });
});

describe("a scope's digest", () => {
  const digestOf = (
    all: Parameters<typeof packEntries>[0],
    pieces: number,
    errors: { code: string; message: string }[] = [],
  ) => {
    const digest = createScopeDigest("complete", errors);
    const packed = packEntries(all);
    const step = Math.max(1, Math.ceil(all.length / pieces)) * 32;
    for (let at = 0; at < packed.byteLength; at += step) digest.add(packed.subarray(at, at + step));
    return digest.finish();
  };

  it("does not depend on how the scope is cut into shards", () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 1, max: 9 }), (all, pieces) => {
        expect(digestOf(all, pieces)).toBe(digestOf(all, 1));
      }),
    );
  });

  it("depends on what went wrong, and not on the words for it", () => {
    expect(digestOf([], 1, [{ code: "denied", message: "request 1" }])).toBe(
      digestOf([], 1, [{ code: "denied", message: "request 2" }]),
    );
    expect(digestOf([], 1, [{ code: "denied", message: "" }])).not.toBe(
      digestOf([], 1, [{ code: "throttled", message: "" }]),
    );
  });

  it("goes into a root that does not depend on the order of scopes", () => {
    const scopes = [
      { name: "a", digest: idHash("network", "1") },
      { name: "b", digest: idHash("network", "2") },
    ];
    expect(rootDigest(scopes)).toBe(rootDigest(scopes.toReversed()));
    expect(rootDigest(scopes)).not.toBe(
      rootDigest([
        { name: "a", digest: scopes[1]?.digest ?? "" },
        { name: "b", digest: scopes[0]?.digest ?? "" },
      ]),
    );
  });
});
