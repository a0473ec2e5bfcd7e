import { DEFAULT_HOLD_POLICY } from "@cadastre/core/context";
import { JOBS } from "@cadastre/core/jobs";
import { runDueJobs } from "@cadastre/core/jobs/run-due";
import type { Context } from "aws-lambda";
import { openDynamoTable } from "./adapters/dynamo.ts";
import { toLogLine, writeJobMetrics } from "./adapters/job-metrics.ts";
import { createLog, writeToStdout } from "./adapters/log.ts";
import { readJobsConfig } from "./env.ts";

const { tableName, retentionDays, deployment } = readJobsConfig(process.env);
const now = () => new Date();
const table = openDynamoTable({ tableName, now });
const log = createLog({ now, write: writeToStdout });

/** So much of its time is left for the step that is under way when the last one may begin. */
const RESERVE_MILLISECONDS = 30_000;

/** Starts and runs what is due, every minute; what does not get done within this one goes on in the next. */
export async function handler(_event: unknown, context: Pick<Context, "getRemainingTimeInMillis">): Promise<void> {
  await runDueJobs({ table, now, holdPolicy: DEFAULT_HOLD_POLICY, retentionDays }, JOBS, {
    until: new Date(Date.now() + context.getRemainingTimeInMillis() - RESERVE_MILLISECONDS),
    report(event) {
      log(toLogLine(event));
      writeJobMetrics({ deployment, event, now: now(), write: writeToStdout });
    },
  });
}
