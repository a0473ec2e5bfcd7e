import { idHash, packEntries, shardDigest, shardOf, unpackEntries } from "@cadastre/contract/digest";
import { ConflictError } from "@cadastre/store/errors";
import { COMMIT_LIMIT, put, replace, type Stored, type Write } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, withEmptyReplica } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { ManifestItem, PageItem, ScopeItem } from "./items.ts";
import type { Incoming, Opener } from "./lease.ts";
import { readStates } from "./manifests.ts";
import { cutAnew } from "./recut.ts";
import { packHashes, toPages, unpackHashes } from "./shards.ts";
import { aLease, aManifest, aScope, beforeCommit, hashOf, KEY, NAME, REPORTER } from "./testing.ts";

const ID = { source: REPORTER.name, name: NAME };
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
/** Real hashes: their beginnings say what shard they belong in. */
const entry = (n: number) => ({ idHash: idHash("network", `net-${n}`), contentHash: hashOf(n) });
const entries = range(0, 40).map(entry);
const opener: Opener = {
  source: REPORTER.name,
  run: "run_2",
  lookedAt: 1000,
  confirmedAt: () => 0,
  knownGeneration: () => 0,
};
const incoming: Incoming = {
  ...KEY,
  name: NAME,
  status: "complete",
  errors: [],
  resources: 40,
  digest: hashOf(9),
  shards: [hashOf(1)],
};

/** A scope that is cut into so many shards; every fifth resource is missing. */
async function cutInto(shardCount: number, more: Partial<ScopeItem> = {}) {
  const context = aContext();
  const missing = entries.filter((_, n) => n % 5 === 0).map((one) => one.idHash);
  const writes = range(0, shardCount).flatMap((shard): Write[] => {
    const own = entries.filter((one) => shardOf(one.idHash, shardCount) === shard);
    if (own.length === 0) return [];
    const lost = missing.filter((hash) => own.some((one) => one.idHash === hash));
    return [put(ManifestItem, aManifest(own, { shardCount, shard, missing: lost, created: 3, run: "run_1" }))];
  });
  const every = range(0, shardCount);
  const pages = toPages(ID, shardCount, new Map(), every);
  await context.table.load([
    ...(writes as ReturnType<typeof put>[]),
    put(ScopeItem, aScope({ shardCount, ...more })),
    ...(shardCount === 1 ? [] : pages.map((page) => put(PageItem, page))),
  ]);
  return { context, missing, scope: await scopeOf(context) };
}
const scopeOf = async (context: Context) =>
  (await context.table.get(ScopeItem, ID, { consistent: true })) as Stored<ScopeItem>;
const manifestsOf = async (context: Context, shardCount: number) => {
  const keys = range(0, shardCount).map((shard) => ({ ...ID, shardCount, shard }));
  return context.table.getMany(ManifestItem, keys, { consistent: true });
};
const pagesOf = async (context: Context) =>
  (await context.table.query(PageItem, { partition: `scope#s/${NAME}`, sort: { beginsWith: "page#" } })).items;
const cut = (context: Context, scope: Stored<ScopeItem>, to: number) =>
  cutAnew(context, opener, { scope, states: new Map() }, incoming, to);

