import { anActorOf, auditRecords } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import { approveHoldJob } from "@cadastre/core/discovery/approve-hold";
import { approveHold, listHolds, rejectHold } from "@cadastre/core/discovery/holds";
import { listChanges } from "@cadastre/core/feed/list-changes";
import { cancelJob } from "@cadastre/core/jobs/cancel";
import { getJob, listJobs } from "@cadastre/core/jobs/list";
import { runDueJobs } from "@cadastre/core/jobs/run-due";
import { describe, expect, it } from "vitest";
import { type Clock, createTestContext } from "../support/context.ts";
import { crashAt } from "../support/crashing-table.ts";
import { anInstance, aRun, instanceScope, type Raw, REPORTER, type SeenScope } from "../support/estate.ts";
import { found, scopesByName, snapshot } from "../support/register.ts";
import { runJobs } from "../support/run-jobs.ts";
import { tableWith } from "../support/table-with.ts";

const OPERATOR = anActorOf("service-account", "sva_1");
const many = (from: number, to: number, more: Parameters<typeof anInstance>[1] = {}): Raw[] =>
  Array.from({ length: to - from }, (_, n) => anInstance(from + n, more));
const scope = (resources: readonly Raw[], more: Partial<SeenScope> = {}): SeenScope[] => [
  { key: instanceScope(), resources, ...more },
];

interface Lost {
  readonly context: Context;
  readonly clock: Clock;
  readonly hold: string;
}

/** A source that has lost all but `left` of its `known` instances, an hour ago. */
async function aLoss(known: number, left: number): Promise<Lost> {
  const { context, clock } = await createTestContext();
  await aRun(scope(many(0, known))).deliver(context);
  await aRun(scope(many(known - left, known))).deliver(context);
  clock.forward(3600);
  const [hold] = (await listHolds(context, { limit: 1, state: "pending" })).items;
  return { context, clock, hold: hold?.id as string };
}

