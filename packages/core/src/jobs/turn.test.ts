import { ConflictError } from "@cadastre/store/errors";
import { replace } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { aContext, anActor, auditRecords, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import { type Context, systemActor } from "../context.ts";
import { cancelJob } from "./cancel.ts";
import { defineJob, type Job } from "./define.ts";
import { JobRunItem, type StoredRun } from "./items.ts";
import { getJob, listJobs } from "./list.ts";
import { readRun } from "./read.ts";
import { runDueJobs } from "./run-due.ts";
import { runNow } from "./run-now.ts";
import { runJob } from "./start.ts";
import { isOver, type JobEvent, takeTurn } from "./turn.ts";

/** A job of so many steps, which may do something in each. */
const aJob = (steps: number, during: () => void | Promise<void> = () => undefined, schedule?: string): Job =>
  defineJob({
    name: "count",
    about: "counts",
    initial: { n: 0 },
    leaseSeconds: 60,
    state: z.object({ n: z.int() }),
    ...(schedule === undefined ? {} : { schedule }),
    async step(_, { state: { n } }) {
      await during();
      return { state: { n: n + 1 }, progress: { done: n + 1, unit: "steps" }, done: n + 1 >= steps };
    },
  });

const failing = () => Promise.reject(new Error("no"));
const inSeconds = (context: Context, seconds: number) => new Date(context.now().getTime() + seconds * 1000);

/** A run that waits, and turns that a runner gives it. */
async function aRun(job: Job) {
  const context = aContext();
  const id = await runJob(context, anActor, [job], job.name);
  const events: JobEvent[] = [];
  const stored = async () => (await readRun(context, id)) as StoredRun;
  const turn = async (of: Job | undefined = job, given: Context = context, run?: StoredRun) =>
    takeTurn(
      {
        context: given,
        actor: systemActor("req_2"),
        until: inSeconds(context, 3600),
        report: (event) => void events.push(event),
      },
      of,
      run ?? (await stored()),
    );
  return { context, id, events, stored, turn };
}

/** Gives a run to another runner, for so many seconds. */
async function hold(context: TestContext, run: StoredRun, seconds: number): Promise<void> {
  const { version, ...item } = run;
  const lease = { holder: "req_other", until: inSeconds(context, seconds).toISOString() };
  await context.table.commit([replace(JobRunItem, { ...item, state: "running", lease }, version)]);
}

/** A context whose commits fail as the table does. */
const failingWith = (context: Context, error: Error): Context => ({
  ...context,
  table: { ...context.table, commit: () => Promise.reject(error) },
});

describe("a turn", () => {
  it("is twenty steps, and says that there is more to do", async () => {
    const { turn, stored } = await aRun(aJob(50));
    expect(await turn()).toBe(true);
    expect(await stored()).toMatchObject({ progress: { done: 20 } });
    expect(await stored()).not.toHaveProperty("lease");
  });

  it("of a run that ends, or whose step fails, says that there is no more to do", async () => {
    const ends = await aRun(aJob(2));
    expect([await ends.turn(), (await ends.stored()).state]).toEqual([false, "done"]);
    const fails = await aRun(aJob(2, failing));
    expect([await fails.turn(), (await fails.stored()).state]).toEqual([false, "waiting"]);
    const cancelled = await aRun(aJob(2, () => cancelJob(cancelled.context, anActor, cancelled.id)));
    expect([await cancelled.turn(), (await cancelled.stored()).state]).toEqual([false, "cancelled"]);
  });

  it("of a run that another has in hand, or was faster to take, is none, and no event", async () => {
    const { context, turn, stored, events } = await aRun(aJob(2));
    const before = await stored();
    await hold(context, before, 30);
    const held = await stored();
    expect([await turn(), await turn(aJob(2), context, before)]).toEqual([false, false]);
    expect([await stored(), events]).toEqual([held, []]);
  });

  it("that the table fails is reported with its error", async () => {
    const { context, turn, events } = await aRun(aJob(2));
    const error = new Error("table is down");
    expect(await turn(aJob(2), failingWith(context, error))).toBe(false);
    expect(events).toMatchObject([{ type: "failed", name: "count", error }]);
  });

  it("is over at the very time, and when it is told to stop", () => {
    const context = aContext();
    const runner = (until: Date, signal?: AbortSignal) => ({
      context,
      actor: anActor,
      until,
      ...(signal ? { signal } : {}),
    });
    expect([isOver(runner(context.now())), isOver(runner(inSeconds(context, 0.001)))]).toEqual([true, false]);
    expect(isOver(runner(inSeconds(context, 60), AbortSignal.abort()))).toBe(true);
  });

  it("needs nobody who is told of it", async () => {
    const context = aContext();
    for (const job of [aJob(1), aJob(1, failing)]) {
      const id = await runJob(context, anActor, [job], job.name);
      await runDueJobs(context, [job], { until: inSeconds(context, 60) });
      expect((await getJob(context, id)).state).toMatch(/done|waiting/);
    }
  });
});

describe("a run of a job that nobody knows here", () => {
  it("is left alone, whether somebody has it or not", async () => {
    const { context, stored } = await aRun(aJob(2));
    for (const seconds of [-1, 30]) {
      await hold(context, await stored(), seconds);
      const before = await stored();
      await runDueJobs(context, [], { until: inSeconds(context, 60) });
      expect(await stored()).toEqual(before);
    }
  });

  it("is cancelled for who wants it to stop, once the lease of its runner is over and not before", async () => {
    const { context, id, stored } = await aRun(aJob(2));
    await hold(context, await stored(), 30);
    await cancelJob(context, anActor, id);
    const look = async () => {
      await runDueJobs(context, [], { until: inSeconds(context, 60) });
      return (await stored()).state;
    };
    context.advance(29.999);
    expect(await look()).toBe("running");
    context.advance(0.001);
    expect(await look()).toBe("cancelled");
  });
});

describe("what is started", () => {
  it("by the schedule says for which time, and is not recorded while it finds nothing to do", async () => {
    const context = aContext({ start: "2026-11-22T05:30:00.000Z" });
    const job = defineJob({
      name: "idle",
      about: "does nothing",
      initial: {},
      schedule: "0 * * * *",
      leaseSeconds: 60,
      state: z.object({}),
      step: async () => ({ state: {}, progress: { done: 0, unit: "things" }, done: true }),
    });
    await runDueJobs(context, [job], { until: inSeconds(context, 60) });
    const { items } = await listJobs(context, { limit: 10 });
    expect(items).toMatchObject([{ state: "done", scheduledFor: "2026-11-22T05:00:00.000Z" }]);
    expect(await auditRecords(context)).toEqual([]);
  });

  it("by its name is recorded, and says which run is there, however far replicas are behind", async () => {
    const { context, id } = await aRun(aJob(2));
    expect(await auditRecords(context)).toMatchObject([{ action: "job.run", target: id, detail: { name: "count" } }]);
    const again = runJob(withEmptyReplica(context), anActor, [aJob(2)], "count");
    await expect(again).rejects.toMatchObject({ code: "job.unfinished", extra: { job: id } });
    const unknown = runJob(context, anActor, [], "x".repeat(1000));
    await expect(unknown).rejects.toMatchObject({ message: expect.stringMatching(/^.{60,200}$/) });
  });

  it("by several at once is one run; what the table fails is no such thing", async () => {
    const context = aContext();
    const job = aJob(1, undefined, "0 * * * *");
    const due = (error: Error) => runDueJobs(failingWith(context, error), [job], { until: inSeconds(context, 60) });
    await due(new ConflictError([{ index: 0, reason: "exists" }]));
    await expect(due(new Error("table is down"))).rejects.toThrow("table is down");
  });

  it("and given its steps at once never throws, whether or not somebody is told of what is left", async () => {
    const { context, id, stored } = await aRun(aJob(2, failing));
    await runNow(context, aJob(2, failing), id, inSeconds(context, 60));
    expect(await stored()).toMatchObject({ state: "waiting", attempts: 1 });
    await runNow(context, aJob(2), "job_01JD0000000000000000000000", inSeconds(context, 60));
  });
});
