import { anActorOf } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import { approveHoldJob } from "@cadastre/core/discovery/approve-hold";
import { approveHold, listHolds, rejectHold } from "@cadastre/core/discovery/holds";
import { ScopeItem } from "@cadastre/core/discovery/items";
import { readStates } from "@cadastre/core/discovery/manifests";
import { readMissing } from "@cadastre/core/discovery/retire";
import { listChanges } from "@cadastre/core/feed/list-changes";
import { cancelJob } from "@cadastre/core/jobs/cancel";
import { JobRunItem } from "@cadastre/core/jobs/items";
import { getJob } from "@cadastre/core/jobs/list";
import { listHistory } from "@cadastre/core/register/history";
import { check, type Stored } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { crashAt } from "../support/crashing-table.ts";
import { ACCOUNT, anInstance, aRun as aRunOf, instanceScope, type Raw, type SeenScope } from "../support/estate.ts";
import { found } from "../support/register.ts";
import { runJobs } from "../support/run-jobs.ts";

/** Not a person: of one, the first record makes a key in a commit of its own, and here commits are counted. */
const OPERATOR = anActorOf("service-account", "sva_1");
const KEY = { source: "aws-main", name: `aws/${ACCOUNT}/us-east-1/instance` };
const many = (from: number, to: number): Raw[] => Array.from({ length: to - from }, (_, n) => anInstance(from + n));
const scope = (resources: readonly Raw[], more: Partial<SeenScope> = {}): SeenScope[] => [
  { key: instanceScope(), resources, ...more },
];

/** Cut finer than is proposed for so few resources, so that there are several shards to go through. */
const aRun = (scopes: readonly SeenScope[]) => aRunOf(scopes, { counts: new Map([[KEY.name, 16]]) });

const scopeOf = async (context: Context) =>
  (await context.table.get(ScopeItem, KEY, { consistent: true })) as Stored<ScopeItem>;
const statesOf = async (context: Context) => (await readStates(context, [await scopeOf(context)]))[0] ?? new Map();
const retired = async (context: Context) => (await found(context, "kind:instance status:retired")).length;

/** A scope of several shards that has lost 100 of its 200 instances an hour ago, and the hold on them. */
async function aHold() {
  const { context, clock, table } = await createTestContext();
  await aRun(scope(many(0, 200))).deliver(context);
  await aRun(scope(many(100, 200))).deliver(context);
  clock.forward(3600);
  const [hold] = (await listHolds(context, { limit: 1, state: "pending" })).items;
  const id = hold?.id ?? "";
  const approve = (of: Context = context) => approveHold(of, OPERATOR, id, {});
  /** Approved, and killed at a write: first come the decision and the lease, then shard after shard. */
  const interrupted = async (write: number) => {
    const { job = "" } = await approve({ ...context, table: crashAt(table, write) });
    clock.forward(61);
    return job;
  };
  /** The same, and then given up. */
  const cancelled = async (write: number) => {
    const job = await interrupted(write);
    await cancelJob(context, OPERATOR, job);
    await runJobs(context);
    expect(await getJob(context, job)).toMatchObject({ state: "cancelled" });
  };
  return { context, clock, id, approve, interrupted, cancelled };
}

describe("an approval that is carried out", () => {
  it("leaves nothing that is missing, and tells so: of the scope, of its shards, of the hold, and by whom", async () => {
    const { context, clock, id, approve } = await aHold();
    const before = await statesOf(context);
    expect([...before.values()].filter(({ missing }) => missing > 0).length).toBeGreaterThan(2);
    const { job = "" } = await approve();
    expect(await getJob(context, job)).toMatchObject({
      state: "done",
      progress: { done: 100, total: 100, unit: "resources" },
    });
    const now = clock.now().toISOString();
    const after = await scopeOf(context);
    expect(after).not.toHaveProperty("hold");
    expect(after.outcome).toMatchObject({ missing: 0, changeAt: now, resources: 100, result: { held: 100 } });
    const expected = [...before].map(([shard, { digest }]) => [shard, { digest, missing: 0 }]);
    expect(await statesOf(context)).toEqual(new Map(expected as [number, { digest: string; missing: number }][]));
    const { items } = await listChanges(context, { limit: 100, order: "newest", subject: { type: "hold", key: id } });
    expect(items[0]).toMatchObject({ type: "finished", run: id, actor: "service-account:sva_1", kind: "instance" });
    expect(items[0]?.changes).toEqual([{ path: "missing", before: 100, after: 0 }]);
    const history = await listHistory(context, anInstance(3).id, { limit: 10 });
    expect(history.items[0]).toMatchObject({ type: "retired", actor: "service-account:sva_1", run: id });
    expect((await aRun(scope(many(100, 200))).open(context)).state).toBe("unchanged");
  });

  it("is decided: it is not given once more, nor is one that was rejected", async () => {
    const { context, approve } = await aHold();
    await approve();
    await expect(approve()).rejects.toMatchObject({ code: "hold.decided", message: "the hold is approved" });
    expect(await retired(context)).toBe(100);
    const other = await aHold();
    await rejectHold(other.context, OPERATOR, other.id, {});
    await expect(other.approve()).rejects.toMatchObject({ code: "hold.decided", message: "the hold is rejected" });
    expect(await retired(other.context)).toBe(0);
  });

  it("is not given of what the scope does not show any more", async () => {
    const { context, approve } = await aHold();
    await aRun(scope(many(0, 200))).deliver(context);
    await expect(approve()).rejects.toMatchObject({ code: "hold.decided", message: "the hold is lifted" });
  });
});

