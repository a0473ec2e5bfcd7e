import type { LookResult } from "@cadastre/collectors/session/look";

/** When which collector runs next. */
export interface Schedule {
  /** Names of those whose time has come, or who were asked for. */
  due(asked: ReadonlySet<string>): readonly string[];
  /** Notes how these runs ended: when each runs next follows from it. */
  ended(runs: readonly { readonly collector: string; readonly result: LookResult | Error }[]): void;
  /** Milliseconds until the next one's time comes; 0 when it has. */
  untilNext(): number;
}

/** Half a minute, so that a second look begins within a minute of the first one's end. */
const FIRST_RETRY_SECONDS = 30;

/** Codes of scopes that another look may well see whole. Rights and configurations do not change by looking again. */
const PASSING: ReadonlySet<string> = new Set([
  "endpoints_unreachable",
  "network",
  "service_error",
  "timeout",
  "unreachable",
]);

/** Whether something went wrong that may pass by itself. */
function isWorthAnotherLook(result: LookResult | Error): boolean {
  if (result instanceof Error || result.failures.length > 0) return true;
  return result.scopes.some((scope) => scope.errors.some((error) => PASSING.has(error.code)));
}

/** Seconds to the next run after so many in a row that were worth another look: 30, 60, 120, and so on up to the interval. */
function decideWait(looksInVain: number, intervalSeconds: number): number {
  if (looksInVain === 0) return intervalSeconds;
  return Math.min(intervalSeconds, FIRST_RETRY_SECONDS * 2 ** (looksInVain - 1));
}

/** All collectors are due at once at first. `now` is in milliseconds and only moves on: clocks of machines are set back. */
export function createSchedule(options: {
  readonly names: readonly string[];
  readonly intervalSeconds: number;
  readonly now: () => number;
}): Schedule {
  const { names, intervalSeconds, now } = options;
  const inVain = new Map<string, number>();
  const dueAt = new Map(names.map((name) => [name, now()]));
  return {
    due: (asked) => {
      const time = now();
      return names.filter((name) => asked.has(name) || (dueAt.get(name) ?? 0) <= time);
    },
    ended: (runs) => {
      const time = now();
      for (const { collector, result } of runs) {
        const count = isWorthAnotherLook(result) ? (inVain.get(collector) ?? 0) + 1 : 0;
        inVain.set(collector, count);
        dueAt.set(collector, time + decideWait(count, intervalSeconds) * 1000);
      }
    },
    untilNext: () => Math.max(0, Math.min(...dueAt.values()) - now()),
  };
}
