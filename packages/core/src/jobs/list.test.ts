import { put, replace } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, anActor, auditRecords, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import { cancelJob } from "./cancel.ts";
import type { Job } from "./define.ts";
import { endRun } from "./end.ts";
import { JobCancelItem, JobItem, JobRunItem, type StoredRun } from "./items.ts";
import { getJob, listJobDefinitions, listJobs } from "./list.ts";
import { isCancelWanted, readRun, readUnfinished } from "./read.ts";
import { newRun } from "./start.ts";

const DONE = { state: "done", progress: { done: 1, unit: "steps" } } as const;

/** A run that waits; `more` changes it. A minute passes. */
async function aRun(context: TestContext, name = "count", more: Partial<JobRunItem> = {}): Promise<StoredRun> {
  const { run, writes } = newRun({ name }, { now: context.now(), createdBy: "system", state: {} });
  await context.table.commit(writes);
  const { version, ...item } = (await readRun(context, run.id)) as StoredRun;
  await context.table.commit([replace(JobRunItem, { ...item, ...more }, version)]);
  context.advance(60);
  return (await readRun(context, run.id)) as StoredRun;
}
const inHand = (context: TestContext, more: Partial<JobRunItem> = {}): Partial<JobRunItem> => ({
  state: "running",
  lease: { holder: "req_1", until: context.now().toISOString() },
  ...more,
});

describe("runs", () => {
  it("are listed newest first, of a name or in a state, page by page", async () => {
    const context = aContext();
    const [first, second, third] = [
      await aRun(context),
      await aRun(context, "other"),
      await aRun(context, "count", inHand(context)),
    ];
    await endRun(context, anActor, second, DONE, "job.end");
    const ids = async (more: object) => (await listJobs(context, { limit: 10, ...more })).items.map(({ id }) => id);
    expect(await ids({})).toEqual([third.id, second.id, first.id]);
    expect(await ids({ name: "count" })).toEqual([third.id, first.id]);
    expect(await ids({ state: "waiting" })).toEqual([first.id]);
    expect(await ids({ state: "running" })).toEqual([third.id]);
    expect(await ids({ state: "done" })).toEqual([second.id]);
    expect(await ids({ name: "count", state: "done" })).toEqual([]);
    const { cursor, items } = await listJobs(context, { limit: 1 });
    expect(items.map(({ id }) => id)).toEqual([third.id]);
    expect(await ids({ limit: 5, cursor })).toEqual([second.id, first.id]);
    for (const filter of [{ name: "count" }, { state: "done" as const }])
      await expect(listJobs(context, { limit: 1, cursor, ...filter })).rejects.toMatchObject({
        code: "cursor.invalid",
      });
  });

  it("are shown without what only a runner needs, as they are now, and say whether somebody wants them to stop", async () => {
    const context = aContext();
    const run = await aRun(context, "count", inHand(context));
    const behind = withEmptyReplica(context);
    const shown = await getJob(behind, run.id);
    expect(shown).toMatchObject({ id: run.id, state: "running", cancelling: false });
    expect(shown).not.toHaveProperty("lease");
    expect(shown).not.toHaveProperty("checkpoint");
    await cancelJob(context, anActor, run.id);
    expect(await getJob(behind, run.id)).toMatchObject({ cancelling: true });
    await endRun(context, anActor, (await readRun(context, run.id)) as StoredRun, DONE, "job.end");
    expect(await getJob(behind, run.id)).toMatchObject({ state: "done", cancelling: false });
    await expect(getJob(context, "job_none")).rejects.toMatchObject({ code: "job.not_found" });
  });
});

describe("what can run", () => {
  const job = (name: string, more: Partial<Job> = {}): Job => ({
    name,
    about: `about ${name}`,
    leaseSeconds: 60,
    advance: async () => ({ state: {}, progress: { done: 0, unit: "steps" }, done: true }),
    ...more,
  });

  it("is listed in the order of its definition, with its unfinished run and the last one that ended", async () => {
    const context = aContext();
    const [old, now] = [await aRun(context), await aRun(context)];
    await endRun(context, anActor, old, DONE, "job.end");
    const nextAt = "2026-11-22T06:00:00.000Z";
    await context.table.commit([put(JobItem, { name: "count", unfinished: now.id, last: old.id, nextAt })]);
    await context.table.commit([put(JobItem, { name: "gone", unfinished: "job_gone" })]);
    const jobs = [job("never"), job("count", { schedule: "* * * * *", initial: {} }), job("gone")];
    expect(await listJobDefinitions(withEmptyReplica(context), jobs)).toEqual([
      { name: "never", about: "about never", startable: false },
      {
        name: "count",
        about: "about count",
        schedule: "* * * * *",
        nextAt,
        startable: true,
        unfinished: expect.objectContaining({ id: now.id, state: "waiting" }),
        last: expect.objectContaining({ id: old.id, state: "done" }),
      },
      { name: "gone", about: "about gone", startable: false },
    ]);
  });
});

describe("a run that is to stop", () => {
  it("ends at once when nobody has it in hand, with one record", async () => {
    const context = aContext();
    const run = await aRun(context);
    await cancelJob(withEmptyReplica(context), anActor, run.id);
    expect(await getJob(context, run.id)).toMatchObject({ state: "cancelled" });
    expect(await isCancelWanted(context, run.id)).toBe(false);
    const records = await auditRecords(context);
    expect(records).toMatchObject([{ action: "job.cancel", target: run.id }]);
    await expect(cancelJob(context, anActor, run.id)).rejects.toMatchObject({
      code: "job.ended",
      message: expect.stringContaining("the run is cancelled"),
    });
    expect(await auditRecords(context)).toHaveLength(records.length);
  });

  it("is asked to when somebody has it in hand: once, by whom and when, with one record", async () => {
    const context = aContext();
    const run = await aRun(context, "count", inHand(context, { progress: { done: 4, unit: "steps" } }));
    await cancelJob(withEmptyReplica(context), anActor, run.id);
    await cancelJob(withEmptyReplica(context), anActor, run.id);
    expect(await readRun(context, run.id)).toEqual(run);
    expect(await context.table.get(JobCancelItem, { id: run.id })).toMatchObject({
      requestedAt: context.now().toISOString(),
      requestedBy: `user:${anActor.principal.id}`,
      expiresAtSeconds: context.now().getTime() / 1000 + 90 * 86_400,
    });
    expect(await auditRecords(context)).toMatchObject([
      { action: "job.cancel", target: run.id, detail: { name: "count", progress: { done: 4, unit: "steps" } } },
    ]);
  });

  it("is not found when it is not there", async () => {
    await expect(cancelJob(aContext(), anActor, "job_none")).rejects.toMatchObject({ code: "job.not_found" });
  });
});

describe("runs that are not finished", () => {
  it("come with those first whose last step is the longest ago, and are read strongly", async () => {
    const context = aContext();
    const at = (minute: number) => `2026-11-22T06:0${minute}:00.000Z`;
    const runs = [
      await aRun(context, "count", { updatedAt: at(3) }),
      await aRun(context, "count", inHand(context, { updatedAt: at(1) })),
      await aRun(context, "count", { updatedAt: at(2) }),
    ];
    const ended = await aRun(context);
    await endRun(context, anActor, ended, DONE, "job.end");
    const found = await readUnfinished(withEmptyReplica(context));
    expect(found.map(({ id }) => id)).toEqual([runs[1]?.id, runs[2]?.id, runs[0]?.id]);
  });
});
