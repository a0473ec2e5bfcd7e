import { FileError } from "@cadastre/collectors/files/format";
import { readKeyFile } from "@cadastre/collectors/keys";
import type { Split } from "@cadastre/collectors/observe";
import { type LookResult, lookInParts, type RunEnd } from "@cadastre/collectors/session/look";
import type { ProgressEvent } from "@cadastre/collectors/session/progress";
import { parseApiUrl } from "@cadastre/collectors/signed-fetch";
import type { RequestSigner } from "@cadastre/contract/keys";
import { VERSION } from "@cadastre/contract/version";
import { apiOf, type Cli, type Options } from "../cli.ts";
import { EXIT, exitCodeOfStatus, UsageError } from "../exit-codes.ts";
import { isReadableByOthers } from "../files.ts";
import { toYaml } from "../output/encode.ts";
import { hintOf, renderFailure } from "../output/failure.ts";
import { formatAmong, formatOf } from "../output/format.ts";
import { createProgress, type Progress } from "../output/progress.ts";
import { type CollectReport, renderRun, runJson } from "../output/run-report.ts";
import { spoolDirectory } from "./spool-directory.ts";
import { stoppableParts } from "./stoppable.ts";

export interface CollectOptions {
  readonly keyFile: string;
  readonly spool?: string;
  /** Seconds. */
  readonly scopeTimeout?: number;
  /** Seconds. */
  readonly interval?: number;
  readonly verbose?: boolean;
}

/** What the collectors' own checks of their configuration refuse is a mistake of the command line. */
export function configured<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function readSigner(cli: Cli, keyFile: string): RequestSigner {
  const hint = `a collector's key is made by: cadastre collectors add NAME --key-file ${keyFile} …`;
  let signer: RequestSigner;
  try {
    signer = readKeyFile(keyFile);
  } catch (error) {
    throw new UsageError((error as Error).message, hint);
  }
  if (isReadableByOthers(keyFile)) void cli.stderr.write(`warning: ${keyFile} can be read by others: chmod 600\n`);
  return signer;
}

/** Errors of a session that saw nothing at all. */
function toUsage(error: unknown): unknown {
  const { cause } = error as Error;
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : undefined;
  return first instanceof FileError ? new UsageError(first.message) : error;
}

function exitCodeOfRun({ problem, state }: RunEnd): number {
  if (problem === undefined) return EXIT.failure;
  if (problem.code === "session.interrupted") return EXIT.incomplete;
  return state === "rejected" && problem.status !== 403 ? EXIT.failure : exitCodeOfStatus(problem.code, problem.status);
}

/** Of several runs that are not delivered the first one's, which is what stopped the others, too. */
function exitCodeOf({ runs, scopes, failures }: LookResult): number {
  const undelivered = runs.find((run) => !run.delivered);
  if (undelivered) return exitCodeOfRun(undelivered);
  const isWhole = failures.length === 0 && scopes.every((scope) => scope.status === "complete");
  return isWhole ? EXIT.ok : EXIT.incomplete;
}

const WHERE = {
  spooled: "the run waits in the spool and is delivered by the next collect",
  rejected: "the API refused the run for good; it is kept",
} as const;

async function report(cli: Cli, options: Options, result: CollectReport): Promise<void> {
  const { stderr, stdout } = cli;
  for (const failure of result.failures) await stderr.write(renderFailure({ message: failure.message }, stderr));
  for (const { run, state, problem } of result.earlier) {
    const why = problem && state !== "closed" ? `: ${problem.message}` : "";
    await stderr.write(`earlier run ${run}: ${state}${why}\n`);
  }
  const format = formatOf(options);
  if (format === "yaml") await stdout.write(toYaml(JSON.parse(runJson(result))));
  else await stdout.write(format === "json" ? runJson(result) : renderRun(result, stdout));
  const held = result.scopes.reduce((sum, scope) => sum + scope.held, 0);
  if (held > 0) await stderr.write(`${held} resources would be retired and wait for you: cadastre holds list\n`);
  for (const run of result.runs) if (!run.delivered) await stderr.write(renderUndelivered(cli, run, result.spool));
}

function renderUndelivered({ stderr }: Cli, { problem, state }: RunEnd, spool: string): string {
  const { code, message, requestId } = problem ?? { code: "session.failed", message: "the run is not delivered" };
  const where = state === "rejected" ? WHERE.rejected : WHERE.spooled;
  return renderFailure({ message: `${message}\n${where}: ${spool}`, code, requestId, hint: hintOf(code) }, stderr);
}

/**
 * Observes, spools and delivers, with progress on stderr and the result on stdout. The first interrupt ends observing, or, when
 * it is over, delivering: what is not delivered stays in the spool; no further part is begun. The second ends the process.
 */
export async function collect(cli: Cli, options: Options<CollectOptions>, split: Split): Promise<void> {
  formatAmong(options, ["table", "wide", "json", "yaml"], "a collection");
  const api = configured(() => parseApiUrl(apiOf(cli, options)));
  const signer = readSigner(cli, options.keyFile);
  const spool = spoolDirectory(options.spool, cli.env, api, signer.keyId);
  const progress = createProgress({ screen: cli.stderr, now: cli.now, verbose: options.verbose ?? false });
  const stop = new AbortController();
  const leave = new AbortController();
  let isObserving = true;
  cli.onInterrupt(() => {
    const again = "once more: leave at once, nothing that is spooled is lost";
    if (isObserving) {
      progress.say(`interrupted: ending, then delivering what was seen (${again})`);
      stop.abort(new Error("interrupted"));
    } else {
      progress.say(`interrupted: what is not delivered stays in the spool (${again})`);
      leave.abort(new Error("interrupted while delivering"));
    }
  });
  const look = {
    split: stoppableParts(split, stop.signal),
    stop: stop.signal,
    api,
    signer,
    spoolDirectory: spool,
    now: cli.now,
    log: progress.log,
    collectorVersion: `cadastre-cli/${VERSION}`,
    signal: leave.signal,
    onProgress(event: ProgressEvent) {
      if (event.type === "run-started") isObserving = true;
      if (event.type === "run-spooled") isObserving = false;
      progress.onProgress(event);
    },
    intervalSeconds: options.interval,
    ...(options.scopeTimeout === undefined ? {} : { scopeDeadlineMilliseconds: options.scopeTimeout * 1000 }),
  };
  const result = await runLook(() => lookInParts(look), stop.signal, progress);
  if (result === undefined) {
    cli.setExitCode(EXIT.incomplete);
    return;
  }
  await report(cli, options, { ...result, spool });
  cli.setExitCode(exitCodeOf(result));
}

/** Undefined when it was interrupted before there was anything to keep. */
async function runLook(
  start: () => Promise<LookResult>,
  stop: AbortSignal,
  progress: Progress,
): Promise<LookResult | undefined> {
  try {
    return await start();
  } catch (error) {
    if (!stop.aborted) throw toUsage(error);
    progress.say("nothing had been seen yet; nothing was delivered");
    return undefined;
  } finally {
    progress.end();
  }
}
