import { tmpdir } from "node:os";
import { join } from "node:path";
import { splitAws } from "@cadastre/collectors/aws/observe";
import { DEFAULT_SCOPE_DEADLINE_MILLISECONDS } from "@cadastre/collectors/session/session";
import type { Context } from "aws-lambda";
import { createLog, writeToStdout } from "./adapters/log.ts";
import { collect } from "./collect.ts";
import { readCollectAwsConfig } from "./env/collect-aws.ts";
import { runInTurns } from "./in-turns.ts";

const config = readCollectAwsConfig(process.env);
const { accounts, regions, load } = config;
const split = splitAws({ accounts, ...load, ...(regions === undefined ? {} : { regions }) });
const now = () => new Date();
const log = createLog({ now, write: writeToStdout });

/**
 * One look of the AWS collector, by schedule or by trigger: a run for each part of the accounts, as many as there is time for.
 * What an earlier one could not deliver goes first.
 */
export async function handler(_event: unknown, context: Pick<Context, "getRemainingTimeInMillis">): Promise<void> {
  const deadline = new Date(Date.now() + context.getRemainingTimeInMillis());
  const spoolDirectory = join(tmpdir(), "cadastre-spool");
  const { signal } = new AbortController();
  const scopeDeadlineMilliseconds = config.scopeDeadlineMilliseconds ?? DEFAULT_SCOPE_DEADLINE_MILLISECONDS;
  const parts = await split({ now, log, signal, scopeDeadlineMilliseconds });
  // When each of several parts comes round depends on how many there is time for: that is learnt from their runs.
  const intervalSeconds = parts.length === 1 ? config.intervalSeconds : undefined;
  await runInTurns({
    parts,
    directory: spoolDirectory,
    now,
    deadline,
    log,
    run: async (observe) =>
      void (await collect({ config, observe, intervalSeconds, deadline, spoolDirectory, signal })),
  });
}
