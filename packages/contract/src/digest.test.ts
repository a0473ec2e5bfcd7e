import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import vectors from "../../../test/vectors/contract/canonical-json.json" with { type: "json" };
import digests from "../../../test/vectors/contract/digests.json" with { type: "json" };
import {
  canonicalJson,
  contentHash,
  createScopeDigest,
  ENTRY_BYTES,
  idHash,
  MOST_SHARDS,
  packEntries,
  rootDigest,
  SHARD_RESOURCES,
  shardCountFor,
  shardDigest,
  shardOf,
  unorderedJson,
  unpackEntries,
} from "./digest.ts";
import type { ScopeError } from "./scope.ts";

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

/** The value with every array sorted by its elements' canonical bytes. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value
      .map(sorted)
      .map((element) => ({ element, key: canonicalJson(element) }))
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

  it("are the same for objects of any number of members", () => {
    const members = fc.dictionary(text, fc.constant(0), { minKeys: 25, maxKeys: 60 });
    fc.assert(
      fc.property(members, (value) => {
        expect(unorderedJson(value)).toBe(canonicalJson(value));
      }),
    );
  });

  it("are refused for what JSON cannot say, and leave out members that are undefined", () => {
    expect(unorderedJson({ a: undefined, b: [undefined, 1] })).toBe(canonicalJson({ b: [1, null] }));
    for (const value of [undefined, Number.NaN, Number.POSITIVE_INFINITY, 1n]) {
      expect(() => unorderedJson(value)).toThrow(`only JSON values have canonical bytes, not ${String(value)}`);
    }
    for (const value of ["\ud800", { "\udfff": 1 }, ["a", { b: ["\ud800"] }]]) {
      expect(() => unorderedJson(value)).toThrow("half of a surrogate pair has no canonical bytes");
    }
    expect(() => canonicalJson(undefined)).toThrow("only JSON values have canonical bytes");
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

  it("do not depend on the order of a text and a number that look the same", () => {
    expect(unorderedJson([1, "1", true, "true"])).toBe(unorderedJson(["true", "1", true, 1]));
  });

  it("tell an element that is there twice from one that is there once", () => {
    expect(unorderedJson(["a", "a"])).not.toBe(unorderedJson(["a"]));
    expect(unorderedJson([["a", "b"], ["c"]])).not.toBe(unorderedJson([["a"], ["b", "c"]]));
  });
});

describe("digests", () => {
  const { resources, shard, scopes, root } = digests;

  it.each(resources)("of $resource.id are those that the documented rules give", ({ kind, resource, ...hashes }) => {
    expect(idHash(kind as "subnet", resource.id)).toBe(hashes.idHash);
    expect(contentHash(kind as "subnet", resource)).toBe(hashes.contentHash);
  });

  it("of a shard, of scopes and of a run are those that the documented rules give", () => {
    expect(Buffer.from(packEntries(resources)).toString("hex")).toBe(shard.entries);
    expect(shardDigest(packEntries(resources))).toBe(shard.digest);
    for (const { status, errors, entries, digest } of scopes) {
      const scope = createScopeDigest(status as "complete", errors as ScopeError[]);
      scope.add(Buffer.from(entries, "hex"));
      expect(scope.finish()).toBe(digest);
    }
    expect(rootDigest(scopes)).toBe(root);
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
        expect(packed.byteLength).toBe(all.length * ENTRY_BYTES);
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

  it("have the leading bits of the hashes in them", () => {
    for (const [first, count, shard] of [
      ["00000000", 1, 0],
      ["ffffffff", 1, 0],
      ["7fffffff", 2, 0],
      ["80000000", 2, 1],
      ["ffffffff", 4096, 4095],
      ["00100000", 4096, 1],
    ] as const) {
      expect(shardOf(first.padEnd(32, "f"), count)).toBe(shard);
    }
  });

  it.each([
    [0, 1],
    [64, 1],
    [65, 2],
    [956, 16],
    [2048, 32],
    [2049, 64],
    [10_000, 128],
    [100_000, 256],
    [1_000_000, 2048],
    [100_000_000, MOST_SHARDS],
  ])("of %i resources are %i, so that one change costs neither a long list nor a large shard", (resources, count) => {
    expect(shardCountFor(resources)).toBe(count);
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
  const digestOf = (all: Parameters<typeof packEntries>[0], pieces: number, errors: ScopeError[] = []) => {
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

  it("depends on every entry, and on which operation went wrong", () => {
    fc.assert(
      fc.property(entries, hash, (all, content) => {
        fc.pre(all.length > 0 && all[0]?.contentHash !== content);
        const [first, ...rest] = all as [(typeof all)[0], ...typeof all];
        expect(digestOf([{ ...first, contentHash: content }, ...rest], 1)).not.toBe(digestOf(all, 1));
        expect(digestOf(rest, 1)).not.toBe(digestOf(all, 1));
      }),
    );
    const denied = (operation: string) => digestOf([], 1, [{ code: "denied", message: "", operation }]);
    expect(denied("ListA")).not.toBe(denied("ListB"));
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
    expect(
      rootDigest([
        { name: "a", digest: "1" },
        { name: "b", digest: "2" },
      ]),
    ).not.toBe(rootDigest([{ name: "a", digest: "1b 2" }]));
  });
});
