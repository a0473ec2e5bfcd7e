import { ConflictError } from "@cadastre/store/errors";
import { put, type Write } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, auditRecords } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { listChanges } from "../feed/list-changes.ts";
import { GapItem } from "../ledger/gaps.ts";
import { lastReportAt, readScopeStates } from "../ledger/read.ts";
import { completeRun } from "./complete.ts";
import { HoldItem, ManifestItem, PageItem, RunItem, ScopeItem } from "./items.ts";
import { withShards } from "./lease.ts";
import { EMPTY_DIGEST } from "./shards.ts";
import {
  ACTOR,
  aLease,
  aManifest,
  aRun,
  aScope,
  beforeCommit,
  entryOf,
  hashOf,
  KEY,
  NAME,
  REPORTER,
} from "./testing.ts";

const SCOPE = { source: REPORTER.name, name: NAME };
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const scopeOf = (context: Context, name = NAME) =>
  context.table.get(ScopeItem, { source: REPORTER.name, name }, { consistent: true });
const byRegion = (a: { region: string }, b: { region: string }) => a.region.localeCompare(b.region);
const told = async (context: Context) =>
  (await listChanges(context, { limit: 100, order: "oldest" })).items.map(
    ({ subject, type }) => `${subject.type} ${type}`,
  );

