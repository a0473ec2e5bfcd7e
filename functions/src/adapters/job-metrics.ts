import { toLoggedError } from "@cadastre/api/log";
import type { LogLine } from "@cadastre/contract/log";
import type { JobEvent } from "@cadastre/core/jobs/turn";
import type { WriteLine } from "./log.ts";
import { writeMetrics } from "./metric-line.ts";

/** What a runner tells, as a line of a log. That a step is tried again is a warning; a run that failed for good is an error. */
export function toLogLine(event: JobEvent): LogLine {
  const { type, id: job, name } = event;
  if (type === "lost") return { level: "warn", message: "another runner has the job's run now", job, name };
  if (type === "failed")
    return { level: "warn", message: "a job's step failed", job, name, error: toLoggedError(event.error, false) };
  const { state, done } = event;
  return { level: state === "failed" ? "error" : "info", message: "a job's run ended", job, name, state, done };
}

/** Writes the end of a run: over all jobs, and by the job's name. */
export function writeJobMetrics(options: {
  readonly deployment: string;
  readonly event: JobEvent;
  readonly now: Date;
  readonly write: WriteLine;
}): void {
  const { deployment, event, now, write } = options;
  if (event.type !== "ended" || event.state === "cancelled") return;
  // Each run is one of the two. A cancelled one is neither.
  const figures = { JobsDone: event.state === "done" ? 1 : 0, JobsFailed: event.state === "failed" ? 1 : 0 };
  writeMetrics({ deployment, by: { Job: event.name }, isAlsoSummed: true, figures, now, write });
}
