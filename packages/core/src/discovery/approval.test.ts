import { newId } from "@cadastre/contract/ids";
import { put, type Stored, type Write } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, withEmptyReplica } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { finishApproval, readApproval, requireNoRun } from "./approval.ts";
import { HoldItem, ManifestItem, PageItem, RunItem, ScopeItem } from "./items.ts";
import { readMissingOf } from "./retire.ts";
import { EMPTY_DIGEST } from "./shards.ts";
import { ACTOR, aLease, aManifest, aScope, entryOf, hashOf, KEY, NAME, REPORTER } from "./testing.ts";

const ID = { source: REPORTER.name, name: NAME };
const HOLD = newId("hold", new Date(0));
const RUN = "run_2";
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

/** A scope of one shard that misses two resources, and the hold on them. */
async function standing({ hold = {}, scope = {} }: { hold?: Partial<HoldItem>; scope?: Partial<ScopeItem> } = {}) {
  const context = aContext();
  await context.table.commit([
    put(ManifestItem, aManifest([entryOf(1), entryOf(2), entryOf(3)], { missing: [hashOf(1), hashOf(2)] })),
  ]);
  const { fingerprint } = await readMissingOf(context, { ...ID, shardCount: 1 }, [0]);
  const item: HoldItem = {
    ...KEY,
    id: HOLD,
    source: ID.source,
    scope: NAME,
    state: "pending",
    generation: 4,
    known: 3,
    missing: 2,
    sample: [],
    createdAt: "2026-11-20T00:00:00.000Z",
    fingerprint,
    ...hold,
  };
  await context.table.commit([put(HoldItem, item), put(ScopeItem, aScope({ hold: HOLD, ...scope }))]);
  return {
    context,
    hold: (await context.table.get(HoldItem, { id: HOLD })) as Stored<HoldItem>,
    scope: (await context.table.get(ScopeItem, ID)) as Stored<ScopeItem>,
  };
}
/** A run that the table knows. */
const aRunItem = (context: Context, run = RUN): Write =>
  put(RunItem, {
    run,
    source: ID.source,
    set: "x",
    root: "r",
    scopes: [],
    pages: 0,
    openedAt: context.now().toISOString(),
    state: "open",
    expiresAtSeconds: 4_000_000_000,
  });
const read = async ({ context, hold, scope }: Awaited<ReturnType<typeof standing>>) =>
  readApproval(withEmptyReplica(context), hold, scope);

describe("what an approval is about", () => {
  it("is what its hold was opened for: those resources, of the scope as it is", async () => {
    const story = await standing();
    const approval = await read(story);
    expect(approval.scope).toEqual(story.scope);
    expect(approval.missing.idHashes).toEqual([hashOf(1), hashOf(2)]);
  });

  it("is nothing any more when the hold is decided, or does not stand on its scope", async () => {
    for (const state of ["rejected", "lifted"] as const)
      await expect(read(await standing({ hold: { state } }))).rejects.toMatchObject({
        code: "hold.decided",
        message: expect.stringContaining(`the hold is ${state}`),
      });
    const { hold: _, ...bare } = aScope({ hold: HOLD });
    const left = await standing();
    await expect(read({ ...left, scope: { ...bare, version: 1 } })).rejects.toMatchObject({ code: "hold.changed" });
    await expect(readApproval(left.context, left.hold, undefined)).rejects.toMatchObject({ code: "hold.changed" });
    const approved = await standing({ hold: { state: "approved" } });
    await expect(read({ ...approved, scope: { ...bare, version: 1 } })).rejects.toMatchObject({ code: "hold.decided" });
    await expect(readApproval(approved.context, approved.hold, undefined)).rejects.toMatchObject({
      code: "hold.decided",
    });
  });

  it("is not what the operator was shown when the scope misses others by now", async () => {
    await expect(read(await standing({ hold: { fingerprint: "other" } }))).rejects.toMatchObject({
      code: "hold.changed",
    });
  });

  it("is the rest of it once it was approved, while no later run has had the scope", async () => {
    const hold = { state: "approved" as const, fingerprint: "other" };
    const rest = await read(await standing({ hold }));
    expect(rest.missing.idHashes).toHaveLength(2);
    expect(rest.scope.name).toBe(NAME);
    await expect(read(await standing({ hold, scope: { generation: 5 } }))).rejects.toMatchObject({
      code: "hold.changed",
    });
    const open = await standing({ hold, scope: { lease: aLease({ run: RUN }) } });
    await open.context.table.commit([aRunItem(open.context)]);
    await expect(read(open)).rejects.toMatchObject({ code: "request.conflict" });
  });
});

