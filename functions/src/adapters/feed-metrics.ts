import type { StreamRun } from "@cadastre/core/feed/handle-changes";
import type { WriteLine } from "./log.ts";
import { METRICS_NAMESPACE } from "./run-metrics.ts";

const FEED_METRICS = ["ChangesTold", "ChangesSetAside"] as const;

/**
 * Writes how many changes were told, and how many set aside, as one log line in CloudWatch's embedded metric format.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function writeFeedMetrics(options: {
  readonly run: StreamRun;
  readonly now: Date;
  readonly write: WriteLine;
}): void {
  const { run, now, write } = options;
  const figures: Record<(typeof FEED_METRICS)[number], number> = {
    ChangesTold: run.handled,
    ChangesSetAside: run.setAside,
  };
  const metrics = FEED_METRICS.map((Name) => ({ Name, Unit: "Count" }));
  write(
    JSON.stringify({
      _aws: {
        Timestamp: now.getTime(),
        CloudWatchMetrics: [{ Namespace: METRICS_NAMESPACE, Dimensions: [[]], Metrics: metrics }],
      },
      ...figures,
    }),
  );
}
