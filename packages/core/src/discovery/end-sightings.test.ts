import { idHash, unpackEntries } from "@cadastre/contract/digest";
import { newId } from "@cadastre/contract/ids";
import { check, put, remove, type Stored, type Write } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { listChanges } from "../feed/list-changes.ts";
import type { StepResult } from "../jobs/define.ts";
import { EndedSourceItem, endSource, resumeSource } from "../ledger/ended-sources.ts";
import { SetItem, SourceItem } from "../ledger/items.ts";
import { readScopesOf } from "../ledger/read.ts";
import { ResourceItem } from "../register/items.ts";
import { endSightings } from "./end-sightings.ts";
import { ManifestItem, PageItem, ScopeItem } from "./items.ts";
import { unpackHashes, uploadedDigest } from "./shards.ts";
import { ACCOUNT, aResource, aRun, beforeCommit, REPORTER, type Sight } from "./testing.ts";

const OWNER = "444455556666";
const SOURCE = REPORTER.name;
const ANOTHER = { ...REPORTER, id: newId("collector", new Date(1)), name: "other" };
const LEASE = check(SourceItem, { source: SOURCE }, "present");
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const nameOf = (region = "us-east-1") => `aws/${ACCOUNT}/${region}/subnet`;
const hashOf = (n: number, sight: Sight = { owner: OWNER }) => idHash("subnet", aResource(n, sight).id);

interface State {
  readonly source: string;
  readonly after: string;
  readonly ended: number;
  readonly actor: { readonly type: string; readonly id: string; readonly name: string };
}
const INITIAL: State = { source: SOURCE, after: "", ended: 0, actor: { type: "user", id: "usr_1", name: "ann" } };

/** A source whose collector was revoked, once it had reported this. */
async function revoked(...sights: Sight[]): Promise<TestContext> {
  const context = aContext();
  await aRun(sights).deliver(context);
  await context.table.commit([endSource(SOURCE, context.now())]);
  return context;
}

async function step(context: Context, state = INITIAL, guard: Write = LEASE) {
  return (await endSightings.advance(context, { id: "job_1", state, guard })) as StepResult<State>;
}

/** The context, and the commits that go through it. */
function noting(context: Context) {
  const commits: (readonly Write[])[] = [];
  const commit = async (writes: readonly Write[]) => {
    await context.table.commit(writes);
    commits.push(writes);
  };
  return { context: { ...context, table: { ...context.table, commit } }, commits };
}

const resourceOf = (context: Context, n: number, sight?: Sight) =>
  context.table.get(ResourceItem, { idHash: hashOf(n, sight) });
const manifestsOf = async (context: Context) =>
  (
    await context.table.query(ManifestItem, {
      partition: `scope#${SOURCE}/${nameOf()}`,
      sort: { beginsWith: "shard#" },
    })
  ).items;
const idsOf = (manifest: ManifestItem | undefined) =>
  unpackEntries(manifest?.entries ?? new Uint8Array()).map((entry) => entry.idHash);

