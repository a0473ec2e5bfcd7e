import type { JobItem } from "./items.ts";
import { lastTick, nextTick } from "./ticks.ts";

export type DueDecision =
  /** Start a run for this time of the schedule. */
  | { readonly start: Date }
  /** The clock was set back by more than a period: go on from this time without a run. */
  | { readonly mark: Date }
  | undefined;

/**
 * Whether the schedule asks for a run: once for the last time that came round, however many were missed. What was started for a
 * time ahead of the clock is not started again when the clock was set back; further ahead than the next time, it is no
 * measure any more, since the job would stand still until then.
 */
export function decideDue(schedule: string, job: Pick<JobItem, "tick"> | undefined, now: Date): DueDecision {
  const tick = lastTick(schedule, now);
  if (!tick) return undefined;
  if (job?.tick === undefined) return { start: tick };
  const marked = new Date(job.tick);
  if (marked > nextTick(schedule, now)) return { mark: tick };
  return marked < tick ? { start: tick } : undefined;
}