describe("an approval that was interrupted", () => {
  it("goes on by itself, and counts each once", async () => {
    const { context, interrupted } = await aHold();
    const job = await interrupted(5);
    expect(await retired(context)).toBeGreaterThan(0);
    expect(await retired(context)).toBeLessThan(100);
    await runJobs(context);
    expect(await getJob(context, job)).toMatchObject({ state: "done", progress: { done: 100, total: 100 } });
    expect(await retired(context)).toBe(100);
    expect(await scopeOf(context)).not.toHaveProperty("hold");
  });

  it("and given up is given again for the rest while nothing has changed", async () => {
    const { context, approve, cancelled } = await aHold();
    await cancelled(5);
    const left = (await readMissing(context, await scopeOf(context), await statesOf(context))).idHashes.length;
    expect(left).toBeLessThan(100);
    const { job = "" } = await approve();
    expect(await getJob(context, job)).toMatchObject({ state: "done", progress: { done: left, total: left } });
    expect(await retired(context)).toBe(100);
  });

  it("is not given again while a run has the scope open, or once one has seen a part of it", async () => {
    const { context, approve, cancelled } = await aHold();
    await cancelled(5);
    const gone = await retired(context);
    const run = aRun(scope(many(120, 200), { status: "partial" }));
    await run.uploadAll(context, await run.open(context));
    await expect(approve()).rejects.toMatchObject({ code: "request.conflict" });
    await run.complete(context);
    await expect(approve()).rejects.toMatchObject({ code: "hold.changed" });
    expect(await retired(context)).toBe(gone);
  });

  it("ends where it is once a run has seen to the scope, and says how far it came", async () => {
    const { context, interrupted } = await aHold();
    const job = await interrupted(5);
    const left = (await readMissing(context, await scopeOf(context), await statesOf(context))).idHashes.length;
    await aRun(scope(many(0, 200))).deliver(context);
    await runJobs(context);
    expect(await getJob(context, job)).toMatchObject({ state: "done", progress: { done: 0, total: 100 } });
    expect(left).toBeLessThan(100);
    expect(await retired(context)).toBe(0);
    expect(await scopeOf(context)).not.toHaveProperty("hold");
  });

  it("leaves the rest to another hold once a run misses others, and retires none of those", async () => {
    const { context, id, interrupted } = await aHold();
    const job = await interrupted(5);
    const gone = await retired(context);
    await aRun(scope(many(150, 200))).deliver(context);
    const standing = (await scopeOf(context)).hold;
    expect([standing === undefined, standing === id]).toEqual([false, false]);
    await runJobs(context);
    expect(await getJob(context, job)).toMatchObject({ state: "done" });
    expect(await retired(context)).toBe(gone);
    expect((await scopeOf(context)).hold).toBe(standing);
  });

  it("is not begun once a run that has the scope open misses more than was shown", async () => {
    const { context, approve } = await aHold();
    const run = aRun(scope(many(150, 200)));
    await run.uploadAll(context, await run.open(context));
    await expect(approve()).rejects.toMatchObject({ code: "hold.changed" });
    expect(await retired(context)).toBe(0);
  });

  it("waits when a run that had the scope open misses more of a single shard", async () => {
    const { context } = await aHold();
    const run = aRun(scope(many(150, 200)));
    const opened = await run.open(context);
    const [hold] = (await listHolds(context, { limit: 1, state: "pending" })).items;
    const table = crashAt(context.table, 2);
    const { job = "" } = await approveHold({ ...context, table }, OPERATOR, hold?.id ?? "", {});
    const before = (await readMissing(context, await scopeOf(context), await statesOf(context))).idHashes.length;
    for (const shard of opened.scopes[0]?.want ?? []) {
      await run.upload(context, 0, shard);
      const now = await readMissing(context, await scopeOf(context), await statesOf(context));
      if (now.idHashes.length > before) break;
    }
    await runJobs(context);
    expect(await getJob(context, job)).toMatchObject({ state: "waiting", error: { code: "request.conflict" } });
    expect(await retired(context)).toBe(0);
  });
});

describe("a step of an approval", () => {
  it("changes nothing any more once its runner has lost the run, be it the last one", async () => {
    const { context, id } = await aHold();
    const standing = await scopeOf(context);
    const missing = await readMissing(context, standing, await statesOf(context));
    const shards = missing.of.map(({ shard, idHashes, fingerprint }) => {
      return { shard, missing: idHashes.length, fingerprint };
    });
    const lost = check(JobRunItem, { id: "job_1" }, "present");
    const step = (of: typeof shards) =>
      approveHoldJob.advance(context, {
        id: "job_1",
        guard: lost,
        state: {
          hold: id,
          scopeVersion: standing.version,
          shards: of,
          total: 100,
          actor: { type: "user", id: "usr_1", name: "usr_1" },
        },
      });
    for (const of of [shards, []]) await expect(step(of)).rejects.toMatchObject({ code: "request.conflict" });
    expect(await scopeOf(context)).toEqual(standing);
    expect(await retired(context)).toBe(0);
  });
});
