import type { Observe } from "@cadastre/collectors/observe";
import { createSession, type SessionResult } from "@cadastre/collectors/session/session";
import { VERSION } from "@cadastre/contract/version";
import { createLog, writeToStdout } from "./adapters/log.ts";
import { writeRunMetrics } from "./adapters/run-metrics.ts";
import { openSigner } from "./adapters/signer.ts";
import type { CollectorConfig } from "./env/collector.ts";

export interface CollectOptions {
  readonly config: CollectorConfig;
  readonly observe: Observe;
  /** Until the same scopes are looked at again, where that is known. */
  readonly intervalSeconds: number | undefined;
  /** When the runtime ends this process. The run is reported before that. */
  readonly deadline: Date;
  /** Where runs wait that could not be delivered. */
  readonly spoolDirectory: string;
  readonly signal: AbortSignal;
}

/**
 * One run of a collector in the cloud: observes, signs, delivers, and writes its log and metrics. Throws when the run was not
 * delivered or a part of it could not be tried, so that the runtime counts an error; whatever is repeated then is harmless.
 */
export async function collect(options: CollectOptions): Promise<SessionResult> {
  const { config, deadline, spoolDirectory, signal } = options;
  const now = () => new Date();
  const log = createLog({ now, write: writeToStdout });
  const session = createSession({
    api: config.api,
    signer: await openSigner(config.signingKey),
    spoolDirectory,
    now,
    log,
    collectorVersion: VERSION,
    signal,
    deadline,
    intervalSeconds: options.intervalSeconds,
    ...(config.scopeDeadlineMilliseconds === undefined
      ? {}
      : { scopeDeadlineMilliseconds: config.scopeDeadlineMilliseconds }),
  });
  const result = await session.run([options.observe]);
  const { run, state, totals, problem } = result;
  log({ level: "info", message: "the run ended", run, state, totals, ...(problem ? { problem } : {}) });
  writeRunMetrics({ deployment: config.deployment, collector: config.name, result, now: now(), write: writeToStdout });
  const [failure] = result.failures;
  if (failure) throw failure;
  if (!result.delivered)
    throw new Error(`the run ${run} was not delivered (${state}): ${problem?.message ?? "no reason"}`);
  return result;
}
