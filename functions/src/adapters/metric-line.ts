import type { WriteLine } from "./log.ts";

const METRICS_NAMESPACE = "Cadastre";

export interface MetricLine {
  /** The deployment's name, the first dimension of everything. */
  readonly deployment: string;
  /** Further members, by which figures are kept apart. */
  readonly by?: Readonly<Record<string, string>>;
  /** Whether the figures count without `by`, too: over all jobs, say. */
  readonly isAlsoSummed?: boolean;
  readonly figures: Readonly<Record<string, number>>;
  readonly now: Date;
  readonly write: WriteLine;
}

/**
 * Writes figures as one log line in CloudWatch's embedded metric format, from which CloudWatch makes metrics without a call.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function writeMetrics({ deployment, by = {}, isAlsoSummed = false, figures, now, write }: MetricLine): void {
  const Dimensions = [...(isAlsoSummed ? [["Deployment"]] : []), ["Deployment", ...Object.keys(by)]];
  const Metrics = Object.keys(figures).map((Name) => ({ Name, Unit: "Count" }));
  const CloudWatchMetrics = [{ Namespace: METRICS_NAMESPACE, Dimensions, Metrics }];
  write(
    JSON.stringify({
      _aws: { Timestamp: now.getTime(), CloudWatchMetrics },
      Deployment: deployment,
      ...by,
      ...figures,
    }),
  );
}
