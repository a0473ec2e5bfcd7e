import { ProblemError } from "@cadastre/contract/errors";
import { type JobDefinition, type JobState, type Job as JobView, job } from "@cadastre/contract/job";
import type { Context } from "../context.ts";
import { type Listed, type ListOptions, queryPage } from "../lists.ts";
import type { Job } from "./define.ts";
import { JOBS_PARTITION, JobCancelItem, JobEntryItem, JobItem, JobRunItem, listOf, type StoredRun } from "./items.ts";
import { nextTick } from "./ticks.ts";

/** Runs as the API shows them, with whether their cancel is wanted; what is gone meanwhile is left out. */
async function toViews(context: Context, runs: readonly (StoredRun | undefined)[]): Promise<JobView[]> {
  const found = runs.filter((run) => run !== undefined);
  const open = found.filter(({ endedAt }) => endedAt === undefined);
  const cancels = await context.table.getMany(JobCancelItem, open, { consistent: true });
  const cancelling = new Set(cancels.flatMap((cancel) => (cancel ? [cancel.id] : [])));
  return found.map((run) => job.parse({ ...run, cancelling: cancelling.has(run.id) }));
}

async function views(context: Context, ids: readonly string[]): Promise<JobView[]> {
  const keys = ids.map((id) => ({ id }));
  return toViews(context, await context.table.getMany(JobRunItem, keys, { consistent: true }));
}

/** One run. Throws 404 `job.not_found`, also for one that ended more than 90 days ago. */
export async function getJob(context: Context, id: string): Promise<JobView> {
  const [view] = await views(context, [id]);
  if (!view) throw new ProblemError("job.not_found");
  return view;
}

export interface JobFilter {
  readonly name?: string | undefined;
  readonly state?: JobState | undefined;
}

/**
 * Runs, newest first, of a name or in a state when they are given. What waits and what runs is one list, of few: a page of one of
 * the two may be short. Throws 422 `cursor.invalid`.
 */
export async function listJobs(context: Context, options: ListOptions & JobFilter): Promise<Listed<JobView>> {
  const { name, state, limit, cursor } = options;
  const partition = listOf(name, state);
  const page = await queryPage(context.table, JobEntryItem, {
    partition,
    limit,
    cursor,
    reverse: true,
    consistent: true,
  });
  const all = await views(
    context,
    page.items.map(({ id }) => id),
  );
  const items = all.filter((view) => state === undefined || view.state === state);
  return { items, ...(page.cursor === undefined ? {} : { cursor: page.cursor }) };
}

/** What can run, in the order of its definition, with its unfinished run and the last one that ended. */
export async function listJobDefinitions(context: Context, jobs: readonly Job[]): Promise<JobDefinition[]> {
  const page = await context.table.query(JobItem, { partition: JOBS_PARTITION, consistent: true });
  const known = new Map(page.items.map((item) => [item.name, item]));
  const ids = page.items.flatMap(({ unfinished, last }) => [unfinished, last].filter((id) => id !== undefined));
  const runs = new Map((await views(context, ids)).map((view) => [view.id, view]));
  return jobs.map(({ name, about, schedule, initial }) => {
    const unfinished = runs.get(known.get(name)?.unfinished ?? "");
    const last = runs.get(known.get(name)?.last ?? "");
    return {
      name,
      about,
      ...(schedule === undefined ? {} : { schedule, nextAt: nextTick(schedule, context.now()).toISOString() }),
      startable: initial !== undefined,
      ...(unfinished ? { unfinished } : {}),
      ...(last ? { last } : {}),
    };
  });
}
