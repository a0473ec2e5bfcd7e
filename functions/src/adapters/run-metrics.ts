import type { SessionResult } from "@cadastre/collectors/session/session";
import type { WriteLine } from "./log.ts";
import { writeMetrics } from "./metric-line.ts";

/** Said of certificates when an endpoint does not answer: a fact about somebody's endpoint, and no fault of the collector. */
const OF_ENDPOINTS = "endpoints_unreachable";

type Scope = SessionResult["scopes"][number];

/** Partial or failed. A scope that is switched off is skipped, and as whole as it can be. */
const isNotComplete = ({ status }: Scope) => status === "partial" || status === "failed";

/** For a reason that somebody has to mend here. */
const isFailing = (scope: Scope) =>
  isNotComplete(scope) && (scope.errors.length === 0 || scope.errors.some(({ code }) => code !== OF_ENDPOINTS));

/**
 * Writes the run's figures, by which alarms go: that it was delivered, whatever was in it, and how many of its scopes are not
 * complete for a reason of the collector's own.
 */
export function writeRunMetrics(options: {
  readonly deployment: string;
  readonly collector: string;
  readonly result: SessionResult;
  readonly now: Date;
  readonly write: WriteLine;
}): void {
  const { deployment, collector, result, now, write } = options;
  const { scopes, totals } = result;
  const isDelivered = result.delivered && result.failures.length === 0;
  const notComplete = scopes.filter(isNotComplete).length;
  const figures = {
    DeliveredRuns: isDelivered ? 1 : 0,
    CompleteRuns: isDelivered && notComplete === 0 ? 1 : 0,
    Scopes: scopes.length,
    ScopesNotComplete: notComplete,
    ScopesFailing: scopes.filter(isFailing).length,
    Resources: totals.resources,
  };
  writeMetrics({ deployment, by: { Collector: collector }, figures, now, write });
}