describe("what a revoked collector saw of others", () => {
  it("is retired where nobody else has it, in the name of who revoked it, and stays where somebody has", async () => {
    const context = await revoked({ owner: OWNER, has: [1, 2] });
    await aRun([{ account: "777788889999", owner: OWNER, has: [2] }], { reporter: ANOTHER }).deliver(context);
    context.advance(60);
    expect(await step(context)).toEqual({
      state: { ...INITIAL, after: nameOf(), ended: 2 },
      progress: { done: 2, unit: "sightings" },
      done: true,
    });
    expect(await resourceOf(context, 1)).toMatchObject({ status: "retired", claims: [], lastChange: { run: "job_1" } });
    expect(await resourceOf(context, 2)).toMatchObject({ status: "active", claims: [{ source: "other" }] });
    const { items } = await listChanges(context, { limit: 1, order: "newest" });
    expect(items).toMatchObject([{ type: "retired", actor: "user:usr_1", at: context.now().toISOString() }]);
  });

  it("stays what it saw of its own account, and is forgotten of the same shard; what is still missing of it stays so", async () => {
    const owner = (n: number) => (n < 10 ? OWNER : ACCOUNT);
    const sight: Sight = { owner, has: [1, 2, 11, 12, 13] };
    const context = await revoked(sight);
    await aRun([{ ...sight, has: [1, 11, 12], status: "partial" }]).deliver(context);
    await step(context);
    const [manifest] = await manifestsOf(context);
    const own = [11, 12, 13].map((n) => hashOf(n, sight));
    expect(idsOf(manifest).toSorted()).toEqual(own.toSorted());
    expect(unpackHashes(manifest?.missing ?? new Uint8Array())).toEqual([hashOf(13, sight)]);
    const entries = unpackEntries(manifest?.entries ?? new Uint8Array());
    expect(manifest?.digest).toBe(uploadedDigest(entries, new Set([hashOf(13, sight)])));
    for (const n of [11, 12, 13]) expect(await resourceOf(context, n, sight)).toMatchObject({ status: "active" });
    for (const n of [1, 2]) expect(await resourceOf(context, n, sight)).toMatchObject({ status: "retired" });
  });

  it("is compared anew by whoever goes on with the source, which no set of it is reported by; the rest is not", async () => {
    const context = await revoked(
      { owner: OWNER, has: [1] },
      { owner: ACCOUNT, has: [2], region: "eu-west-1" },
      { owner: OWNER, has: [], region: "eu-west-2" },
      { has: [3] },
    );
    const query = { partition: `ledger#${SOURCE}`, sort: { beginsWith: "set#" } };
    const sets = (await context.table.query(SetItem, query)).items;
    context.advance(600);
    const watched = noting(context);
    expect((await step(watched.context)).progress.done).toBe(1);
    expect((await readScopesOf(context, SOURCE)).filter(({ isOpen }) => isOpen).map(({ name }) => name)).toEqual([
      nameOf(),
    ]);
    const after = (await context.table.query(SetItem, query)).items;
    expect(after.map(({ set, at }) => [set, at])).toEqual(sets.map(({ set, at }) => [set, at]));
    // The ledger, what was not seen, and the claims with what is known of it.
    expect(watched.commits).toHaveLength(3);
  });

  it("is looked for in scopes of kinds that accounts share alone", async () => {
    const context = await revoked({ has: [3] }, { owner: OWNER, has: [1] });
    const looked: unknown[] = [];
    const get: typeof context.table.get = (entity, key, how) => {
      if (entity.type === ScopeItem.type) looked.push((key as unknown as ScopeItem).name);
      return context.table.get(entity, key, how);
    };
    await step({ ...context, table: { ...context.table, get } });
    expect(looked).toEqual([nameOf()]);
  });

  it("ends ten scopes in a step, by their names, and goes on after the last of them", async () => {
    const regions = (count: number) =>
      range(10, 10 + count).map((n): Sight => ({ owner: OWNER, has: [n], region: `us-east-${n}` }));
    const context = await revoked(...regions(12));
    const first = await step(context);
    expect(first).toMatchObject({ state: { after: nameOf("us-east-19"), ended: 10 }, done: false });
    const watched = noting(context);
    expect(await step(watched.context, first.state)).toMatchObject({
      state: { after: nameOf("us-east-21"), ended: 12 },
      done: true,
    });
    expect(watched.commits).toHaveLength(6);
    expect((await step(await revoked(...regions(10)))).done).toBe(true);
  });

  it("is not ended again where who ended it died before that was noted", async () => {
    const context = await revoked({ owner: OWNER, has: [1] }, { owner: OWNER, has: [1, 2], account: "777788889999" });
    await aRun([{ owner: OWNER, has: [1] }], { reporter: ANOTHER }).deliver(context);
    const dying = beforeCommit(context, 4, () => Promise.reject(new Error("killed")));
    await expect(step(dying)).rejects.toThrow("killed");
    const [manifest] = await manifestsOf(context);
    expect(idsOf(manifest)).toEqual([]);
    expect((await step(context)).progress.done).toBe(2);
  });

  it("is counted by the claims that the scope has, not by those of others", async () => {
    const context = await revoked({ owner: OWNER, has: [1] });
    const { version: _, ...item } = (await resourceOf(context, 1)) as Stored<ResourceItem>;
    const ended = async (...claims: ResourceItem["claims"]) => {
      await context.table.commit([put(ResourceItem, { ...item, claims })]);
      return (await step(context)).progress.done;
    };
    expect(await ended({ source: "other", scope: nameOf() })).toBe(0);
    await aRun([{ owner: OWNER, has: [1] }]).deliver(context);
    expect(await ended({ source: SOURCE, scope: nameOf("eu-west-1") })).toBe(0);
    await aRun([{ owner: OWNER, has: [1] }]).deliver(context);
    expect(await ended({ source: SOURCE, scope: nameOf() })).toBe(1);
  });

  it("is passed over where the register has it no more", async () => {
    const context = await revoked({ owner: OWNER, has: [1, 2] });
    await context.table.commit([remove(ResourceItem, { idHash: hashOf(1) })]);
    expect((await step(context)).progress.done).toBe(1);
    expect(await resourceOf(context, 2)).toMatchObject({ status: "retired" });
  });

  it("is found by strong reads alone: what a replica has not heard of is ended too", async () => {
    const context = await revoked({ owner: OWNER, has: [1] });
    expect((await step(withEmptyReplica(context))).progress.done).toBe(1);
    expect(await resourceOf(context, 1)).toMatchObject({ status: "retired" });
  });
});

