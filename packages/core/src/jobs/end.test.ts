import { ConflictError } from "@cadastre/store/errors";
import { put, replace } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, anActorOf, auditRecords, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { type Ending, endRun } from "./end.ts";
import { JobItem, JobRunItem, type StoredRun } from "./items.ts";
import { listJobs } from "./list.ts";
import { readRun } from "./read.ts";
import { newRun } from "./start.ts";

/** Not a person: of one, the first record makes a key in a commit of its own, and here commits are counted. */
const ACTOR = anActorOf("service-account", "sva_1");
const DONE: Ending = { state: "done", progress: { done: 1, unit: "steps" } };
const NOTHING: Ending = { state: "done", progress: { done: 0, unit: "steps" } };
const ERROR = { code: "service.unavailable", message: "no" } as const;

/** A run in a runner's hands, of a job that stands for it or for another. */
async function aRun(context: Context, more: Partial<JobRunItem> = {}, job: Partial<JobItem> = {}): Promise<StoredRun> {
  const { run, writes } = newRun({ name: "count" }, { now: context.now(), createdBy: "system", state: { n: 1 } });
  await context.table.commit([...writes, put(JobItem, { name: "count", unfinished: run.id, ...job })]);
  const { version, ...item } = (await readRun(context, run.id)) as StoredRun;
  const lease = { holder: "req_1", until: context.now().toISOString() };
  await context.table.commit([
    replace(JobRunItem, { ...item, state: "running", attempts: 2, lease, ...more }, version),
  ]);
  return (await readRun(context, run.id)) as StoredRun;
}

const end = (context: Context, run: StoredRun, ending: Ending = DONE) => endRun(context, ACTOR, run, ending, "job.end");
const jobOf = (context: Context) => context.table.get(JobItem, { name: "count" }, { consistent: true });
const listed = async (context: Context, state: JobRunItem["state"]) =>
  (await listJobs(context, { limit: 10, state })).items.map(({ id }) => id);

/** A context in which another changes the job's own item before each of the first so many commits of this one. */
function beside(context: TestContext, times: number): { context: Context; commits: () => number } {
  let commits = 0;
  const commit: typeof context.table.commit = async (writes) => {
    if (commits++ < times) await context.table.commit([put(JobItem, { name: "count", last: `other ${commits}` })]);
    return context.table.commit(writes);
  };
  return { context: { ...context, table: { ...context.table, commit } }, commits: () => commits };
}

describe("a run that ends", () => {
  it("is kept without what only a runner needs, in the list of its end alone, and its job may start again", async () => {
    const context = aContext();
    const run = await aRun(context, { error: ERROR, retryAt: context.now().toISOString() });
    context.advance(5);
    const at = context.now().toISOString();
    const kept = await end(context, run);
    expect(await readRun(context, run.id)).toEqual({ ...kept, version: expect.any(Number) });
    expect(kept).toEqual({
      id: run.id,
      name: "count",
      state: "done",
      progress: DONE.state === "done" && DONE.progress,
      attempts: 0,
      createdAt: run.createdAt,
      createdBy: "system",
      updatedAt: at,
      endedAt: at,
      expiresAtSeconds: Date.parse(at) / 1000 + 90 * 86_400,
    });
    expect([await listed(context, "done"), await listed(context, "running")]).toEqual([[run.id], []]);
    expect(await jobOf(context)).toEqual({ name: "count", last: run.id, version: expect.any(Number) });
  });

  it("keeps the error that it failed with, or that it was cancelled after, and how often it was tried", async () => {
    const context = aContext();
    const failed = await end(context, await aRun(context), { state: "failed", error: ERROR });
    expect(failed).toMatchObject({ state: "failed", error: ERROR, attempts: 2 });
    const cancelled = await end(context, await aRun(context, { error: ERROR }), { state: "cancelled" });
    expect(cancelled).toMatchObject({ state: "cancelled", error: ERROR, attempts: 2 });
    expect(await end(context, await aRun(context), { state: "cancelled" })).not.toHaveProperty("error");
    expect((await auditRecords(context)).map(({ outcome, detail }) => [outcome, detail.code])).toEqual([
      ["failed", ERROR.code],
      ["done", ERROR.code],
      ["done", undefined],
    ]);
  });

  it("leaves its job to another run that has it", async () => {
    const context = aContext();
    const run = await aRun(context, {}, { unfinished: "job_other", tick: "2026-01-01T00:00:00.000Z" });
    await end(context, run);
    expect(await jobOf(context)).toMatchObject({
      unfinished: "job_other",
      last: run.id,
      tick: "2026-01-01T00:00:00.000Z",
    });
  });

  it("is recorded, but for one of the schedule that found nothing to do", async () => {
    const context = aContext();
    const scheduledFor = context.now().toISOString();
    await end(context, await aRun(context, { scheduledFor }), NOTHING);
    expect(await auditRecords(context)).toEqual([]);
    await end(context, await aRun(context, { scheduledFor }));
    await end(context, await aRun(context), NOTHING);
    await end(context, await aRun(context, { scheduledFor }), { state: "cancelled" });
    expect((await auditRecords(context)).map(({ action, detail }) => [action, detail.state])).toEqual([
      ["job.end", "done"],
      ["job.end", "done"],
      ["job.end", "cancelled"],
    ]);
  });
});

