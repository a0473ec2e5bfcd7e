import { newId } from "@cadastre/contract/ids";
import { type Context, systemActor } from "../context.ts";
import type { Job } from "./define.ts";
import { readUnfinished } from "./read.ts";
import { startDue } from "./start-due.ts";
import { isOver, type RunOptions, takeTurn } from "./turn.ts";

/**
 * Starts what is due and runs what is unfinished, a few steps of each in turn, until nothing is left that can be run now, until
 * the time, or until it is told to stop. Any number of runners may do this at once, anywhere: each run has one of them at a
 * time. What is cut short, also by kill -9, goes on from its last committed step when this is called again. Errors of a job are
 * its own: they are reported, retried by later calls, and at last end the run as failed. Throws what the table throws when
 * runs cannot be started or listed. Writes jobs, runs, entries, audit records, and what the steps write.
 */
export async function runDueJobs(context: Context, jobs: readonly Job[], options: RunOptions): Promise<void> {
  const actor = systemActor(newId("request", context.now()));
  const runner = { ...options, context, actor };
  const byName = new Map(jobs.map((job) => [job.name, job]));
  const settled = new Set<string>();
  while (!isOver(runner)) {
    await startDue(context, actor, jobs);
    const runs = (await readUnfinished(context)).filter(({ id }) => !settled.has(id));
    if (runs.length === 0) return;
    for (const run of runs) {
      if (isOver(runner)) return;
      if (!(await takeTurn(runner, byName.get(run.name), run))) settled.add(run.id);
    }
  }
}
