import { inOrganization, systemActor } from "@cadastre/core/context";
import { eachOrganization } from "@cadastre/core/directory/each-organization";
import { JOBS } from "@cadastre/core/jobs";
import { defineJob } from "@cadastre/core/jobs/define";
import { runDueJobs } from "@cadastre/core/jobs/run-due";
import { runJob } from "@cadastre/core/jobs/start";
import { defineEntity } from "@cadastre/store/entity";
import { create } from "@cadastre/store/table";
import * as z from "zod";
import type { Api } from "./api.ts";
import { type Process, type Scheduler, startProcess } from "./scheduler.ts";

export const COUNT = "count";
export const COUNT_STEPS = 3;
const MOST_ROUNDS = 12;
/** Between the rounds: in the end longer than any lease, and than any pause after a failure. */
const pauseMilliseconds = (round: number) => Math.min(61_000 * 4 ** round, 40 * 60_000);
const PATIENCE_MILLISECONDS = 5 * 60_000;

interface Mark {
  readonly run: string;
  readonly n: number;
  readonly time: number;
}

const MarkItem = defineEntity({
  type: "mark",
  about: "For stories: a step that took effect",
  schema: z.object({ run: z.string(), n: z.int(), time: z.int() }),
  key: { partition: ({ run }: Mark) => `marks#${run}`, sort: ({ n, time }: Mark) => `${n}#${time}` },
});

/** The run and the number that a mark's key in the table tells of; nothing for other keys. */
export function markIn(key: string): { readonly run: string; readonly n: number } | undefined {
  const [, run, n] = /^marks#(\S+)\n(\d+)#\d+$/.exec(key) ?? [];
  return run === undefined ? undefined : { run, n: Number(n) };
}

/** Processes that run jobs, any number at once, killed anywhere: the product's own, and one that counts. */
export function createJobRunners({ scheduler, api }: { scheduler: Scheduler; api: Api }) {
  let [lives, times] = [0, 0];

  const count = defineJob<{ next: number }>({
    name: COUNT,
    about: "counts",
    initial: { next: 0 },
    leaseSeconds: 20,
    state: z.object({ next: z.int() }),
    async step(context, { id, state, guard }) {
      await scheduler.turn("works", { mayDie: "api-kill" });
      await context.table.commit([guard, create(MarkItem, { run: id, n: state.next, time: times++ })]);
      const next = state.next + 1;
      return {
        state: { next },
        progress: { done: next, total: COUNT_STEPS, unit: "numbers" },
        done: next === COUNT_STEPS,
      };
    },
  });
  const jobs = [count, ...JOBS];

  function work(process: Process): Promise<void> {
    const until = new Date(process.now().getTime() + PATIENCE_MILLISECONDS);
    return eachOrganization(api.contextOf(process), async (own) => {
      await runDueJobs(own, jobs, { until });
    });
  }

  return {
    /** Starts one in an organization, or works on what is due in all of them. */
    start(how: "start" | "work", organization: string, done: () => void): void {
      const name = `runner-${lives++}`;
      const begin = (process: Process) =>
        runJob(inOrganization(api.contextOf(process), organization), systemActor(name), jobs, COUNT);
      startProcess(scheduler, name, how, how === "start" ? begin : work, done);
    },
    /** Runs what is unfinished to its end, with pauses in which nothing else happens. */
    async finish(director: Process, isOver: () => Promise<boolean>): Promise<void> {
      const process = scheduler.spawn(`last runner ${lives++}`);
      for (let round = 0; round < MOST_ROUNDS && !(await isOver()); round++) {
        await scheduler.inCalm(process, () => work(process));
        let isLater = false;
        scheduler.at(director, pauseMilliseconds(round), "waits", () => {
          isLater = true;
        });
        await scheduler.run(() => isLater);
      }
    },
  };
}