describe("a scope of several shards", () => {
  const owner = (n: number) => (n % 2 ? OWNER : ACCOUNT);
  const sight: Sight = { owner, has: range(0, 6), shards: 16 };
  const pageOf = async (context: Context) =>
    (await context.table.query(PageItem, { partition: `scope#${SOURCE}/${nameOf()}`, sort: { beginsWith: "page#" } }))
      .items;
  /** What the page says of each shard, and what its manifest does. */
  async function statesOf(context: Context) {
    const [page, ...more] = await pageOf(context);
    expect(more).toEqual([]);
    const manifests = await manifestsOf(context);
    return manifests.map(({ shard, digest, missing, entries }) => ({
      shard,
      digest,
      missing: unpackHashes(missing).length,
      entries: unpackEntries(entries).length,
      ofPage: {
        digest: Buffer.from(page?.digests ?? [])
          .subarray(shard * 16, shard * 16 + 16)
          .toString("hex"),
        missing: page?.missing[shard],
      },
    }));
  }

  it("has pages that say what its shards do, at its end and wherever it is killed; shards of its own are not written", async () => {
    for (let at = 1, died = true; died; at++) {
      const context = await revoked(sight);
      const before = await manifestsOf(context);
      const dying = beforeCommit(context, at, () => Promise.reject(new Error("killed")));
      died = await step(dying).then(
        () => false,
        () => true,
      );
      for (const { digest, missing, ofPage } of await statesOf(context)) expect(ofPage).toEqual({ digest, missing });
      const after = await manifestsOf(context);
      const isOwn = (one: ManifestItem) =>
        idsOf(one).every((hash) => [0, 2, 4].map((n) => hashOf(n, sight)).includes(hash));
      for (const [place, one] of before.entries())
        if (isOwn(one)) expect(after[place]?.version, `shard ${one.shard}`).toBe(one.version);
      if (died) continue;
      expect(after.flatMap(idsOf).toSorted()).toEqual([0, 2, 4].map((n) => hashOf(n, sight)).toSorted());
    }
  });

  it("misses what it has of others before their claims go, so that who comes next is asked for it", async () => {
    const context = await revoked(sight);
    const dying = beforeCommit(context, 3, () => Promise.reject(new Error("killed")));
    await expect(step(dying)).rejects.toThrow("killed");
    const missing = (await statesOf(context)).filter((one) => one.missing > 0);
    expect(missing).toHaveLength(1);
    const [manifest] = (await manifestsOf(context)).filter(({ shard }) => shard === missing[0]?.shard);
    expect(unpackHashes(manifest?.missing ?? new Uint8Array()).every((hash) => idsOf(manifest).includes(hash))).toBe(
      true,
    );
    for (const n of [1, 3, 5]) expect(await resourceOf(context, n, sight)).toMatchObject({ status: "active" });
  });
});

describe("the end of sightings", () => {
  it("goes beside its runner's lease, the source's end and the scope as it was read, in every commit", async () => {
    const context = await revoked({ owner: OWNER, has: [1] });
    const scope = await context.table.get(ScopeItem, { source: SOURCE, name: nameOf() });
    const watched = noting(context);
    await step(watched.context);
    expect(watched.commits).toHaveLength(3);
    for (const writes of watched.commits)
      expect(writes.slice(0, 3)).toEqual([
        LEASE,
        check(EndedSourceItem, { source: SOURCE }, "present"),
        check(ScopeItem, scope as Stored<ScopeItem>, scope?.version ?? 0),
      ]);
  });

  it("is none once another collector was approved under the name, however far it was", async () => {
    for (const at of [1, 2, 3]) {
      const context = await revoked({ owner: OWNER, has: [1] });
      const resumed = beforeCommit(context, at, () => context.table.commit([resumeSource(SOURCE)]));
      expect(await step(resumed)).toEqual({ state: INITIAL, progress: { done: 0, unit: "sightings" }, done: true });
      expect(await resourceOf(context, 1)).toMatchObject({ status: "active", claims: [{ source: SOURCE }] });
    }
  });

  it("begins anew when a scope was changed meanwhile, and gives up where others keep changing it", async () => {
    const context = await revoked({ owner: OWNER, has: [1] });
    const touch = async () => {
      const { version: _, ...item } = (await context.table.get(ScopeItem, {
        source: SOURCE,
        name: nameOf(),
      })) as Stored<ScopeItem>;
      await context.table.commit([put(ScopeItem, item)]);
    };
    expect((await step(beforeCommit(context, 3, touch))).progress.done).toBe(1);
    const other = await revoked({ owner: OWNER, has: [1] });
    const gone = check(SourceItem, { source: "nobody" }, "present");
    await expect(step(other, INITIAL, gone)).rejects.toMatchObject({
      code: "request.conflict",
      message: expect.stringContaining("others keep changing the scopes"),
    });
    expect(await resourceOf(other, 1)).toMatchObject({ status: "active" });
  });
});
