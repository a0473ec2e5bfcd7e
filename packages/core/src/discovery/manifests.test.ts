import { ConflictError } from "@cadastre/store/errors";
import { put } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import { ManifestItem, PageItem, type ScopeItem } from "./items.ts";
import { announcedDigest, createManifestWrites, readManifests, readStates, retiredBy, stateOf } from "./manifests.ts";
import { EMPTY_DIGEST } from "./shards.ts";
import { aLease, aManifest, aScope, entryOf, hashOf, NAME } from "./testing.ts";

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const named = (name: string, shardCount: number, more: Partial<ScopeItem> = {}) =>
  aScope({ name, shardCount, ...more });

describe("a manifest", () => {
  it("says what its shard was uploaded as, and how many it misses; without one the shard is empty", () => {
    const manifest = aManifest([entryOf(1), entryOf(2)], { missing: [hashOf(2)], digest: hashOf(7) });
    expect(stateOf(manifest)).toEqual({ digest: hashOf(7), missing: 1 });
    expect(stateOf(undefined)).toEqual({ digest: EMPTY_DIGEST, missing: 0 });
  });

  it("tells how many were retired to the run whose generation it is, and to no other", () => {
    const manifest = aManifest([], { retired: { generation: 4, count: 3 } });
    expect([
      retiredBy(4, manifest),
      retiredBy(3, manifest),
      retiredBy(4, undefined),
      retiredBy(4, aManifest([])),
    ]).toEqual([3, 0, 0, 0]);
    expect(retiredBy(undefined, aManifest([]))).toBe(0);
  });
});

describe("the shards of leases", () => {
  it("are read each with what was announced of it, of however many scopes", async () => {
    const context = aContext();
    const manifests = range(0, 150).map((shard) => aManifest([entryOf(shard)], { shardCount: 256, shard }));
    await context.table.load(manifests.map((one) => put(ManifestItem, one)));
    const wanted = range(0, 160);
    const lease = aLease({ wanted, digests: Buffer.from(wanted.map(hashOf).join(""), "hex") });
    expect(announcedDigest(lease, 3)).toBe(hashOf(3));
    const scopes = [named(NAME, 256, { lease }), named("aws/1/r/network", 1)];
    const taken = new Map<number, string | undefined>();
    await readManifests(withEmptyReplica(context), scopes, ({ scope, shard, announced, manifest }) => {
      expect([scope, announced]).toEqual([scopes[0], hashOf(shard)]);
      taken.set(shard, manifest?.digest);
    });
    expect([...taken.keys()].toSorted((a, b) => a - b)).toEqual(wanted);
    expect(taken.get(149)).toBe(manifests[149]?.digest);
    expect(taken.get(150)).toBeUndefined();
  });
});

describe("what is known of scopes' shards", () => {
  it("is at their places: by the manifest of the only one, by the only page, by all pages", async () => {
    const context = aContext();
    const page = (name: string, shardCount: number, number: number) =>
      put(PageItem, {
        source: "s",
        name,
        shardCount,
        page: number,
        digests: Buffer.from(
          range(0, Math.min(32, shardCount))
            .map((n) => hashOf(number * 32 + n + 1))
            .join(""),
          "hex",
        ),
        missing: range(0, Math.min(32, shardCount)).map((n) => n % 2),
      });
    await context.table.load([
      put(ManifestItem, aManifest([entryOf(1)], { name: "aws/1/r/one", digest: hashOf(5) })),
      page("aws/1/r/few", 4, 0),
      ...range(0, 3).map((number) => page("aws/1/r/many", 128, number)),
      // Of a cut that no longer counts.
      page("aws/1/r/many", 64, 1),
      page("aws/1/r/few", 2, 0),
    ]);
    const [none, many, one, few, unknown] = await readStates(withEmptyReplica(context), [
      named("aws/1/r/none", 8),
      named("aws/1/r/many", 128),
      named("aws/1/r/one", 1),
      named("aws/1/r/few", 4),
      named("aws/1/r/unknown", 1),
    ]);
    expect(none).toEqual(new Map());
    expect(one).toEqual(new Map([[0, { digest: hashOf(5), missing: 0 }]]));
    expect(unknown).toEqual(new Map([[0, { digest: EMPTY_DIGEST, missing: 0 }]]));
    expect(few).toEqual(new Map(range(0, 4).map((n) => [n, { digest: hashOf(n + 1), missing: n % 2 }])));
    expect(many).toEqual(new Map(range(0, 96).map((n) => [n, { digest: hashOf(n + 1), missing: n % 2 }])));
  });
});

describe("a manifest that is written several times", () => {
  const KEY = { source: "s", name: NAME, shardCount: 1, shard: 0 };
  const digested = (digest: string) => aManifest([], { ...KEY, digest });
  const read = (context: TestContext) => context.table.get(ManifestItem, KEY, { consistent: true });

  it("is each time at the version of the time before", async () => {
    const context = aContext();
    const toWrite = createManifestWrites(context, KEY, undefined);
    for (const digest of ["a", "b", "c"]) await context.table.commit([await toWrite(digested(digest))]);
    expect(await read(context)).toMatchObject({ digest: "c" });
  });

  it("goes on where a commit was refused", async () => {
    const context = aContext();
    await context.table.commit([put(ManifestItem, digested("known"))]);
    const toWrite = createManifestWrites(context, KEY, await read(context));
    await toWrite(digested("refused"));
    await context.table.commit([await toWrite(digested("a"))]);
    expect(await read(context)).toMatchObject({ digest: "a" });
  });

  it("is a conflict when somebody else has written it in between", async () => {
    const context = aContext();
    const toWrite = createManifestWrites(context, KEY, undefined);
    await context.table.commit([await toWrite(digested("a"))]);
    await context.table.commit([put(ManifestItem, digested("other"))]);
    await expect(toWrite(digested("b"))).rejects.toThrow(ConflictError);
    const late = createManifestWrites(context, KEY, undefined);
    await expect(context.table.commit([await late(digested("b"))])).rejects.toThrow(ConflictError);
  });
});