describe("a scope that a run has open", () => {
  it("is left to it as long as the run is known", async () => {
    const { context } = await standing();
    await expect(requireNoRun(context, aScope())).resolves.toBeUndefined();
    const leased = aScope({ lease: aLease({ run: RUN }) });
    await expect(requireNoRun(context, leased)).resolves.toBeUndefined();
    await context.table.commit([aRunItem(context)]);
    await expect(requireNoRun(withEmptyReplica(context), leased)).rejects.toMatchObject({
      code: "request.conflict",
      message: expect.stringContaining("a run has the scope open"),
    });
  });
});

describe("an approval that is finished", () => {
  /** A scope of 4,096 shards in 128 pages, each of which still says that something is missing. */
  async function large(count = 4096) {
    const story = await standing({
      scope: {
        shardCount: count,
        sizes: [[1, 2]],
        outcome: {
          run: "run_1",
          generation: 4,
          digest: hashOf(8),
          errors: [],
          resources: 1,
          missing: 128,
          result: {
            ...KEY,
            status: "complete",
            resources: 1,
            created: 0,
            updated: 0,
            unchanged: 1,
            retired: 0,
            held: 0,
          },
          runAt: "2026-11-21T00:00:00.000Z",
        },
      },
    });
    const digest = hashOf(5);
    await story.context.table.load(
      range(0, count / 32).map((page) =>
        put(PageItem, {
          ...ID,
          shardCount: count,
          page,
          digests: Buffer.from(digest + EMPTY_DIGEST.repeat(31), "hex"),
          missing: [1, ...range(1, 32).map(() => 0)],
        }),
      ),
    );
    return story;
  }
  const pagesOf = async (context: Context) =>
    (
      await context.table.query(PageItem, {
        partition: `scope#s/${NAME}`,
        sort: { beginsWith: "page#" },
        consistent: true,
      })
    ).items;

  it("leaves a scope that misses nothing, shows no hold, and has its digests as they were", async () => {
    const { context, hold, scope } = await large();
    const commits: (readonly Write[])[] = [];
    const table = {
      ...context.table,
      commit: async (writes: readonly Write[]) => {
        commits.push(writes);
        await context.table.commit(writes);
      },
    };
    const guard: Write[] = [{ op: "check", entity: HoldItem, key: { id: HOLD }, is: "present" }];
    await finishApproval({ ...context, table }, ACTOR, hold, scope, { guard });
    const after = await context.table.get(ScopeItem, ID);
    expect(after).toMatchObject({ outcome: { missing: 0, changeAt: context.now().toISOString(), resources: 1 } });
    expect(after).not.toHaveProperty("hold");
    expect(after).not.toHaveProperty("sizes");
    const pages = await pagesOf(context);
    expect(pages.flatMap(({ missing }) => missing).filter((n) => n > 0)).toEqual([]);
    expect(pages.every(({ digests }) => Buffer.from(digests).toString("hex").startsWith(hashOf(5)))).toBe(true);
    expect(commits.length).toBe(2);
    expect(commits[0]?.[0]).toEqual(guard[0]);
  });

  it("writes nothing when another has the scope by now, or what it also rests on does not hold", async () => {
    const { context, hold, scope } = await large(32);
    const pages = await pagesOf(context);
    const also: Write[] = [{ op: "check", entity: HoldItem, key: { id: HOLD }, is: "absent" }];
    await expect(finishApproval(context, ACTOR, hold, scope, { guard: [], also })).rejects.toThrow();
    await expect(finishApproval(context, ACTOR, hold, { ...scope, version: 9 }, { guard: [] })).rejects.toThrow();
    expect(await pagesOf(context)).toEqual(pages);
    expect(await context.table.get(ScopeItem, ID)).toEqual(scope);
  });

  it("of a scope that no run has completed yet has nothing to say of it", async () => {
    const { context, hold, scope } = await standing();
    await finishApproval(context, ACTOR, hold, scope, { guard: [] });
    expect(await context.table.get(ScopeItem, ID)).not.toHaveProperty("outcome");
  });
});