describe("a run that is completed", () => {
  it("is told what became of each scope and the sums, and is closed with one record of it", async () => {
    const context = aContext();
    await aRun([{ has: [1, 2, 3, 4, 5] }, { has: [1], region: "eu-west-1" }]).deliver(context);
    const run = aRun([
      { has: [1, 2, 3, 4, 6], changed: [1] },
      { has: [1, 2], region: "eu-west-1" },
    ]);
    const completed = await run.deliver(context);
    expect({ ...completed, scopes: completed.scopes.toSorted(byRegion) }).toEqual({
      run: run.run,
      state: "closed",
      scopes: [
        {
          ...KEY,
          region: "eu-west-1",
          status: "complete",
          resources: 2,
          created: 1,
          updated: 0,
          unchanged: 1,
          retired: 0,
          held: 0,
        },
        { ...KEY, status: "complete", resources: 5, created: 1, updated: 1, unchanged: 3, retired: 1, held: 0 },
      ],
      totals: { resources: 7, created: 2, updated: 1, unchanged: 4, retired: 1 },
    });
    const record = (await auditRecords(context)).at(-1);
    expect(record).toMatchObject({
      action: "discovery.complete",
      target: run.run,
      detail: { source: "s", scopes: 2, overtaken: 0, resources: 7, created: 2, updated: 1, unchanged: 4, retired: 1 },
    });
    const scope = await scopeOf(context);
    expect(scope).not.toHaveProperty("lease");
    expect(scope?.outcome).toMatchObject({
      run: run.run,
      missing: 0,
      resources: 5,
      changeAt: context.now().toISOString(),
    });
    expect((await context.table.get(RunItem, { run: run.run }))?.state).toBe("closed");
    expect((await run.open(context)).state).toBe("unchanged");
  });

  it("tells the same once it is closed, for nothing, whatever newer ones have made of its scopes", async () => {
    const context = aContext();
    const run = aRun([{ has: [1, 2, 3, 4] }]);
    const completed = await run.deliver(context);
    await aRun([{ has: [1, 2, 3] }]).deliver(context);
    const before = context.table.meter.units.write;
    expect(await run.complete(context)).toEqual(completed);
    expect(context.table.meter.units.write).toBe(before);
  });

  it("tells the same when it was killed between its scopes and its end, and is no report of the set", async () => {
    const sights = [{ has: [1, 2, 3] }, { has: [4], region: "eu-west-1" }];
    const expected = (await aRun(sights).deliver(aContext())).totals;
    const context = aContext();
    const run = aRun(sights);
    await run.send(context);
    const reportedAt = await lastReportAt(context, "s");
    context.advance(60);
    const dying = beforeCommit(context, 3, () => Promise.reject(new Error("killed")));
    await expect(run.complete(dying)).rejects.toThrow("killed");
    expect((await scopeOf(context))?.lease).toBeUndefined();
    expect((await run.complete(context)).totals).toEqual(expected);
    expect(await lastReportAt(context, "s")).toBe(reportedAt);
  });

  it("leaves a scope that a newer run has opened to that one, and says so", async () => {
    const context = aContext();
    const older = aRun([{ has: [1, 2, 3, 4] }, { has: [1], region: "eu-west-1" }]);
    await older.send(context);
    const newer = aRun([{ has: [1, 2, 3] }]);
    await newer.send(context);
    const completed = await older.complete(context);
    expect(completed.scopes.map(({ region }) => region)).toEqual(["eu-west-1"]);
    expect((await auditRecords(context)).at(-1)).toMatchObject({ detail: { scopes: 1, overtaken: 1 } });
    expect((await scopeOf(context))?.lease?.run).toBe(newer.run);
    expect(await older.complete(context)).toEqual(completed);
  });

  it("begins anew when another writer is faster, six times at the most", async () => {
    const attempts = async (times: number) => {
      const context = aContext();
      const run = aRun([{ has: [1] }]);
      await run.send(context);
      let left = times;
      const table = {
        ...context.table,
        commit: async (writes: readonly Write[]) => {
          if (left-- > 0) throw new ConflictError([{ index: 0, reason: "version" }]);
          return context.table.commit(writes);
        },
      };
      return run.complete({ ...context, table });
    };
    expect((await attempts(5)).totals.created).toBe(1);
    await expect(attempts(6)).rejects.toMatchObject({
      code: "request.conflict",
      message: expect.stringContaining("same scopes"),
    });
  });

  it("is refused with every scope and shard that is missing, in the order of their numbers, and nothing is settled", async () => {
    const context = aContext();
    const run = aRun([
      { has: range(0, 40), shards: 4 },
      { has: [1], region: "eu-west-1" },
    ]);
    await run.open(context);
    await run.upload(context, 0, 2);
    await expect(run.complete(context)).rejects.toMatchObject({
      code: "discovery.shards_missing",
      message: expect.stringContaining("4 shards of 2 scopes"),
      extra: {
        missing: [
          { scope: NAME.replace("us-east-1", "eu-west-1"), shards: [0] },
          { scope: NAME, shards: [0, 1, 3] },
        ],
      },
    });
    expect((await scopeOf(context))?.outcome).toBeUndefined();
    expect((await auditRecords(context)).some(({ action }) => action === "discovery.complete")).toBe(false);
  });

  it("makes the ledger say what it saw, and when a scope was whole", async () => {
    const context = aContext();
    await aRun([{ has: [1] }]).send(context);
    const run = aRun([{ has: [1] }]);
    await run.send(context);
    expect(await readScopeStates(context)).toMatchObject([{ isOpen: true, completeAt: undefined }]);
    await run.complete(context);
    expect(await readScopeStates(context)).toMatchObject([{ isOpen: false, completeAt: context.now().toISOString() }]);
  });

  it("has a gap where a scope is not complete, and none when it is again; both are told", async () => {
    const context = aContext();
    const gaps = async () => (await context.table.query(GapItem, { partition: "gaps" })).items.length;
    await aRun([{ has: [1, 2, 3] }]).deliver(context);
    expect(await told(context)).not.toContain("scope complete");
    await aRun([{ status: "failed", errors: [{ code: "denied", message: "no" }] }]).deliver(context);
    const failed = await gaps();
    await aRun([{ has: [1, 2, 3] }]).deliver(context);
    expect((await told(context)).filter((one) => one.startsWith("scope"))).toEqual(["scope failed", "scope complete"]);
    expect([failed, await gaps()]).toEqual([1, 0]);
  });
});