const holdOf = async (context: Context) => (await listHolds(context, { limit: 1 })).items[0];
const approve = (context: Context, hold: string) => approveHold(context, OPERATOR, hold, {});
/** How often each type of change was told, of resources or of holds. */
async function told(context: Context, type: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let cursor: string | undefined;
  do {
    const page = await listChanges(context, { limit: 200, order: "oldest", cursor });
    for (const one of page.items) if (one.subject.type === type) counts[one.type] = (counts[one.type] ?? 0) + 1;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return counts;
}

/** One step of the job. */
async function runOneStep(context: Context): Promise<void> {
  const until = new Date(context.now().getTime() + 3_600_000);
  const stop = new AbortController();
  const step: typeof approveHoldJob = {
    ...approveHoldJob,
    async advance(given, of) {
      const result = await approveHoldJob.advance(given, of);
      stop.abort();
      return result;
    },
  };
  await runDueJobs(context, [step], { until, signal: stop.signal });
}

describe("approving a hold", () => {
  it("of 200 resources retires them at once, of one more in the background", async () => {
    const few = await aLoss(210, 10);
    const { job = "" } = await approve(few.context, few.hold);
    expect(await found(few.context, "kind:instance")).toHaveLength(10);
    expect(await getJob(few.context, job)).toMatchObject({ state: "done", progress: { done: 200, total: 200 } });
    const more = await aLoss(211, 10);
    const approved = await approve(more.context, more.hold);
    expect(approved).toMatchObject({ state: "approved", job: expect.stringMatching(/^job_/) });
    expect(await found(more.context, "kind:instance")).toHaveLength(211);
    await runJobs(more.context);
    expect(await found(more.context, "kind:instance")).toHaveLength(10);
  });

  it("of many resources is a run that shows how far it is, and in the end each is retired once", async () => {
    const { context, hold } = await aLoss(700, 100);
    const { job = "" } = await approve(context, hold);
    expect(await getJob(context, job)).toMatchObject({
      name: "approve-hold",
      state: "waiting",
      createdBy: "service-account:sva_1",
    });
    await runOneStep(context);
    const half = await getJob(context, job);
    expect(half.progress).toMatchObject({ total: 600, unit: "resources" });
    expect(half.progress.done).toBeGreaterThan(300);
    expect(half.progress.done).toBeLessThanOrEqual(500);
    expect(await found(context, "kind:instance status:retired")).toHaveLength(half.progress.done);
    await runJobs(context);
    expect(await getJob(context, job)).toMatchObject({ state: "done", progress: { done: 600, total: 600 } });
    expect(await told(context, "resource")).toEqual({ created: 700, retired: 600 });
    expect(await told(context, "hold")).toEqual({ opened: 1, approved: 1, finished: 1 });
    expect([...(await scopesByName(context)).values()]).toMatchObject([{ missing: 0, resources: 100 }]);
    expect([...(await scopesByName(context)).values()][0]?.hold).toBeUndefined();
    expect((await aRun(scope(many(600, 700))).deliver(context)).opened.state).toBe("unchanged");
  });

  it("is committed together with the run that does it, its record and its place in the feed", async () => {
    const { context, hold } = await aLoss(300, 50);
    await expect(approve({ ...context, table: crashAt(context.table, 1) }, hold)).rejects.toThrow();
    expect(await holdOf(context)).toMatchObject({ state: "pending" });
    expect((await listJobs(context, { limit: 1 })).items).toEqual([]);
    const commits: number[] = [];
    const table = tableWith(context.table, {
      commit: (writes) => {
        commits.push(writes.length);
        return context.table.commit(writes);
      },
    });
    await approve({ ...context, table }, hold);
    expect(commits).toHaveLength(1);
    expect((await auditRecords(context)).filter(({ action }) => action === "hold.approve")).toHaveLength(1);
  });

  it.each([
    ["of many resources", aLoss(300, 50), 9, 1],
    ["of few that is interrupted", aLoss(90, 50), 3, 1],
    ["of few", aLoss(90, 50), 99, 0],
  ])("%s tells who runs jobs when one waits", async (_, lost, dies, times) => {
    const { context, hold } = await lost;
    let woken = 0;
    let commits = 0;
    const table = tableWith(context.table, {
      commit: (writes) => (++commits === dies ? Promise.reject(new Error("no")) : context.table.commit(writes)),
    });
    await approve({ ...context, table, onJobStarted: () => void woken++ }, hold);
    expect(woken).toBe(times);
  });

  it("is given once, however many give it at once, and again while the run is at work answers that run", async () => {
    const { context, hold } = await aLoss(300, 50);
    const answers = await Promise.all([1, 2, 3].map(() => approve(context, hold)));
    expect(new Set(answers.map(({ job }) => job)).size).toBe(1);
    expect(await approve(context, hold)).toMatchObject({ job: answers[0]?.job });
    expect((await listJobs(context, { limit: 10 })).items).toHaveLength(1);
    await runJobs(context);
    expect(await told(context, "resource")).toEqual({ created: 300, retired: 250 });
    await expect(approve(context, hold)).rejects.toMatchObject({ code: "hold.decided" });
  });

  it("killed at any write of its steps and resumed retires each resource once", { timeout: 120_000 }, async () => {
    const whole = await aLoss(240, 30);
    await approve(whole.context, whole.hold);
    await runJobs(whole.context);
    const expected = await snapshot(whole.context);
    let at = 0;
    for (let died = true; died; ) {
      at++;
      const { context, clock, hold } = await aLoss(240, 30);
      const { job = "" } = await approve(context, hold);
      const table = crashAt(context.table, at);
      await runJobs({ ...context, table }).catch(() => undefined);
      died = table.writes() >= at;
      clock.forward(61);
      await runJobs(context);
      const place = `killed at write ${at}`;
      expect(await getJob(context, job), place).toMatchObject({ state: "done", progress: { done: 210, total: 210 } });
      expect(await told(context, "resource"), place).toEqual({ created: 240, retired: 210 });
      expect(await told(context, "hold"), place).toEqual({ opened: 1, approved: 1, finished: 1 });
      if (at % 8 === 0) expect(await snapshot(context), place).toEqual(expected);
    }
    expect(at).toBeGreaterThan(15);
  });

  it("cancelled half way keeps what it did, and given again does the rest", async () => {
    const { context, hold } = await aLoss(900, 100);
    const { job = "" } = await approve(context, hold);
    await runOneStep(context);
    await cancelJob(context, OPERATOR, job);
    await runJobs(context);
    const { state, progress } = await getJob(context, job);
    expect(state).toBe("cancelled");
    expect(await found(context, "kind:instance status:retired")).toHaveLength(progress.done);
    const again = await approve(context, hold);
    expect(again.job).not.toBe(job);
    await runJobs(context);
    expect(await getJob(context, again.job as string)).toMatchObject({
      state: "done",
      progress: { done: 800 - progress.done, total: 800 - progress.done },
    });
    expect(await told(context, "resource")).toEqual({ created: 900, retired: 800 });
    expect(await told(context, "hold")).toEqual({ opened: 1, approved: 1, finished: 1 });
  });
});

describe("an approval under way beside a run", () => {
  it("retires nothing more of what the run sees again, and ends when the run has seen to the scope", async () => {
    const { context, clock, hold } = await aLoss(700, 100);
    const { job = "" } = await approve(context, hold);
    await runOneStep(context);
    const { done } = (await getJob(context, job)).progress;
    const run = aRun(scope(many(0, 700)));
    await run.uploadAll(context, await run.open(context));
    await runJobs(context);
    expect(await getJob(context, job)).toMatchObject({ state: "waiting", error: { code: "request.conflict" } });
    await run.complete(context);
    clock.forward(30);
    await runJobs(context);
    expect(await getJob(context, job)).toMatchObject({ state: "done", progress: { done } });
    expect(await found(context, "kind:instance")).toHaveLength(700);
    expect(await told(context, "resource")).toEqual({ created: 700, retired: done, returned: done });
  });

  it("leaves the rest to be asked about anew when the run misses others, and retires none of those", async () => {
    const { context, clock, hold } = await aLoss(700, 100);
    const { job = "" } = await approve(context, hold);
    await runOneStep(context);
    const { done } = (await getJob(context, job)).progress;
    await aRun(scope(many(650, 700))).deliver(context);
    clock.forward(30);
    await runJobs(context);
    expect(await getJob(context, job)).toMatchObject({ state: "done", progress: { done } });
    expect(await found(context, "kind:instance status:retired")).toHaveLength(done);
    expect(await holdOf(context)).toMatchObject({ state: "pending", missing: 650 - done });
  });

  it("waits for a run that had the scope open before, and retires nothing meanwhile", async () => {
    const { context, clock, hold } = await aLoss(700, 100);
    const run = aRun(scope(many(630, 700)));
    const before = await run.open(context);
    const { job = "" } = await approve(context, hold);
    await runJobs(context);
    expect(await getJob(context, job)).toMatchObject({ state: "waiting", error: { code: "request.conflict" } });
    await run.uploadAll(context, before);
    clock.forward(30);
    await runJobs(context);
    expect(await found(context, "kind:instance status:retired")).toEqual([]);
    await run.complete(context);
    clock.forward(120);
    await runJobs(context);
    expect(await getJob(context, job)).toMatchObject({ state: "done", progress: { done: 0 } });
    expect(await holdOf(context)).toMatchObject({ state: "pending", missing: 630 });
  });

  it("of which a run that saw only a part has left others missing asks anew instead of retiring them", async () => {
    const { context, clock, hold } = await aLoss(700, 100);
    const { job = "" } = await approve(context, hold);
    await runOneStep(context);
    await cancelJob(context, OPERATOR, job);
    await runJobs(context);
    await aRun(scope(many(650, 700), { status: "partial" })).deliver(context);
    await expect(approve(context, hold)).rejects.toMatchObject({ code: "hold.changed" });
    await aRun(scope(many(650, 700))).deliver(context);
    clock.forward(1);
    expect(await holdOf(context)).toMatchObject({ state: "pending" });
    expect(await found(context, "kind:instance")).toEqual(expect.arrayContaining(many(600, 700).map(({ id }) => id)));
  });
});

describe("a hold that waits", () => {
  it("has the same number of missing resources after the next empty runs", async () => {
    const { context, hold } = await aLoss(90, 0);
    const before = await holdOf(context);
    expect(before).toMatchObject({ known: 90, missing: 90 });
    for (const status of ["complete", "failed", "complete", "partial", "complete"] as const) {
      const errors = status === "complete" ? [] : [{ code: "denied", message: "no" }];
      await aRun(scope([], { status, errors })).deliver(context);
      expect(await holdOf(context), status).toMatchObject({ id: hold, state: "pending", known: 90, missing: 90 });
      expect([...(await scopesByName(context)).values()][0], status).toMatchObject({ hold, missing: 90 });
    }
    await approve(context, hold);
    expect(await told(context, "resource")).toEqual({ created: 90, retired: 90 });
  });
});

describe("what becomes of a hold", () => {
  const steps: Record<string, (context: Context, hold: string) => Promise<unknown>> = {
    approved: approve,
    rejected: (context, hold) => rejectHold(context, OPERATOR, hold, {}),
    lifted: (context) => aRun(scope(many(0, 40, { state: "stopped" }))).deliver(context),
  };
  it.each([
    ["approved", { opened: 1, approved: 1, finished: 1 }],
    ["rejected", { opened: 1, rejected: 1 }],
    ["lifted", { opened: 1, lifted: 1 }],
  ])("is told once when it is opened and %s, killed at any write and done again", async (how, expected) => {
    const step = steps[how] as (context: Context, hold: string) => Promise<unknown>;
    let at = 0;
    for (let died = true; died; ) {
      at++;
      const { context, clock } = await createTestContext();
      await aRun(scope(many(0, 40))).deliver(context);
      const losing = aRun(scope(many(0, 5)));
      const opening = crashAt(context.table, at);
      await losing.deliver({ ...context, table: opening }).catch(() => undefined);
      await losing.deliver(context);
      clock.forward(60);
      const { id = "" } = (await holdOf(context)) ?? {};
      const table = crashAt(context.table, at);
      await step({ ...context, table }, id).catch(() => undefined);
      died = table.writes() >= at || opening.writes() >= at;
      // What was committed is not asked for again; an approval goes on by itself.
      if (how === "lifted" || (await holdOf(context))?.state === "pending") await step(context, id);
      clock.forward(61);
      await runJobs(context);
      expect(await told(context, "hold"), `killed at write ${at}`).toEqual(expected);
    }
    expect(at).toBeGreaterThan(2);
  });

  it("is told with its place, who decided, and from what to what", async () => {
    const { context } = await createTestContext();
    await aRun(scope(many(0, 40))).deliver(context);
    await aRun(scope(many(0, 5))).deliver(context);
    const { id = "" } = (await holdOf(context)) ?? {};
    await approve(context, id);
    const { items } = await listChanges(context, { limit: 200, order: "oldest", subject: { type: "hold", key: id } });
    const place = { provider: "aws", account: "111122223333", region: "us-east-1", kind: "instance" };
    const subject = { type: "hold", id, key: id };
    expect(items).toMatchObject([
      {
        type: "opened",
        subject,
        ...place,
        actor: `collector:${REPORTER.id}`,
        changes: [
          { path: "state", after: "pending" },
          { path: "known", after: 40 },
          { path: "missing", after: 35 },
        ],
      },
      {
        type: "approved",
        subject,
        ...place,
        actor: "service-account:sva_1",
        changes: [{ path: "state", before: "pending", after: "approved" }],
      },
      {
        type: "finished",
        subject,
        ...place,
        actor: "service-account:sva_1",
        changes: [{ path: "missing", before: 35, after: 0 }],
      },
    ]);
  });

  it("is told to be finished when a run does what was approved", async () => {
    const { context } = await createTestContext();
    await aRun(scope(many(0, 40))).deliver(context);
    await aRun(scope(many(0, 5))).deliver(context);
    const { id = "" } = (await holdOf(context)) ?? {};
    await approve({ ...context, table: crashAt(context.table, 2) }, id).catch(() => undefined);
    expect(await told(context, "hold")).toEqual({ opened: 1, approved: 1 });
    await aRun(scope(many(0, 5, { state: "stopped" }))).deliver(context);
    expect(await told(context, "hold")).toEqual({ opened: 1, approved: 1, finished: 1 });
    expect(await found(context, "kind:instance")).toHaveLength(5);
  });
});
