import { ProblemError } from "@cadastre/contract/errors";
import { aContext, anActor, auditRecords } from "@cadastre/core/audit/testing";
import { type Context, DEFAULT_HOLD_POLICY, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { cancelJob } from "@cadastre/core/jobs/cancel";
import { MOST_ATTEMPTS } from "@cadastre/core/jobs/decide";
import { defineJob, type Job } from "@cadastre/core/jobs/define";
import { JobEntryItem, listOf } from "@cadastre/core/jobs/items";
import { getJob, listJobDefinitions, listJobs } from "@cadastre/core/jobs/list";
import { runDueJobs } from "@cadastre/core/jobs/run-due";
import { runNow } from "@cadastre/core/jobs/run-now";
import { runJob } from "@cadastre/core/jobs/start";
import type { JobEvent } from "@cadastre/core/jobs/turn";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import { openDynamo } from "../store/open-dynamo.ts";
import { aCountingJob, marksOf } from "../support/counting-job.ts";
import { crashAt } from "../support/crashing-table.ts";
import { tableWith } from "../support/table-with.ts";

interface Opened {
  readonly context: Context;
  readonly advance: (seconds: number) => void;
  readonly close: () => Promise<void>;
}

const DRIVERS: Record<string, () => Promise<Opened>> = {
  SQLite: async () => {
    const context = aContext();
    return { context, advance: context.advance, close: () => context.table.close() };
  },
  DynamoDB: async () => {
    const { table, clock, close } = await openDynamo();
    return {
      context: {
        table,
        organization: FIRST_ORGANIZATION,
        now: clock.now,
        holdPolicy: DEFAULT_HOLD_POLICY,
        retentionDays: 400,
      },
      advance: clock.advance,
      close,
    };
  },
};

describe.each(Object.keys(DRIVERS))("jobs over %s", (driver) => {
  let opened: Opened;
  let context: Context;
  let events: JobEvent[];
  beforeEach(async () => {
    opened = await (DRIVERS[driver] as () => Promise<Opened>)();
    context = opened.context;
    events = [];
  });
  afterEach(() => opened.close());

  const HOURLY = "0 * * * *";
  const later = (seconds: number) => new Date(context.now().getTime() + seconds * 1000);
  const runDue = (jobs: readonly Job[], given: Context = context, until = later(3600)) =>
    runDueJobs(given, jobs, { until, report: (event) => void events.push(event) });
  const start = (job: Job) => runJob(context, anActor, [job], job.name);
  const all = async () => (await listJobs(context, { limit: 200 })).items;

  describe("a schedule", () => {
    const job = aCountingJob({ schedule: HOURLY });

    it("starts one run for each time that comes round, whoever looks and however often", async () => {
      for (const _ of [1, 2, 3]) await Promise.all([runDue([job]), runDue([job]), runDue([job])]);
      expect(await all()).toMatchObject([{ state: "done", createdBy: "system", progress: { done: 5, total: 5 } }]);
      opened.advance(3600);
      await Promise.all([runDue([job]), runDue([job])]);
      expect((await all()).map(({ state }) => state)).toEqual(["done", "done"]);
      for (const { id } of await all()) expect(await marksOf(context, id)).toEqual([0, 1, 2, 3, 4]);
    });

    it("starts one run for all the times that were slept through", async () => {
      await runDue([job]);
      opened.advance(50 * 3600);
      await runDue([job]);
      await runDue([job]);
      expect(await all()).toHaveLength(2);
    });

    it("does not start again what was started, when the clock is set back", async () => {
      await runDue([job]);
      opened.advance(-1800);
      await runDue([job]);
      opened.advance(1800);
      await runDue([job]);
      expect(await all()).toHaveLength(1);
    });

    it("goes on within one period after a clock that was days ahead", async () => {
      opened.advance(5 * 86_400);
      await runDue([job]);
      opened.advance(-5 * 86_400);
      await runDue([job]);
      expect(await all()).toHaveLength(1);
      opened.advance(3600);
      await runDue([job]);
      expect(await all()).toHaveLength(2);
    });

    it("waits for the run before, and then makes up for one time", async () => {
      const slow = aCountingJob({ schedule: HOURLY, before: () => opened.advance(3600) });
      for (let step = 1; step <= 5; step++) {
        await runDue([slow], context, later(1));
        expect(await all()).toMatchObject([{ progress: { done: step } }]);
      }
      await runDue([job]);
      expect((await all()).map(({ state }) => state)).toEqual(["done", "done"]);
    });
  });

  describe("one runner at a time", () => {
    it("has a run, whatever number of them look for work: each step takes effect once", async () => {
      const jobs = ["a", "b", "c"].map((name) => aCountingJob({ name, steps: 30 }));
      const ids = await Promise.all(jobs.map(start));
      await Promise.all(Array.from({ length: 5 }, () => runDue(jobs)));
      await runDue(jobs);
      for (const id of ids) {
        expect(await getJob(context, id)).toMatchObject({ state: "done", progress: { done: 30 } });
        expect((await marksOf(context, id)).sort((x, y) => x - y)).toEqual(Array.from({ length: 30 }, (_, n) => n));
      }
    });

    it("changes nothing any more once its lease has gone to another", async () => {
      let overtaken = false;
      const job: Job = aCountingJob({
        async before(n) {
          if (n !== 2 || overtaken) return;
          overtaken = true;
          opened.advance(61);
          await runDue([job]);
        },
      });
      const id = await start(job);
      await runDue([job]);
      expect(await marksOf(context, id)).toEqual([0, 1, 2, 3, 4]);
      expect(events.map(({ type }) => type)).toEqual(["ended", "lost"]);
    });

    it.each([2, 4])("does not overwrite what another has done since, with what step %d made of it", async (late) => {
      let overtaken = false;
      const job: Job = aCountingJob({
        async after(n) {
          if (n !== late || overtaken) return;
          overtaken = true;
          opened.advance(61);
          await runDue([job]);
        },
      });
      const id = await start(job);
      await runDue([job]);
      expect(await getJob(context, id)).toMatchObject({ state: "done", progress: { done: 5 } });
      // Both took that step, which steps must bear; nothing else was taken twice.
      expect(await marksOf(context, id)).toEqual([0, 1, 2, 3, 4, late].sort((x, y) => x - y));
      expect(events.map(({ type }) => type)).toEqual(["ended", "lost"]);
      expect((await auditRecords(context)).map(({ action }) => action)).toEqual(["job.run", "job.end"]);
    });

    it("has the lease for as long as it commits steps, however long they take together", async () => {
      const job: Job = aCountingJob({
        steps: 10,
        async after(n) {
          opened.advance(50);
          if (n === 5) await runDue([job]);
        },
      });
      const id = await start(job);
      await runDue([job]);
      expect(await marksOf(context, id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    it("lays a run down when its time is over or it is told to stop, for the next one to go on at once", async () => {
      const job = aCountingJob({ before: () => opened.advance(10) });
      const id = await start(job);
      await runDue([job], context, later(25));
      expect(await getJob(context, id)).toMatchObject({ state: "running", progress: { done: 3 } });
      const stop = new AbortController();
      const stopping = aCountingJob({ before: () => stop.abort() });
      await runDueJobs(context, [stopping], { until: later(3600), signal: stop.signal });
      expect(await getJob(context, id)).toMatchObject({ state: "running", progress: { done: 4 } });
      await runDue([job]);
      expect(await marksOf(context, id)).toEqual([0, 1, 2, 3, 4]);
      expect(await getJob(context, id)).toMatchObject({ state: "done", attempts: 0 });
    });
  });

  it("killed at any of its writes and started again, a run ends as if nothing had happened, at most one step repeated", async () => {
    const job = aCountingJob({ schedule: HOURLY });
    let kills = 0;
    for (let at = 1; ; at++) {
      const dying = crashAt(context.table, at);
      await runDue([job], { ...context, table: dying }).catch(() => undefined);
      const crashed = dying.writes() >= at;
      if (!crashed) break;
      kills++;
      opened.advance(61);
      await runDue([job]);
      const [run, ...more] = await all();
      expect(run, `killed at write ${at}`).toMatchObject({ state: "done", progress: { done: 5 } });
      expect(more).toHaveLength(at - 1);
      const marks = await marksOf(context, run?.id as string);
      expect([...new Set(marks)]).toEqual([0, 1, 2, 3, 4]);
      expect(marks.length).toBeLessThanOrEqual(6);
      const records = (await auditRecords(context)).filter(({ target }) => target === run?.id);
      expect(records.map(({ action }) => action)).toEqual(["job.end"]);
      opened.advance(3600);
    }
    expect(kills).toBeGreaterThan(10);
  });

  it("a commit whose answer was lost, whichever it is, has its effect once", async () => {
    const job = aCountingJob({ schedule: HOURLY });
    let lost = 0;
    for (let at = 1; ; at++) {
      let commits = 0;
      const losing = tableWith(context.table, {
        async commit(writes) {
          await context.table.commit(writes);
          if (++commits === at) throw new Error("the connection was reset");
        },
      });
      await runDue([job], { ...context, table: losing }).catch(() => undefined);
      if (commits < at) break;
      lost++;
      opened.advance(61);
      await runDue([job]);
      const [run, ...more] = await all();
      expect(run, `lost answer ${at}`).toMatchObject({ state: "done", progress: { done: 5 }, attempts: 0 });
      expect(more).toHaveLength(at - 1);
      expect([...new Set(await marksOf(context, run?.id as string))]).toEqual([0, 1, 2, 3, 4]);
      const records = (await auditRecords(context)).filter(({ target }) => target === run?.id);
      expect(records.map(({ action }) => action)).toEqual(["job.end"]);
      opened.advance(3600);
    }
    expect(lost).toBeGreaterThan(10);
  });

  describe("a run that is given its steps at once", () => {
    const startedIn = async (given: Context, job: Job) => {
      const id = await start(job);
      await runNow(given, job, id, later(15));
      return getJob(context, id);
    };

    it("is the service's, whoever started it: it is not limited to what that one may see, and claims none of its keys", async () => {
      const seen: Context[] = [];
      const job = aCountingJob({ steps: 30, before: (_, given) => void seen.push(given) });
      let woken = 0;
      const claim = { writeFor: () => expect.unreachable("claims"), taken: () => undefined };
      const request = { ...context, restriction: { accounts: [] }, claim, onJobStarted: () => void woken++ };
      expect(await startedIn(request, job)).toMatchObject({ state: "done", progress: { done: 30 } });
      expect(seen).toHaveLength(30);
      for (const one of seen) expect(one.restriction).toBeUndefined();
      const [record] = (await auditRecords(context)).filter(({ action }) => action === "job.end");
      expect(record).toMatchObject({ actor: "system" });
      expect(woken).toBe(0);
    });

    it("is left to others once the time is over, a step fails, or the table does not answer, and they are told", async () => {
      let woken = 0;
      const request = { ...context, onJobStarted: () => void woken++ };
      const slow = aCountingJob({ before: () => opened.advance(10) });
      expect(await startedIn(request, slow)).toMatchObject({ progress: { done: 2 } });
      expect(woken).toBe(1);
      await runDue([slow]);
      const failing = aCountingJob({ before: () => Promise.reject(new ProblemError("request.conflict")) });
      expect(await startedIn(request, failing)).toMatchObject({ error: { code: "request.conflict" } });
      expect(woken).toBe(2);
      await cancelJob(context, anActor, (await all())[0]?.id ?? "");
      const dead = { ...request, table: crashAt(context.table, 1) };
      expect(await startedIn(dead, aCountingJob())).toMatchObject({ state: "waiting", progress: { done: 0 } });
      expect(woken).toBe(3);
    });
  });

  describe("a step that fails", () => {
    const failing = (error: () => Error) =>
      aCountingJob({
        before: (n) => {
          if (n === 2) throw error();
        },
      });

    it("is tried again with growing pauses, then ends its run, and holds up no other", async () => {
      const poison = failing(() => new Error("secret-canary"));
      const well = aCountingJob({ name: "well" });
      const [bad, good] = [await start(poison), await start(well)];
      const pauses: number[] = [];
      await runDue([poison, well]);
      expect(await getJob(context, good)).toMatchObject({ state: "done" });
      for (let tries = 1; tries < MOST_ATTEMPTS; tries++) {
        const { state, attempts, retryAt = "", progress } = await getJob(context, bad);
        expect({ state, attempts, done: progress.done }).toEqual({ state: "waiting", attempts: tries, done: 2 });
        const pause = (Date.parse(retryAt) - context.now().getTime()) / 1000;
        pauses.push(pause);
        opened.advance(pause - 1);
        await runDue([poison]);
        expect((await getJob(context, bad)).attempts).toBe(tries);
        opened.advance(1);
        await runDue([poison]);
      }
      expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
      const view = await getJob(context, bad);
      expect(view).toMatchObject({ state: "failed", progress: { done: 2 }, error: { code: "service.internal" } });
      const stored = JSON.stringify([view, await auditRecords(context)]);
      expect(stored).not.toContain("secret-canary");
      expect((await auditRecords(context)).at(-1)).toMatchObject({ action: "job.end", outcome: "failed" });
      expect(events.filter(({ type }) => type === "failed")).toHaveLength(MOST_ATTEMPTS);
      await start(poison);
    });

    it("shows the code and words of a problem, and is forgotten once it succeeds", async () => {
      let well = false;
      const job = aCountingJob({
        before: () => {
          if (!well) throw new ProblemError("service.unavailable", "the cloud is away");
        },
      });
      const id = await start(job);
      await runDue([job]);
      expect((await getJob(context, id)).error).toEqual({ code: "service.unavailable", message: "the cloud is away" });
      well = true;
      opened.advance(30);
      await runDue([job]);
      const view = await getJob(context, id);
      expect(view).toMatchObject({ state: "done", attempts: 0 });
      expect(view.error).toBeUndefined();
    });

    it("now and then, and never often at one place, is no reason to end", async () => {
      let failures = 0;
      const job = aCountingJob({
        before: (n) => {
          if (failures >= (n + 1) * (MOST_ATTEMPTS - 1)) return;
          failures++;
          throw new Error("now and then");
        },
      });
      const id = await start(job);
      for (let n = 0; n < 5 * MOST_ATTEMPTS; n++) {
        await runDue([job]);
        opened.advance(86_400);
      }
      expect(failures).toBe(5 * (MOST_ATTEMPTS - 1));
      expect(await getJob(context, id)).toMatchObject({ state: "done" });
    });

    it("by killing its process each time ends its run after as many of them", async () => {
      const deadly = (table: { kill: () => void }) =>
        aCountingJob({ before: (n) => (n === 1 ? table.kill() : undefined) });
      const id = await start(aCountingJob());
      let processes = 0;
      while ((await getJob(context, id)).endedAt === undefined && processes < 20) {
        processes++;
        let dead = false;
        const alive = <T>(work: () => Promise<T>) => (dead ? Promise.reject(new Error("dead")) : work());
        const table = tableWith(context.table, {
          get: (entity, key, options) => alive(() => context.table.get(entity, key, options)),
          query: (entity, query) => alive(() => context.table.query(entity, query)),
          commit: (writes) => alive(() => context.table.commit(writes)),
        });
        const job = deadly({
          kill: () => {
            dead = true;
          },
        });
        await runDue([job], { ...context, table }).catch(() => undefined);
        opened.advance(61);
      }
      expect(processes).toBe(MOST_ATTEMPTS + 1);
      expect(await getJob(context, id)).toMatchObject({
        state: "failed",
        progress: { done: 1 },
        error: { code: "service.internal", message: expect.stringContaining("its process ended") },
      });
    });

    it("for a state that its job does not know any more fails and does not hang", async () => {
      const id = await start(aCountingJob());
      const newer = defineJob({
        name: "count",
        about: "counts otherwise",
        initial: { word: "" },
        leaseSeconds: 60,
        state: z.object({ word: z.string() }),
        step: async (_, { state }) => ({ state, progress: { done: 0, unit: "words" }, done: true }),
      });
      for (let n = 0; n < MOST_ATTEMPTS; n++) {
        await runDue([newer]);
        opened.advance(86_400);
      }
      expect(await getJob(context, id)).toMatchObject({ state: "failed" });
    });
  });

  it("a clock that was set back by days holds up neither a lease nor a retry", async () => {
    let broken = true;
    const job = aCountingJob({
      before: () => {
        if (broken) throw new Error("no");
      },
    });
    const id = await start(job);
    await runDue([job]);
    broken = false;
    opened.advance(-3 * 86_400);
    await runDue([job]);
    expect(await getJob(context, id)).toMatchObject({ state: "done" });
    const other = await start(job);
    await runDue([job], { ...context, table: crashAt(context.table, 2) }).catch(() => undefined);
    expect(await getJob(context, other)).toMatchObject({ state: "running" });
    await runDue([job]);
    expect(await getJob(context, other)).toMatchObject({ state: "running" });
    opened.advance(-86_400);
    await runDue([job]);
    expect(await getJob(context, other)).toMatchObject({ state: "done" });
  });

  it("a long run leaves the others their turn, also when each call has little time", async () => {
    const long = aCountingJob({ name: "long", steps: 200, before: () => opened.advance(5) });
    const short = aCountingJob({ name: "short", steps: 2, before: () => opened.advance(5) });
    const first = await start(long);
    await runDue([long, short], context, later(60));
    const second = await start(short);
    await runDue([long, short], context, later(60));
    await runDue([long, short], context, later(60));
    expect(await getJob(context, second)).toMatchObject({ state: "done" });
    expect((await getJob(context, first)).progress.done).toBeGreaterThan(20);
  });

  it("a long run leaves the others their turn within one call", async () => {
    const [long, short] = [aCountingJob({ name: "long", steps: 100 }), aCountingJob({ name: "short" })];
    await start(long);
    opened.advance(1);
    await start(short);
    await runDue([long, short]);
    expect(events.map(({ name }) => name)).toEqual(["short", "long"]);
  });

  it("a run that another version has in hand is left to it, also when its cancel is wanted", async () => {
    const job = aCountingJob({
      async before(n, _, { id }) {
        if (n !== 1) return;
        await cancelJob(context, anActor, id);
        await runDue([]);
        expect(await getJob(context, id)).toMatchObject({ state: "running" });
      },
    });
    const id = await start(job);
    await runDue([job]);
    expect(await getJob(context, id)).toMatchObject({ state: "cancelled", progress: { done: 2 } });
  });

  it("a run of a job that this version does not know waits, can be cancelled, and holds up no other", async () => {
    const [gone, here] = [aCountingJob({ name: "gone" }), aCountingJob({ name: "here" })];
    const [lost, found] = [await start(gone), await start(here)];
    await runDue([here]);
    expect(await getJob(context, found)).toMatchObject({ state: "done" });
    expect(await getJob(context, lost)).toMatchObject({ state: "waiting" });
    await cancelJob(context, anActor, lost);
    expect(await getJob(context, lost)).toMatchObject({ state: "cancelled" });
  });

  describe("a cancel", () => {
    it("of a run that waits is done at once, and recorded once", async () => {
      const id = await start(aCountingJob());
      await cancelJob(context, anActor, id);
      expect(await getJob(context, id)).toMatchObject({ state: "cancelled", cancelling: false, progress: { done: 0 } });
      await expect(cancelJob(context, anActor, id)).rejects.toMatchObject({ code: "job.ended" });
      await runDue([aCountingJob()]);
      expect(await marksOf(context, id)).toEqual([]);
      expect((await auditRecords(context)).map(({ action }) => action)).toEqual(["job.run", "job.cancel"]);
    });

    it("in the middle of a step lets it finish: what is done stays whole, and nothing follows", async () => {
      const job = aCountingJob({
        async before(n, _, { id }) {
          if (n !== 2) return;
          await cancelJob(context, anActor, id);
          await cancelJob(context, anActor, id);
          expect(await getJob(context, id)).toMatchObject({ state: "running", cancelling: true });
        },
      });
      const id = await start(job);
      await runDue([job]);
      expect(await marksOf(context, id)).toEqual([0, 1, 2]);
      expect(await getJob(context, id)).toMatchObject({ state: "cancelled", progress: { done: 3, total: 5 } });
      const records = await auditRecords(context);
      expect(records.map(({ action, actor }) => `${action} ${actor.split(":")[0]}`)).toEqual([
        "job.run user",
        "job.cancel user",
        "job.end system",
      ]);
      await start(job);
    });

    it("asked for while the runner is dead holds for the next one", async () => {
      const job = aCountingJob();
      const id = await start(job);
      await runDue([job], { ...context, table: crashAt(context.table, 4) }).catch(() => undefined);
      await cancelJob(context, anActor, id);
      opened.advance(61);
      await runDue([job]);
      expect(await getJob(context, id)).toMatchObject({ state: "cancelled" });
    });

    it("of nothing is not found", async () => {
      await expect(cancelJob(context, anActor, "job_01JD0000000000000000000000")).rejects.toMatchObject({
        code: "job.not_found",
      });
    });
  });

  describe("running by name", () => {
    it("makes one run at a time, and says which one is there", async () => {
      const job = aCountingJob();
      const started = await Promise.allSettled(Array.from({ length: 5 }, () => start(job)));
      const [id] = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      expect(await all()).toHaveLength(1);
      await expect(start(job)).rejects.toMatchObject({ code: "job.unfinished", extra: { job: id } });
      await runDue([job]);
      await start(job);
    });

    it("is refused for what has no such name, and for what is not started by its name", async () => {
      const bound = defineJob({
        name: "bound",
        about: "belongs to something",
        leaseSeconds: 60,
        state: z.object({}),
        step: async () => ({ state: {}, progress: { done: 0, unit: "things" }, done: true }),
      });
      await expect(runJob(context, anActor, [bound], "nothing")).rejects.toMatchObject({ code: "job.not_found" });
      await expect(start(bound)).rejects.toMatchObject({ code: "job.not_startable" });
      expect(await all()).toEqual([]);
    });
  });

  describe("lists", () => {
    it("have all runs, those of a name, of a state, and of both, newest first, page by page", async () => {
      const jobs = ["a", "b"].map((name) => aCountingJob({ name }));
      const [a, b] = jobs as [Job, Job];
      const ids: string[] = [];
      for (const job of [a, b, a]) {
        opened.advance(1);
        ids.push(await start(job));
        await runDue([job]);
      }
      opened.advance(1);
      ids.push(await start(b));
      await cancelJob(context, anActor, ids[3] as string);
      opened.advance(1);
      ids.push(await start(b));
      const list = async (filter: object) =>
        (await listJobs(context, { limit: 10, ...filter })).items.map(({ id }) => id);
      const at = (...places: number[]) => places.map((place) => ids[place]);
      expect(await list({})).toEqual(at(4, 3, 2, 1, 0));
      expect(await list({ name: "b" })).toEqual(at(4, 3, 1));
      expect(await list({ state: "done" })).toEqual(at(2, 1, 0));
      expect(await list({ name: "b", state: "done" })).toEqual(at(1));
      expect(await list({ state: "cancelled" })).toEqual(at(3));
      expect(await list({ state: "waiting" })).toEqual(at(4));
      expect(await list({ state: "running" })).toEqual([]);
      const first = await listJobs(context, { limit: 3 });
      const second = await listJobs(context, { limit: 3, cursor: first.cursor });
      expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids.toReversed());
      await expect(listJobs(context, { limit: 3, name: "a", cursor: first.cursor })).rejects.toMatchObject({
        code: "cursor.invalid",
      });
      expect(await listJobDefinitions(context, jobs)).toMatchObject([
        { name: "a", startable: true, last: { id: ids[2], state: "done" } },
        { name: "b", unfinished: { id: ids[4] }, last: { id: ids[3], state: "cancelled" } },
      ]);
    });

    it("forget a run 90 days after its end, and never one that has not ended", async () => {
      const job = aCountingJob();
      const ended = await start(job);
      await runDue([job]);
      const open = await start(job);
      opened.advance(90 * 86_400 - 1);
      expect(await all()).toHaveLength(2);
      opened.advance(1);
      expect((await all()).map(({ id }) => id)).toEqual([open]);
      await expect(getJob(context, ended)).rejects.toMatchObject({ code: "job.not_found" });
      for (const partition of [listOf(undefined, undefined), listOf(job.name, undefined), listOf(undefined, "done")]) {
        const { items } = await context.table.query(JobEntryItem, { partition });
        expect(items.filter((entry) => entry.id === ended)).toEqual([]);
      }
    });
  });

  it("looking for work when there is none costs two read units and no write", async () => {
    const job = aCountingJob({ schedule: HOURLY });
    await runDue([job]);
    const { units } = await context.table.meter.measure(() => runDue([job]));
    expect(units).toEqual({ read: 2, write: 0 });
  });
});