describe("what a scope has lost", () => {
  it("is retired by a complete run alone; the others keep it, the hold and its sizes", async () => {
    const context = aContext();
    await aRun([{ has: range(0, 20) }]).deliver(context);
    await aRun([{ has: range(0, 8) }]).deliver(context);
    const held = await scopeOf(context);
    expect(held).toMatchObject({
      hold: expect.stringContaining("hld_"),
      outcome: { missing: 12, result: { held: 12, retired: 0 } },
    });
    const partial = await aRun([{ has: range(0, 7), status: "partial" }]).deliver(context);
    expect(partial.totals.retired).toBe(0);
    expect(partial.scopes[0]?.held).toBe(0);
    expect(await scopeOf(context)).toMatchObject({ hold: held?.hold, sizes: held?.sizes, outcome: { missing: 13 } });
    await aRun([{ status: "failed" }]).deliver(context);
    expect(await scopeOf(context)).toMatchObject({ hold: held?.hold, outcome: { missing: 13, resources: 7 } });
    const complete = await aRun([{ has: range(0, 20) }]).deliver(context);
    expect(complete.totals).toMatchObject({ resources: 20, created: 0, retired: 0 });
    expect(await scopeOf(context)).not.toHaveProperty("hold");
  });

  it("is kept by a partial run though it is little, and retired by the complete one that follows", async () => {
    const context = aContext();
    await aRun([{ has: range(0, 20) }]).deliver(context);
    expect((await aRun([{ has: range(1, 20), status: "partial" }]).deliver(context)).totals.retired).toBe(0);
    expect((await aRun([{ has: range(1, 20) }]).deliver(context)).totals.retired).toBe(1);
  });

  it("counts as known while it waits, and what is known begins anew once it is approved", async () => {
    const context = aContext();
    await aRun([{ has: range(0, 20) }]).deliver(context);
    context.advance(7 * 3600);
    await aRun([{ has: range(0, 8) }]).deliver(context);
    const { hold: id, sizes } = (await scopeOf(context)) ?? {};
    expect(sizes?.map(([, known]) => known)).toEqual([20]);
    const hold = await context.table.get(HoldItem, { id: id ?? "" });
    expect(hold).toMatchObject({ state: "pending", known: 20, missing: 12 });
    if (hold) await context.table.commit([put(HoldItem, { ...hold, state: "approved" })]);
    const { totals } = await aRun([{ has: range(0, 8), changed: [1] }]).deliver(context);
    expect(totals).toMatchObject({ retired: 12, updated: 1 });
    expect((await scopeOf(context))?.sizes?.map(([, known]) => known)).toEqual([8]);
    expect((await told(context)).filter((one) => one.startsWith("hold"))).toEqual(["hold opened", "hold finished"]);
  });

  it("stays when the run looked before another one did, and the scope is then compared anew", async () => {
    const context = aContext();
    await aRun([{ has: [1, 2, 3, 4, 5] }]).deliver(context);
    const run = aRun([{ has: [1, 2, 3, 4] }]);
    await run.send(context);
    const scope = await scopeOf(context);
    if (scope?.lease)
      await context.table.commit([put(ScopeItem, { ...scope, lease: { ...scope.lease, isOlder: true } })]);
    expect((await run.complete(context)).totals).toMatchObject({ retired: 0 });
    expect((await scopeOf(context))?.outcome).toMatchObject({ missing: 1, digest: "" });
  });
});