describe("runs of one job that end at once", () => {
  it("have their turn one after the other", async () => {
    const context = aContext();
    const run = await aRun(context);
    const busy = beside(context, 7);
    expect(await end(busy.context, run)).toMatchObject({ state: "done" });
    expect(busy.commits()).toBe(8);
    expect(await jobOf(context)).toMatchObject({ last: run.id });
  });

  it("see what others have just made of it, however far replicas are behind, and make it where there is none", async () => {
    const context = aContext();
    const run = await aRun(context);
    await end(withEmptyReplica(context), run);
    expect(await jobOf(context)).toMatchObject({ last: run.id });
    const other = await aRun(context, { name: "other" });
    await end(context, other);
    expect(await context.table.get(JobItem, { name: "other" })).toMatchObject({ name: "other", last: other.id });
  });

  it("try again when something was only busy, be it the run itself", async () => {
    const context = aContext();
    for (const refusals of [
      [{ index: 0, reason: "busy" }],
      [
        { index: 0, reason: "busy" },
        { index: 4, reason: "version" },
      ],
    ] as const) {
      const run = await aRun(context);
      let commits = 0;
      const commit: typeof context.table.commit = (writes) =>
        commits++ === 0 ? Promise.reject(new ConflictError(refusals)) : context.table.commit(writes);
      const busy = { ...context, table: { ...context.table, commit } };
      expect(await end(busy, run)).toMatchObject({ state: "done" });
    }
  });

  it("give up after eight turns that others had", async () => {
    const context = aContext();
    const run = await aRun(context);
    const busy = beside(context, 100);
    await expect(end(busy.context, run)).rejects.toThrow(ConflictError);
    expect(busy.commits()).toBe(8);
    expect(await readRun(context, run.id)).toEqual(run);
  });
});

describe("a run that another has changed meanwhile", () => {
  it("is left as it is, at once", async () => {
    const context = aContext();
    const { version, ...run } = await aRun(context);
    await context.table.commit([replace(JobRunItem, { ...run, attempts: 3 }, version)]);
    const watched = beside(context, 0);
    await expect(end(watched.context, { version, ...run })).rejects.toThrow(ConflictError);
    expect(watched.commits()).toBe(1);
    const both = beside(context, 1);
    await expect(end(both.context, { version, ...run })).rejects.toThrow(ConflictError);
    expect(both.commits()).toBe(1);
    expect(await readRun(context, run.id)).toMatchObject({ state: "running", attempts: 3 });
  });
});
