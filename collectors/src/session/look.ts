import type { Totals } from "@cadastre/contract/discovery";
import type { Observe, Split } from "../observe.ts";
import { type RunResult, type ScopeRow, totalsOf } from "./result.ts";
import {
  createSession,
  DEFAULT_SCOPE_DEADLINE_MILLISECONDS,
  type Session,
  type SessionOptions,
  type SessionResult,
} from "./session.ts";

export interface LookOptions extends SessionOptions {
  readonly split: Split;
  /** Once it is aborted no further part is begun. */
  readonly stop: AbortSignal;
}

/** How one of a look's runs ended; its scopes are among the look's. */
export type RunEnd = Omit<RunResult, "scopes" | "totals">;

/** What all runs of a look did, told as one. */
export interface LookResult {
  readonly runs: readonly RunEnd[];
  /** Whether each of them is. */
  readonly delivered: boolean;
  readonly scopes: readonly ScopeRow[];
  readonly totals: Totals;
  readonly bytesSent: number;
  /** Runs of former looks that were tried before these. */
  readonly earlier: readonly RunResult[];
  /** Errors of observers, and parts that could not be looked at. */
  readonly failures: readonly Error[];
}

const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

/**
 * Looks once at all that a collector has: a run for each part, one after the other, each spooled and delivered before the next is
 * begun. A part that fails does not hold up the others. Being unable to deliver is a result, not an error. Throws when nothing was
 * observed at all (with the reasons as cause).
 */
export async function lookInParts({ split, stop, ...options }: LookOptions): Promise<LookResult> {
  const session = createSession(options);
  const { now, log, scopeDeadlineMilliseconds = DEFAULT_SCOPE_DEADLINE_MILLISECONDS } = options;
  const signal = AbortSignal.any([options.signal, stop]);
  const parts = await split({ now, log, signal, scopeDeadlineMilliseconds }).catch((thrown: unknown) => {
    const error = toError(thrown);
    throw new Error(`nothing was observed: ${error.message}`, { cause: new AggregateError([error]) });
  });
  return toLook(await runEach(session, parts, signal));
}

interface Ended {
  readonly results: SessionResult[];
  readonly failures: Error[];
}

async function runEach(session: Session, parts: readonly Observe[], signal: AbortSignal): Promise<Ended> {
  const results: SessionResult[] = [];
  const failures: Error[] = [];
  for (const [at, observe] of parts.entries()) {
    if (at > 0 && signal.aborted) {
      failures.push(new Error(`interrupted: ${parts.length - at} of ${parts.length} parts were not looked at`));
      break;
    }
    try {
      results.push(await session.run([observe]));
    } catch (thrown) {
      if (parts.length === 1) throw thrown;
      const { message, cause } = toError(thrown);
      failures.push(new Error(`part ${at + 1} of ${parts.length}: ${message}`, { cause }));
    }
  }
  const [first] = failures;
  if (first && results.length === 0) throw first;
  return { results, failures };
}

function toLook({ results, failures }: Ended): LookResult {
  // A run that waited may have been delivered before one of the next: the last word counts.
  const own = new Map<string, RunResult>();
  const earlier = new Map<string, RunResult>();
  for (const { earlier: tried, failures: _, ...result } of results) {
    for (const before of tried) {
      const known = own.get(before.run);
      if (known) own.set(before.run, { ...before, bytesSent: known.bytesSent + before.bytesSent });
      else earlier.set(before.run, before);
    }
    own.set(result.run, result);
  }
  const scopes = [...own.values()].flatMap((run) => run.scopes);
  return {
    runs: [...own.values()].map(({ scopes: _, totals: __, ...end }) => end),
    delivered: [...own.values()].every((run) => run.delivered),
    scopes,
    totals: totalsOf(scopes),
    bytesSent: [...own.values()].reduce((sum, run) => sum + run.bytesSent, 0),
    earlier: [...earlier.values()],
    failures: [...results.flatMap((result) => result.failures), ...failures],
  };
}
