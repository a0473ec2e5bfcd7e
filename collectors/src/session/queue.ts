import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "@cadastre/contract/log";
import type { Delay } from "../retry.ts";
import type { SignedFetch } from "../signed-fetch.ts";
import { DamagedRunError } from "./damaged-run.ts";
import { deliverRun } from "./deliver.ts";
import type { Lock } from "./lock.ts";
import { MANIFEST_FILE, manifest } from "./manifest.ts";
import { runIn } from "./order.ts";
import { decideVerdict, toProblem } from "./problems.ts";
import type { OnProgress } from "./progress.ts";
import { type DeliveryProblem, localRow, type RunResult, totalsOf } from "./result.ts";
import { openRunReader, type RunReader } from "./run-reader.ts";
import type { Spool } from "./spool.ts";
import { thin } from "./thin.ts";

const LOCK_WAIT_MILLISECONDS = 1000;
const LOCK_WAITS = 120;

interface QueueOptions {
  readonly spool: Spool;
  readonly call: SignedFetch;
  readonly uploadConcurrency: number;
  readonly delay: Delay;
  readonly log: Log;
  readonly onProgress: OnProgress;
}

export interface QueueResult {
  /** What became of each run that was tried, oldest first. */
  readonly runs: readonly RunResult[];
  /** Closed runs that still wait in the spool. */
  readonly waiting: number;
  /** Why the queue stopped before its end. */
  readonly problem?: DeliveryProblem;
}

interface Queue {
  /** Delivers what waits, oldest first, and stops at the first run that cannot be delivered now. Never throws for a run. */
  deliver(signal: AbortSignal): Promise<QueueResult>;
}

async function lockDelivery({ spool, delay, log }: QueueOptions, signal: AbortSignal): Promise<Lock | undefined> {
  for (let wait = 0; wait < LOCK_WAITS; wait++) {
    signal.throwIfAborted();
    const lock = spool.tryDelivery();
    if (lock) return lock;
    if (wait === 0) log({ level: "info", message: "another process is delivering from this spool; waiting for it" });
    await delay(LOCK_WAIT_MILLISECONDS, signal);
  }
  return undefined;
}

const DAMAGED = "a spooled run is damaged and was put aside";
const REFUSED = "the API rejected a run for good; it is kept in the spool";

/** A run that cannot be read is put aside, so that it does not stop those behind it. */
function openReader({ spool, log, onProgress }: QueueOptions, folder: string): RunReader | undefined {
  try {
    return openRunReader(spool.pathOf(folder));
  } catch (error) {
    if (!(error instanceof DamagedRunError)) throw error;
    const run = runIn(folder);
    const problem = toProblem(error, false);
    spool.reject(folder, problem);
    log({ level: "error", message: DAMAGED, run, problem });
    onProgress({ type: "run-ended", run, state: "rejected" });
    return undefined;
  }
}

/** What an error makes of a run; the run is moved accordingly. */
function settle(
  { spool, log }: QueueOptions,
  folder: string,
  reader: RunReader,
  error: unknown,
  signal: AbortSignal,
): Omit<RunResult, "bytesSent"> {
  const { run } = reader.manifest;
  const problem = toProblem(error, signal.aborted);
  const rows = reader.manifest.scopes.map(localRow);
  const result = { run, scopes: rows, totals: totalsOf(rows), problem };
  if (decideVerdict(error) === "rejected") {
    spool.reject(folder, problem);
    log({ level: "error", message: error instanceof DamagedRunError ? DAMAGED : REFUSED, run, problem });
    return { ...result, delivered: false, state: "rejected" };
  }
  log({ level: "warn", message: "the run is not delivered; it waits in the spool", run, problem });
  return { ...result, delivered: false, state: "spooled" };
}

/** The runs that wait on disk, and their delivery by one process at a time. */
export function createQueue(options: QueueOptions): Queue {
  const { spool, call, uploadConcurrency, log, onProgress } = options;

  async function deliverOne(folder: string, reader: RunReader, signal: AbortSignal): Promise<RunResult> {
    const { run } = reader.manifest;
    let bytesSent = 0;
    const onSent = (bytes: number) => {
      bytesSent += bytes;
    };
    let result: Omit<RunResult, "bytesSent">;
    try {
      result = await deliverRun({ call, reader, uploadConcurrency, signal, onProgress, onSent });
      spool.finish(folder);
    } catch (error) {
      result = settle(options, folder, reader, error, signal);
    }
    onProgress({ type: "run-ended", run, state: result.state });
    return { ...result, bytesSent };
  }

  async function deliverAll(signal: AbortSignal): Promise<QueueResult> {
    const runs: RunResult[] = [];
    for (let [folder] = spool.waiting(); folder !== undefined; [folder] = spool.waiting()) {
      let reader: RunReader | undefined;
      try {
        reader = openReader(options, folder);
        if (!reader) continue;
        const result = await deliverOne(folder, reader, signal);
        runs.push(result);
        if (result.state === "spooled" && result.problem) {
          return { runs, waiting: spool.waiting().length, problem: result.problem };
        }
      } catch (error) {
        // The spool's own disk: what waits goes on waiting.
        return { runs, waiting: spool.waiting().length, problem: toProblem(error, signal.aborted) };
      } finally {
        reader?.close();
      }
    }
    return { runs, waiting: 0 };
  }

  return {
    async deliver(signal) {
      let lock: Lock | undefined;
      try {
        lock = await lockDelivery(options, signal);
      } catch (error) {
        return { runs: [], waiting: spool.waiting().length, problem: toProblem(error, signal.aborted) };
      }
      if (!lock) {
        const message = `another process has delivered from ${spool.directory} for two minutes`;
        return { runs: [], waiting: spool.waiting().length, problem: { code: "spool.busy", message } };
      }
      try {
        thin(spool, log);
        return await deliverAll(signal);
      } finally {
        lock.release();
      }
    },
  };
}

/**
 * What is known of a run of ours that this process did not deliver itself: it waits, or another process took it out of the
 * spool, delivered (its counts are that process's to tell) or rejected.
 */
export function resultFromSpool(
  spool: Spool,
  run: string,
  problem: DeliveryProblem | undefined,
): RunResult | undefined {
  const found = spool.find(run);
  const path = found && join(found.path, MANIFEST_FILE);
  if (path === undefined || !existsSync(path)) return undefined;
  const rows = manifest.parse(JSON.parse(readFileSync(path, "utf8"))).scopes.map(localRow);
  const state = found?.state === "ready" ? ("spooled" as const) : ("rejected" as const);
  const result = { run, delivered: false, state, scopes: rows, totals: totalsOf(rows), bytesSent: 0 };
  return problem ? { ...result, problem } : result;
}
