import { ConflictError } from "@cadastre/store/errors";
import type { Actor, Context } from "../context.ts";
import { decideDue } from "./decide-due.ts";
import type { Job } from "./define.ts";
import { JOBS_PARTITION, JobItem } from "./items.ts";
import { jobChange, start, toMarks } from "./start.ts";
import { nextTick } from "./ticks.ts";

/**
 * Starts what its schedule asks for, each for itself: a run waits for who takes it. A job whose last run is unfinished starts
 * when that has ended. Several may do this at once: one of them starts it. Writes run, entries, job and audit record.
 */
export async function startDue(context: Context, actor: Actor, jobs: readonly Job[]): Promise<void> {
  const page = await context.table.query(JobItem, { partition: JOBS_PARTITION, consistent: true });
  const known = new Map(page.items.map((item) => [item.name, item]));
  for (const job of jobs) {
    const stored = known.get(job.name);
    const due = job.schedule === undefined ? undefined : decideDue(job.schedule, stored, context.now());
    if (!due) continue;
    try {
      const next = nextTick(job.schedule as string, context.now());
      if ("mark" in due) await context.table.commit([jobChange(stored, job.name, toMarks({ tick: due.mark, next }))]);
      else if (stored?.unfinished === undefined) await start(context, actor, job, stored, { tick: due.start, next });
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}
