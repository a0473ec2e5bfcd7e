import { newId } from "@cadastre/contract/ids";
import type { RequestSigner } from "@cadastre/contract/keys";
import type { Log } from "@cadastre/contract/log";
import type { Observe } from "../observe.ts";
import { type Delay, delayByTimer } from "../retry.ts";
import { createSignedFetch } from "../signed-fetch.ts";
import type { SpooledScope } from "./manifest.ts";
import { observeAll } from "./observing.ts";
import type { OnProgress } from "./progress.ts";
import { createQueue, type QueueResult, resultFromSpool } from "./queue.ts";
import { createRunRecorder } from "./recorder.ts";
import { localRow, type RunResult, totalsOf } from "./result.ts";
import { openSpool, type Spool } from "./spool.ts";

export interface SessionOptions {
  /** The API's base URL. */
  readonly api: string;
  readonly signer: RequestSigner;
  /** Where runs wait until they are delivered; several sessions and processes may share one. */
  readonly spoolDirectory: string;
  readonly now: () => Date;
  readonly log: Log;
  readonly collectorVersion: string;
  /** Ends observing or delivering; what was closed stays in the spool. */
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress;
  readonly fetch?: typeof globalThis.fetch;
  readonly delay?: Delay;
  readonly random?: () => number;
  readonly uploadConcurrency?: number;
  readonly scopeDeadlineMilliseconds?: number;
  /** How long it is from one run to the next over the same scopes, by whatever starts them; nothing is announced without it. */
  readonly intervalSeconds?: number | undefined;
  /** The runtime's own limit. Observing stops early enough to deliver before it. */
  readonly deadline?: Date;
}

export interface SessionResult extends RunResult {
  /** Older runs from the spool that were tried before this one. */
  readonly earlier: readonly RunResult[];
  /** Errors of observers that ended with one; what they had finished is in the run. */
  readonly failures: readonly Error[];
}

export interface Session {
  /**
   * Observes, closes the run on disk, then delivers what waits and the run itself. Being unable to deliver is a result, not an
   * error. Throws when nothing was observed (with the observers' errors as cause) or the spool cannot be written.
   */
  run(observe: readonly Observe[]): Promise<SessionResult>;
  /** Delivers what waits in the spool, oldest first. */
  drain(): Promise<QueueResult>;
}

const DEFAULT_CONCURRENCY = 16;
export const DEFAULT_SCOPE_DEADLINE_MILLISECONDS = 120_000;
/** Kept free before the runtime's limit, to answer in. */
const MARGIN_MILLISECONDS = 1000;

function requireObserved(scopes: readonly SpooledScope[], failures: readonly Error[]): void {
  if (scopes.length > 0) return;
  const [first] = failures;
  const reason = first ? `: ${first.message}` : "; no collector found a scope";
  throw new Error(`nothing was observed${reason}`, failures.length > 0 ? { cause: new AggregateError(failures) } : {});
}

/** A collector's session: runs that are spooled to disk, signed and delivered. */
export function createSession(options: SessionOptions): Session {
  const { now, log, deadline, collectorVersion } = options;
  const onProgress: OnProgress = options.onProgress ?? (() => undefined);
  const delay = options.delay ?? delayByTimer;
  const { api, signer, fetch, random } = options;
  const call = createSignedFetch({ api, signer, now, log, fetch, delay, random });
  const uploadConcurrency = options.uploadConcurrency ?? DEFAULT_CONCURRENCY;

  async function deliver(spool: Spool): Promise<QueueResult> {
    const queue = createQueue({ spool, call, uploadConcurrency, delay, log, onProgress });
    if (!deadline) return queue.deliver(options.signal);
    const [late, settled] = [new AbortController(), new AbortController()];
    const left = Math.max(0, deadline.getTime() - now().getTime() - MARGIN_MILLISECONDS);
    delay(left, settled.signal).then(
      () => late.abort(new Error("the run's deadline is near")),
      () => undefined,
    );
    try {
      return await queue.deliver(AbortSignal.any([options.signal, late.signal]));
    } finally {
      settled.abort();
    }
  }

  async function observe(spool: Spool, observers: readonly Observe[]) {
    const startedAt = now();
    const files = spool.begin(newId("run", startedAt));
    const { run } = files;
    try {
      onProgress({ type: "run-started", run });
      const recorder = createRunRecorder({ files, log, onProgress });
      const scopeDeadlineMilliseconds = options.scopeDeadlineMilliseconds ?? DEFAULT_SCOPE_DEADLINE_MILLISECONDS;
      const { signal } = options;
      const failures = await observeAll({
        observe: observers,
        recorder,
        now,
        log,
        delay,
        deadline,
        scopeDeadlineMilliseconds,
        signal,
      });
      const scopes = recorder.end();
      requireObserved(scopes, failures);
      const { intervalSeconds } = options;
      const announced = intervalSeconds === undefined ? {} : { intervalSeconds };
      files.close({ version: 1, run, startedAt: startedAt.toISOString(), collectorVersion, ...announced, scopes });
      const resources = scopes.reduce((sum, scope) => sum + scope.resources, 0);
      onProgress({ type: "run-spooled", run, scopes: scopes.length, resources });
      return { run, scopes, failures };
    } catch (error) {
      files.discard();
      throw error;
    }
  }

  return {
    async run(observers) {
      const spool = openSpool(options.spoolDirectory, log);
      const { run, scopes, failures } = await observe(spool, observers);
      const { runs, problem } = await deliver(spool);
      const own = runs.find((result) => result.run === run) ?? resultFromSpool(spool, run, problem);
      const earlier = runs.filter((result) => result.run !== run);
      if (own) return { ...own, earlier, failures };
      log({ level: "info", message: "the run was delivered by another process", run });
      const rows = scopes.map(localRow);
      const delivered = { run, delivered: true, state: "closed" as const, scopes: rows, totals: totalsOf(rows) };
      return { ...delivered, bytesSent: 0, earlier, failures };
    },
    drain: () => deliver(openSpool(options.spoolDirectory, log)),
  };
}
