import { ERRORS, ProblemError } from "@cadastre/contract/errors";
import type { JobError } from "@cadastre/contract/job";
import type { StepResult } from "./define.ts";
import type { JobRunItem } from "./items.ts";

type Lease = NonNullable<JobRunItem["lease"]>;

/** A step that has failed so often ends its run. */
export const MOST_ATTEMPTS = 5;
const FIRST_PAUSE_SECONDS = 30;
const PAUSE_GROWTH = 4;

/** Seconds before the next attempt, after so many that failed. */
export function pauseSeconds(attempts: number): number {
  return FIRST_PAUSE_SECONDS * PAUSE_GROWTH ** (attempts - 1);
}

/** Whether a time lies ahead, and not so far that only a clock that was set back can explain it. */
function isAhead(time: string, now: Date, mostSeconds: number): boolean {
  const seconds = (Date.parse(time) - now.getTime()) / 1000;
  return seconds > 0 && seconds <= 2 * mostSeconds;
}

export type TakeDecision = "leave" | "take" | "take over" | "give up";

/**
 * Whether a runner may take the run. A lease that has ended belongs to who died in a step, which counts as an attempt: a step
 * that kills its process would be taken for ever.
 */
export function decideTake(
  run: Pick<JobRunItem, "endedAt" | "lease" | "retryAt" | "attempts">,
  leaseSeconds: number,
  now: Date,
): TakeDecision {
  if (run.endedAt !== undefined) return "leave";
  if (run.retryAt !== undefined && isAhead(run.retryAt, now, pauseSeconds(run.attempts))) return "leave";
  if (run.lease === undefined) return "take";
  if (isAhead(run.lease.until, now, leaseSeconds)) return "leave";
  return run.attempts + 1 >= MOST_ATTEMPTS ? "give up" : "take over";
}

/** The run after a step that failed, without its lease; nothing when that was the last attempt. */
export function decideRetry(run: JobRunItem, error: JobError, now: Date): JobRunItem | undefined {
  const attempts = run.attempts + 1;
  if (attempts >= MOST_ATTEMPTS) return undefined;
  const { lease: _, ...rest } = run;
  const retryAt = new Date(now.getTime() + pauseSeconds(attempts) * 1000).toISOString();
  return { ...rest, state: "waiting", attempts, error, retryAt };
}

/** What may be shown of an error: a problem's own words, and of anything else nothing. */
export function toJobError(error: unknown): JobError {
  if (error instanceof ProblemError) return { code: error.code, message: error.message };
  return { code: "service.internal", message: ERRORS["service.internal"].title };
}

/** Of a run whose processes all died. */
export const DIED: JobError = {
  code: "service.internal",
  message: `its process ended ${MOST_ATTEMPTS} times in the same step`,
};

/** The run in a runner's hands. */
export function decideTaken(
  run: JobRunItem,
  decision: Exclude<TakeDecision, "leave" | "give up">,
  lease: Lease,
  now: Date,
): JobRunItem {
  const { retryAt: _, ...rest } = run;
  const attempts = run.attempts + (decision === "take over" ? 1 : 0);
  return { ...rest, state: "running", attempts, lease, startedAt: run.startedAt ?? now.toISOString() };
}

/** The run after a step that succeeded: what failed before it is made good. */
export function decideStep(run: JobRunItem, result: StepResult<unknown>, lease: Lease, now: Date): JobRunItem {
  const { error: _, ...rest } = run;
  const { state: checkpoint, progress } = result;
  return { ...rest, checkpoint, progress, attempts: 0, lease, updatedAt: now.toISOString() };
}
