import { DEFAULT_HOLD_POLICY, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { eachOrganization } from "@cadastre/core/directory/each-organization";
import { staleScopes } from "@cadastre/core/discovery/stale-scopes";
import { JOBS } from "@cadastre/core/jobs";
import { runDueJobs } from "@cadastre/core/jobs/run-due";
import { countStale } from "@cadastre/core/ledger/gaps";
import type { Context } from "aws-lambda";
import { openDynamoTable } from "./adapters/dynamo.ts";
import { toLogLine, writeJobMetrics } from "./adapters/job-metrics.ts";
import { createLog, writeToStdout } from "./adapters/log.ts";
import { writeMetrics } from "./adapters/metric-line.ts";
import { readJobsConfig } from "./env/background.ts";

const { tableName, retentionDays, deployment } = readJobsConfig(process.env);
const now = () => new Date();
const base = {
  table: openDynamoTable({ tableName, now }),
  organization: FIRST_ORGANIZATION,
  now,
  holdPolicy: DEFAULT_HOLD_POLICY,
  retentionDays,
};
const log = createLog({ now, write: writeToStdout });

/** So much of its time is left for the step that is under way when the last one may begin. */
const RESERVE_MILLISECONDS = 30_000;

/**
 * Starts and runs what is due, every minute; what does not get done within this one goes on in the next. Says how many scopes nobody
 * reports any more whenever that was looked at.
 */
export async function handler(_event: unknown, context: Pick<Context, "getRemainingTimeInMillis">): Promise<void> {
  const until = new Date(Date.now() + context.getRemainingTimeInMillis() - RESERVE_MILLISECONDS);
  let stale: number | undefined;
  await eachOrganization(base, async (own) => {
    let isLookedAt = false;
    await runDueJobs(own, JOBS, {
      until,
      report(event) {
        log(toLogLine(event));
        writeJobMetrics({ deployment, event, now: now(), write: writeToStdout });
        if (event.type === "ended" && event.name === staleScopes.name) isLookedAt = true;
      },
    });
    if (isLookedAt) stale = (stale ?? 0) + (await countStale(own));
  });
  if (stale === undefined) return;
  // Of every collector, wherever it runs: one in another cloud that is silent has no figures of its own here.
  writeMetrics({ deployment, figures: { ScopesStale: stale }, now: now(), write: writeToStdout });
}
