import { DEFAULT_HOLD_POLICY, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { eachOrganization } from "@cadastre/core/directory/each-organization";
import { staleScopes } from "@cadastre/core/discovery/stale-scopes";
import { forwardAudit } from "@cadastre/core/forwarding/forward";
import { JOBS } from "@cadastre/core/jobs";
import { runDueJobs } from "@cadastre/core/jobs/run-due";
import { countStale } from "@cadastre/core/ledger/gaps";
import type { Context } from "aws-lambda";
import { openDynamoTable } from "./adapters/dynamo.ts";
import { toLogLine, writeJobMetrics } from "./adapters/job-metrics.ts";
import { openKmsSealing } from "./adapters/kms-sealing.ts";
import { createLog, writeToStdout } from "./adapters/log.ts";
import { writeMetrics } from "./adapters/metric-line.ts";
import { readJobsConfig } from "./env/background.ts";
import { createDeliver } from "./forwarding/deliver.ts";

const { tableName, retentionDays, deployment, audit, forwardTo } = readJobsConfig(process.env);
const now = () => new Date();
const base = {
  table: openDynamoTable({ tableName, now }),
  organization: FIRST_ORGANIZATION,
  now,
  holdPolicy: DEFAULT_HOLD_POLICY,
  retentionDays,
};
const log = createLog({ now, write: writeToStdout });

/** The public half of its key is read once. */
const sealing = openKmsSealing(audit);
// Whoever asks for it first is told why there is none.
sealing.catch(() => undefined);

/** So much of its time is left for the step that is under way when the last one may begin. */
const RESERVE_MILLISECONDS = 30_000;

/** No delivery begins after that. */
const FORWARDING_MILLISECONDS = 40_000;

const deliver = createDeliver({ allowed: forwardTo });

/** Sends the audit log on. Nothing is thrown: what is left is sent in the next minute. */
async function forward(until: number): Promise<void> {
  const failed = (error: unknown, forwarder?: string) =>
    log({ level: "error", message: "forwarding", forwarder, error: String(error) });
  try {
    await forwardAudit(base, {
      deliver,
      isOver: () => Date.now() >= until,
      report: ({ forwarder, error }) => failed(error, forwarder),
    });
  } catch (error) {
    failed(error);
  }
}

/**
 * Starts and runs what is due, every minute; what does not get done within this one goes on in the next. Says how many scopes nobody
 * reports any more whenever that was looked at. Beside that it sends the audit log on to where organizations want it.
 */
export async function handler(_event: unknown, context: Pick<Context, "getRemainingTimeInMillis">): Promise<void> {
  const until = new Date(Date.now() + context.getRemainingTimeInMillis() - RESERVE_MILLISECONDS);
  // Receivers that are slow keep no job waiting, nor the next minute's.
  const sent = forward(Date.now() + FORWARDING_MILLISECONDS);
  try {
    await runJobs(until);
  } finally {
    await sent;
  }
}

async function runJobs(until: Date): Promise<void> {
  let stale: number | undefined;
  await eachOrganization({ ...base, sealing: await sealing }, async (own) => {
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
