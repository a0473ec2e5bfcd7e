import type { Context } from "@cadastre/core/context";
import { JOBS } from "@cadastre/core/jobs";
import type { Job } from "@cadastre/core/jobs/define";
import { runDueJobs } from "@cadastre/core/jobs/run-due";
import type { JobEvent } from "@cadastre/core/jobs/turn";

/** Runs what is due until nothing is left, and answers what was reported. Jobs that a schedule starts are left out unless they are given. */
export async function runJobs(
  context: Context,
  jobs: readonly Job[] = JOBS.filter(({ schedule }) => schedule === undefined),
): Promise<JobEvent[]> {
  const events: JobEvent[] = [];
  const until = new Date(context.now().getTime() + 3_600_000);
  await runDueJobs(context, jobs, { until, report: (event) => void events.push(event) });
  return events;
}
