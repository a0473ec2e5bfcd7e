import type { SessionResult } from "@cadastre/collectors/session/session";
import type { WriteLine } from "./log.ts";

export const METRICS_NAMESPACE = "Cadastre";
const METRICS = ["CompleteRuns", "Scopes", "ScopesNotComplete", "Resources"] as const;

/** Complete: delivered, every observer ended well, and no scope is partial or failed. A scope that is switched off is skipped. */
function isCompleteRun(result: SessionResult): boolean {
  return result.delivered && result.failures.length === 0 && notComplete(result) === 0;
}

function notComplete({ scopes }: SessionResult): number {
  return scopes.filter(({ status }) => status === "partial" || status === "failed").length;
}

/**
 * Writes the run's figures as one log line in CloudWatch's embedded metric format, from which CloudWatch makes metrics without a call.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function writeRunMetrics(options: {
  readonly collector: string;
  readonly result: SessionResult;
  readonly now: Date;
  readonly write: WriteLine;
}): void {
  const { collector, result, now, write } = options;
  const figures: Record<(typeof METRICS)[number], number> = {
    CompleteRuns: isCompleteRun(result) ? 1 : 0,
    Scopes: result.scopes.length,
    ScopesNotComplete: notComplete(result),
    Resources: result.totals.resources,
  };
  const metrics = METRICS.map((Name) => ({ Name, Unit: "Count" }));
  write(
    JSON.stringify({
      _aws: {
        Timestamp: now.getTime(),
        CloudWatchMetrics: [{ Namespace: METRICS_NAMESPACE, Dimensions: [["Collector"]], Metrics: metrics }],
      },
      Collector: collector,
      ...figures,
    }),
  );
}
