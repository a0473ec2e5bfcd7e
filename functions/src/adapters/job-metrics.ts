import { toLoggedError } from "@cadastre/api/log";
import type { LogLine } from "@cadastre/contract/log";
import type { JobEvent } from "@cadastre/core/jobs/turn";
import type { WriteLine } from "./log.ts";
import { METRICS_NAMESPACE } from "./run-metrics.ts";

/** How many runs of a job ended, each in one of the two. A cancelled one is neither. */
const JOB_METRICS = ["JobsDone", "JobsFailed"] as const;

/** What a runner tells, as a line of a log. That a step is tried again is a warning; a run that failed for good is an error. */
export function toLogLine(event: JobEvent): LogLine {
  const { type, id: job, name } = event;
  if (type === "lost") return { level: "warn", message: "another runner has the job's run now", job, name };
  if (type === "failed")
    return { level: "warn", message: "a job's step failed", job, name, error: toLoggedError(event.error, false) };
  const { state, done } = event;
  return { level: state === "failed" ? "error" : "info", message: "a job's run ended", job, name, state, done };
}

/**
 * Writes the end of a run as one log line in CloudWatch's embedded metric format, by the job's name.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function writeJobMetrics(options: {
  readonly event: JobEvent;
  readonly now: Date;
  readonly write: WriteLine;
}): void {
  const { event, now, write } = options;
  if (event.type !== "ended" || event.state === "cancelled") return;
  const metrics = JOB_METRICS.map((Name) => ({ Name, Unit: "Count" }));
  write(
    JSON.stringify({
      _aws: {
        Timestamp: now.getTime(),
        CloudWatchMetrics: [{ Namespace: METRICS_NAMESPACE, Dimensions: [[], ["Job"]], Metrics: metrics }],
      },
      Job: event.name,
      JobsDone: event.state === "done" ? 1 : 0,
      JobsFailed: event.state === "failed" ? 1 : 0,
    }),
  );
}
