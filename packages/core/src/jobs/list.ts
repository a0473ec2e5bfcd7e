import { ProblemError } from "@cadastre/contract/errors";
import { type JobDefinition, type JobState, type Job as JobView, job } from "@cadastre/contract/job";
import type { Context } from "../context.ts";
import { type Listed, type ListOptions, type Selection, selectPage } from "../lists.ts";
import type { Job } from "./define.ts";
import { JOBS_PARTITION, JobCancelItem, JobEntryItem, JobItem, JobRunItem, listOf } from "./items.ts";

/** The runs of some ids as the API shows them, undefined for what is gone. */
async function views(context: Context, ids: readonly { readonly id: string }[]): Promise<(JobView | undefined)[]> {
  const runs = await context.table.getMany(JobRunItem, ids, { consistent: true });
  const unfinished = runs.flatMap((run) => (run && run.endedAt === undefined ? [{ id: run.id }] : []));
  const cancels = await context.table.getMany(JobCancelItem, unfinished, { consistent: true });
  const cancelling = new Set(cancels.flatMap((cancel) => (cancel ? [cancel.id] : [])));
  return runs.map((run) => run && job.parse({ ...run, cancelling: cancelling.has(run.id) }));
}

/** One run. Throws 404 `job.not_found`, also for one that ended more than 90 days ago. */
export async function getJob(context: Context, id: string): Promise<JobView> {
  const [view] = await views(context, [{ id }]);
  if (!view) throw new ProblemError("job.not_found");
  return view;
}

export interface JobFilter {
  readonly name?: string | undefined;
  readonly state?: JobState | undefined;
}

/** Runs, newest first, of a name or in a state when they are given. Throws 422 `cursor.invalid`. */
export function listJobs(context: Context, options: ListOptions & JobFilter): Promise<Listed<JobView>> {
  const { name, state } = options;
  const selection: Selection<typeof JobEntryItem, JobView> = {
    list: "jobs",
    filters: { name, state },
    entity: JobEntryItem,
    partition: listOf(name, state),
    reverse: true,
    // What waits and what runs is one list, of few.
    async select(entries) {
      const found = await views(context, entries);
      return found.map((view) => (state === undefined || view?.state === state ? view : undefined));
    },
  };
  return selectPage(context, selection, options);
}

/** What can run, in the order of its definition, with its unfinished run and the last one that ended. */
export async function listJobDefinitions(context: Context, jobs: readonly Job[]): Promise<JobDefinition[]> {
  const page = await context.table.query(JobItem, { partition: JOBS_PARTITION, consistent: true });
  const known = new Map(page.items.map((item) => [item.name, item]));
  const ids = page.items.flatMap(({ unfinished, last }) => [unfinished, last].filter((id) => id !== undefined));
  const found = await views(
    context,
    ids.map((id) => ({ id })),
  );
  const runs = new Map(found.flatMap((view) => (view ? [[view.id, view]] : [])));
  return jobs.map(({ name, about, schedule, initial }) => {
    const item = known.get(name);
    const unfinished = runs.get(item?.unfinished ?? "");
    const last = runs.get(item?.last ?? "");
    return {
      name,
      about,
      ...(schedule === undefined ? {} : { schedule }),
      ...(item?.nextAt === undefined ? {} : { nextAt: item.nextAt }),
      startable: initial !== undefined,
      ...(unfinished ? { unfinished } : {}),
      ...(last ? { last } : {}),
    };
  });
}
