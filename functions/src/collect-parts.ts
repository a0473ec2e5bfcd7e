import type { Split } from "@cadastre/collectors/observe";
import { DEFAULT_SCOPE_DEADLINE_MILLISECONDS } from "@cadastre/collectors/session/session";
import { createLog, writeToStdout } from "./adapters/log.ts";
import { type CollectOptions, collect } from "./collect.ts";
import { runInTurns } from "./in-turns.ts";

interface PartsOptions extends Omit<CollectOptions, "observe"> {
  readonly split: Split;
}

/**
 * One look of a collector that may take several runs: one for each part, as many as there is time for. What an earlier one could not
 * deliver goes first. Throws the first failure when all have had their turn.
 */
export async function collectParts({ split, ...options }: PartsOptions): Promise<void> {
  const { config, deadline, spoolDirectory, signal } = options;
  const now = () => new Date();
  const log = createLog({ now, write: writeToStdout });
  const scopeDeadlineMilliseconds = config.scopeDeadlineMilliseconds ?? DEFAULT_SCOPE_DEADLINE_MILLISECONDS;
  const parts = await split({ now, log, signal, scopeDeadlineMilliseconds });
  // When each of several parts comes round depends on how many there is time for: that is learnt from their runs.
  const intervalSeconds = parts.length === 1 ? options.intervalSeconds : undefined;
  await runInTurns({
    parts,
    directory: spoolDirectory,
    now,
    deadline,
    log,
    run: async (observe) => void (await collect({ ...options, observe, intervalSeconds })),
  });
}