describe("a large scope", () => {
  const LAST = 63 * 32;
  /** A scope of 2,048 shards, of which a run has sent one in each of its 64 pages; those of one page still miss something. */
  async function aLargeOne({ named = true } = {}) {
    const context = aContext();
    const shards = range(0, 64).map((page) => page * 32);
    const wanted = named ? shards : shards.slice(0, -1);
    const lease = aLease({
      resources: 64,
      wanted,
      digests: Buffer.from(wanted.map(() => EMPTY_DIGEST).join(""), "hex"),
    });
    const of = { shardCount: 2048, run: lease.run };
    await context.table.load([
      put(ScopeItem, aScope({ shardCount: 2048, lease })),
      put(RunItem, {
        run: lease.run,
        source: REPORTER.name,
        set: "x",
        root: "r",
        scopes: [{ name: NAME }],
        pages: 0,
        openedAt: context.now().toISOString(),
        state: "open",
        expiresAtSeconds: 4_000_000_000,
      }),
      ...shards.map((shard) =>
        put(
          ManifestItem,
          aManifest([entryOf(shard + 1)], {
            ...of,
            shard,
            missing: shard === LAST ? [hashOf(LAST + 1)] : [],
            digest: EMPTY_DIGEST,
          }),
        ),
      ),
      ...range(0, 64).map((page) =>
        put(PageItem, {
          ...SCOPE,
          shardCount: 2048,
          page,
          digests: Buffer.from(EMPTY_DIGEST.repeat(32), "hex"),
          missing: range(0, 32).map((shard) => (page === 63 && shard === 0 ? 1 : 0)),
        }),
      ),
    ]);
    return { context, run: lease.run };
  }
  const pages = async (context: Context) =>
    (
      await context.table.query(PageItem, {
        partition: `scope#s/${NAME}`,
        sort: { beginsWith: "page#" },
        consistent: true,
      })
    ).items;

  it("has all of its pages when it is settled, and nothing is missing any more", async () => {
    const { context, run } = await aLargeOne();
    await completeRun(context, ACTOR, REPORTER, run);
    const missing = (await pages(context)).flatMap((page) => page.missing);
    expect([missing.length, missing.filter((n) => n > 0)]).toEqual([2048, []]);
    expect(await scopeOf(context)).not.toHaveProperty("lease");
  });

  it("writes none of them once a newer run has the scope", async () => {
    const { context, run } = await aLargeOne();
    const before = await pages(context);
    const overtake = async () => {
      const scope = await scopeOf(context);
      if (scope)
        await context.table.commit([
          put(ScopeItem, { ...scope, generation: 5, lease: aLease({ run: "run_3", generation: 5 }) }),
        ]);
    };
    const commits: number[] = [];
    const noting = {
      ...context,
      table: {
        ...context.table,
        commit: async (writes: readonly Write[]) => {
          await context.table.commit(writes);
          commits.push(writes.filter(({ entity }) => entity === PageItem).length);
        },
      },
    };
    // The first commit retires, the second has the pages that do not fit in the scope's own.
    await completeRun(beforeCommit(noting, 2, overtake), ACTOR, REPORTER, run);
    expect(Math.max(...commits)).toBe(0);
    expect(await pages(context)).toEqual(before);
    expect((await scopeOf(context))?.lease?.run).toBe("run_3");
  });

  it("is settled in one go when what loses something is to be named first, if nothing is to arrive by then", async () => {
    const { context, run } = await aLargeOne({ named: false });
    await completeRun(context, ACTOR, REPORTER, run);
    expect((await pages(context)).flatMap((page) => page.missing).filter((n) => n > 0)).toEqual([]);
    const again = await aLargeOne({ named: false });
    let isOpened = false;
    const opening: Context = {
      ...again.context,
      table: {
        ...again.context.table,
        commit: async (writes) => {
          await again.context.table.commit(writes);
          const scope = await scopeOf(again.context);
          // The run was opened once more, and wants another shard.
          if (isOpened || !scope?.lease || !writes.some(({ entity }) => entity === ScopeItem)) return;
          isOpened = true;
          await again.context.table.commit([
            put(ScopeItem, {
              ...scope,
              lease: withShards(scope.lease, [5], new Map([[5, { digest: hashOf(5), missing: 0 }]])),
            }),
          ]);
        },
      },
    };
    await expect(completeRun(opening, ACTOR, REPORTER, again.run)).rejects.toMatchObject({
      code: "discovery.shards_missing",
      extra: { missing: [{ scope: NAME, shards: [5] }] },
    });
  });

  it("names what is to lose something before it does, and goes on as it then is", async () => {
    const { context, run } = await aLargeOne({ named: false });
    await expect(
      completeRun(
        beforeCommit(context, 2, () => Promise.reject(new Error("killed"))),
        ACTOR,
        REPORTER,
        run,
      ),
    ).rejects.toThrow("killed");
    expect((await scopeOf(context))?.lease?.wanted).toEqual(range(0, 64).map((page) => page * 32));
    await completeRun(context, ACTOR, REPORTER, run);
    expect((await scopeOf(context))?.outcome).toMatchObject({ missing: 0 });
  });

  it("is left to a newer run that opens it at that moment", async () => {
    const { context, run } = await aLargeOne({ named: false });
    const noted: Context = {
      ...context,
      table: {
        ...context.table,
        commit: async (writes) => {
          await context.table.commit(writes);
          const scope = await scopeOf(context);
          if (scope?.lease?.run === run && writes.some(({ entity }) => entity === ScopeItem))
            await context.table.commit([
              put(ScopeItem, { ...scope, generation: 5, lease: aLease({ run: "run_3", generation: 5 }) }),
            ]);
        },
      },
    };
    expect((await completeRun(noted, ACTOR, REPORTER, run)).scopes).toEqual([]);
    expect((await scopeOf(context))?.lease?.run).toBe("run_3");
  });
});
