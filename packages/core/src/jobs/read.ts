import type { Context } from "../context.ts";
import { JobCancelItem, JobEntryItem, JobRunItem, listOf, type StoredRun } from "./items.ts";

export function readRun(context: Context, id: string): Promise<StoredRun | undefined> {
  return context.table.get(JobRunItem, { id }, { consistent: true });
}

export async function isCancelWanted(context: Context, id: string): Promise<boolean> {
  return (await context.table.get(JobCancelItem, { id }, { consistent: true })) !== undefined;
}

/** More than that are never unfinished at once: jobs are few, and work by them waits. */
const MOST_UNFINISHED = 1000;

/**
 * The runs that wait or run, those first whose last step is the longest ago: what takes several calls of a runner then leaves each
 * of them something for the others.
 */
export async function readUnfinished(context: Context): Promise<StoredRun[]> {
  const { table } = context;
  const query = { partition: listOf(undefined, "waiting"), limit: MOST_UNFINISHED, consistent: true };
  const { items } = await table.query(JobEntryItem, query);
  const runs = await table.getMany(JobRunItem, items, { consistent: true });
  return runs.filter((run) => run !== undefined).sort((a, b) => (a.updatedAt < b.updatedAt ? -1 : 1));
}
