import { toLoggedError } from "@cadastre/api/log";
import type { Log } from "@cadastre/contract/log";
import type { Context } from "@cadastre/core/context";
import { eachOrganization } from "@cadastre/core/directory/each-organization";
import { JOBS } from "@cadastre/core/jobs";
import { runDueJobs } from "@cadastre/core/jobs/run-due";
import { Cron } from "croner";
import { toLogLine } from "../adapters/job-metrics.ts";

/** How often work is looked for; what a person asks for is told at once. Looking costs two small reads for each organization. */
const LOOK = "*/5 * * * * *";

const HOUR_MILLISECONDS = 3_600_000;

export interface JobsOptions {
  readonly context: Context;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Starts and runs the jobs that are due, once. What goes wrong is in the log and with the run; nothing is thrown. */
export async function runJobsOnce({ context, log, signal }: JobsOptions): Promise<void> {
  const until = new Date(context.now().getTime() + HOUR_MILLISECONDS);
  try {
    await eachOrganization(context, (own) =>
      runDueJobs(own, JOBS, { until, signal, report: (event) => log(toLogLine(event)) }),
    );
  } catch (error) {
    log({ level: "error", message: "jobs cannot be looked for", error: toLoggedError(error, false) });
  }
}

export interface Jobs {
  /** Looks for work now, and once more when a look is under way. */
  look(): void;
  stop(): Promise<void>;
}

/**
 * Runs jobs in this process from now on, one look at a time; unfinished ones go on where they were. `stop` ends it after the
 * step that is under way: what is left goes on at the next start.
 */
export function startJobs({ context, log }: Omit<JobsOptions, "signal">): Jobs {
  const ending = new AbortController();
  let looking: Promise<void> | undefined;
  let isAsked = false;
  const lookOn = async () => {
    while (isAsked && !ending.signal.aborted) {
      isAsked = false;
      await runJobsOnce({ context, log, signal: ending.signal });
    }
    looking = undefined;
  };
  const look = () => {
    isAsked = true;
    looking ??= lookOn();
  };
  const cron = new Cron(LOOK, { protect: true }, () => {
    if (!looking) look();
    return looking;
  });
  return {
    look,
    async stop() {
      cron.stop();
      ending.abort();
      await looking;
    },
  };
}
