import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { create, put, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import type { Job } from "./define.ts";
import { entriesOf, JobEntryItem, JobItem, JobRunItem } from "./items.ts";

/** The writes that make a run, waiting for a runner, in its lists: for the commit of whatever starts it. */
export function newRun(
  job: Pick<Job, "name" | "isFrequent">,
  of: { now: Date; createdBy: string; state: unknown; tick?: Date },
): { readonly run: JobRunItem; readonly writes: readonly Write[] } {
  const at = of.now.toISOString();
  const run: JobRunItem = {
    id: newId("job", of.now),
    name: job.name,
    state: "waiting",
    progress: { done: 0, unit: "steps" },
    attempts: 0,
    ...(of.tick === undefined ? {} : { scheduledFor: of.tick.toISOString() }),
    ...(job.isFrequent ? { isFrequent: job.isFrequent } : {}),
    createdAt: at,
    createdBy: of.createdBy,
    updatedAt: at,
    checkpoint: of.state,
  };
  return { run, writes: [create(JobRunItem, run), ...entriesOf(run).map((entry) => put(JobEntryItem, entry))] };
}

/** The write of a job's own item in place of what was read. */
export function jobWrite(stored: Stored<JobItem> | undefined, item: JobItem): Write {
  return stored ? replace(JobItem, item, stored.version) : create(JobItem, item);
}

/** The same with a part of it changed. */
export function jobChange(stored: Stored<JobItem> | undefined, name: string, change: Partial<JobItem>): Write {
  const { version: _, ...item } = stored ?? { name, version: 0 };
  return jobWrite(stored, { ...item, ...change });
}

/** Where a schedule stands. */
export const toMarks = ({ tick, next }: { readonly tick: Date; readonly next: Date }) => ({
  tick: tick.toISOString(),
  nextAt: next.toISOString(),
});

/** Makes the job's one unfinished run, with an audit record when somebody started it. Throws ConflictError when somebody else did. */
export async function start(
  context: Context,
  actor: Actor,
  job: Job,
  stored: Stored<JobItem> | undefined,
  times?: { readonly tick: Date; readonly next: Date },
): Promise<string> {
  const of = { now: context.now(), createdBy: actorName(actor), state: job.initial };
  const { run, writes } = newRun(job, times === undefined ? of : { ...of, tick: times.tick });
  const marks = times === undefined ? {} : toMarks(times);
  const all = [...writes, jobChange(stored, job.name, { unfinished: run.id, ...marks })];
  // What starts by the clock is recorded by its end, when it did anything: a log of ticks would hide what people do.
  if (times) await context.table.commit(all);
  else await commitRecorded(context, actor, all, { action: "job.run", target: run.id, detail: { name: job.name } });
  return run.id;
}

/**
 * Starts a job now, by its name; a runner takes it soon. Answers the run's id. Throws 404 `job.not_found` for a name that no job
 * has, 409 `job.not_startable` for one that only its own use case starts, 409 `job.unfinished` with the `job` that waits or runs.
 * Writes run, entries, job and audit record.
 */
export async function runJob(context: Context, actor: Actor, jobs: readonly Job[], name: string): Promise<string> {
  const job = jobs.find((one) => one.name === name);
  if (!job) throw new ProblemError("job.not_found", `there is no job of the name ${JSON.stringify(name.slice(0, 64))}`);
  if (job.initial === undefined) throw new ProblemError("job.not_startable");
  return retryOnConflict(async () => {
    const stored = await context.table.get(JobItem, { name }, { consistent: true });
    if (stored?.unfinished !== undefined) {
      const detail = `${stored.unfinished} waits or runs; wait for its end, or cancel it`;
      throw new ProblemError("job.unfinished", detail, { extra: { job: stored.unfinished } });
    }
    const id = await start(context, actor, job, stored);
    context.onJobStarted?.();
    return id;
  });
}