describe.each([
  [1, 4],
  [4, 1],
  [2, 64],
  [64, 2],
])("a scope that is cut anew from %i shards into %i", (from, to) => {
  it("has every resource in its shard, what is missing still missing, and nothing of the old cut", async () => {
    const { context, missing, scope } = await cutInto(from);
    const known = await cut(context, scope, to);
    const manifests = await manifestsOf(context, to);
    for (const [shard, manifest] of manifests.entries()) {
      const own = entries.filter((one) => shardOf(one.idHash, to) === shard);
      const lost = missing.filter((hash) => own.some((one) => one.idHash === hash));
      if (own.length === 0) {
        expect(manifest).toBeUndefined();
        continue;
      }
      const byId = (a: { idHash: string }, b: { idHash: string }) => (a.idHash < b.idHash ? -1 : 1);
      expect(unpackEntries(manifest?.entries ?? new Uint8Array())).toEqual(own.toSorted(byId));
      expect(unpackHashes(manifest?.missing ?? new Uint8Array())).toEqual(lost.toSorted());
      const present = own.filter((one) => !lost.includes(one.idHash));
      expect(manifest).toMatchObject({
        digest: shardDigest(packEntries(present)),
        run: "",
        created: 0,
        updated: 0,
        unchanged: 0,
      });
      expect(known.states.get(shard)).toEqual({ digest: manifest?.digest, missing: lost.length });
    }
    expect((await manifestsOf(context, from)).filter((one) => one !== undefined)).toEqual([]);
    expect((await pagesOf(context)).every((page) => page.shardCount === to)).toBe(true);
    const [states] = await readStates(context, [await scopeOf(context)]);
    for (const [shard, state] of known.states) expect(states?.get(shard)).toEqual(state);
  });

  it("is read strongly: what a replica has not heard of is not lost", async () => {
    const { context, missing, scope } = await cutInto(from);
    await cut(withEmptyReplica(context), scope, to);
    const lost = (await manifestsOf(context, to)).flatMap((one) => unpackHashes(one?.missing ?? packHashes([])));
    expect(lost.toSorted()).toEqual(missing.toSorted());
  });

  it("is the run's, in a new generation, which announces its shards later", async () => {
    const { context, scope } = await cutInto(from, { outcome: undefined, hold: "hld_1" });
    const known = await cut(context, scope, to);
    const stored = await scopeOf(context);
    expect(stored).toMatchObject({ shardCount: to, generation: 5, hold: "hld_1" });
    expect(stored.lease).toMatchObject({ run: "run_2", generation: 5, wanted: [], digest: hashOf(9) });
    expect(stored.lease?.digests.byteLength).toBe(0);
    expect(known.scope).toEqual(stored);
  });
});

describe("while a scope is cut anew", () => {
  it("each commit but those of the scope itself rests on it, and none is too large", async () => {
    const { context, scope } = await cutInto(1);
    const commits: (readonly Write[])[] = [];
    const table = {
      ...context.table,
      commit: async (writes: readonly Write[]) => {
        commits.push(writes);
        await context.table.commit(writes);
      },
    };
    await cut({ ...context, table }, scope, 256);
    for (const writes of commits) {
      expect(writes.length).toBeLessThanOrEqual(COMMIT_LIMIT);
      expect(writes[0]).toMatchObject({ entity: ScopeItem });
    }
    expect(commits.filter(([first]) => first?.op === "replace")).toHaveLength(2);
  });

  it.each([2, 3, 4, 5])(
    "it stops when another run takes it, before commit %i, and nothing counts of what it made",
    async (n) => {
      const { context, scope, missing } = await cutInto(1);
      const overtake = async () => {
        const now = await scopeOf(context);
        const { version, ...item } = now;
        const lease = aLease({ run: "run_3", generation: 6 });
        await context.table.commit([replace(ScopeItem, { ...item, generation: 6, lease }, version)]);
      };
      const late = beforeCommit(context, n, overtake);
      await expect(cut(late, scope, 4)).rejects.toThrow(ConflictError);
      const stored = await scopeOf(context);
      expect(stored.lease?.run).toBe("run_3");
      const manifests = await manifestsOf(context, stored.shardCount);
      const lost = manifests.flatMap((one) => unpackHashes(one?.missing ?? packHashes([])));
      expect(lost.toSorted()).toEqual(missing.toSorted());
    },
  );

  it("it stops when the same run has switched it already, or has it anew after others", async () => {
    for (const change of [{ shardCount: 4 }, { generation: 7 }, { lease: undefined }]) {
      const { context, scope } = await cutInto(1);
      const late: Context = {
        ...context,
        table: {
          ...context.table,
          commit: async (writes) => {
            await context.table.commit(writes);
            const { version, ...now } = await scopeOf(context);
            await context.table.commit([replace(ScopeItem, { ...now, ...change } as ScopeItem, version)]);
          },
        },
      };
      await expect(cut(late, scope, 4)).rejects.toThrow(ConflictError);
      expect((await manifestsOf(context, 4)).filter((one) => one !== undefined)).toEqual([]);
    }
  });

  it("it is not begun when the scope is not as it was read", async () => {
    const { context, scope } = await cutInto(1);
    await context.table.commit([put(ScopeItem, aScope({ shardCount: 1 }))]);
    await expect(cut(context, scope, 4)).rejects.toThrow(ConflictError);
  });
});
