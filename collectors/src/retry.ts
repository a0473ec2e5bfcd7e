import { setTimeout as wait } from "node:timers/promises";

/** Waits, and rejects when the signal is aborted. */
export type Delay = (milliseconds: number, signal: AbortSignal) => Promise<void>;

export const delayByTimer: Delay = (milliseconds, signal) => wait(milliseconds, undefined, { signal });

const FIRST_MILLISECONDS = 500;
const MOST_MILLISECONDS = 30_000;

/** Wait before attempt `attempt + 1`: exponential, the upper half of it random, so that many collectors do not return at once. */
export function backoffMilliseconds(attempt: number, random: () => number): number {
  const most = Math.min(MOST_MILLISECONDS, FIRST_MILLISECONDS * 2 ** (attempt - 1));
  return Math.round(most / 2 + (most / 2) * random());
}

/** `Retry-After` in milliseconds from `now`: seconds or an HTTP date (RFC 9110 §10.2.3); undefined when absent or unreadable. */
export function retryAfterMilliseconds(header: string | null, now: Date): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}

/** How something is repeated. */
export interface Repetition {
  /** The first one included. */
  readonly maxAttempts: number;
  readonly delay: Delay;
  /** 0 to 1, for the backoff's jitter. */
  readonly random: () => number;
}

/** That an error may go away by itself. */
export interface Passing {
  /** What the other side asked to wait, where it did. */
  readonly afterMilliseconds?: number | undefined;
}

export interface RetryOptions extends Repetition {
  readonly signal: AbortSignal;
  /** Longer waits than this are not sat out. */
  readonly mostWaitMilliseconds?: number;
  /** Undefined for an error that a repetition would not change. */
  readonly decidePassing: (error: unknown) => Passing | undefined;
  readonly onWait?: (error: unknown, attempt: number, waitMilliseconds: number) => void;
  /** What is thrown when the signal is aborted during a wait. Default its reason. */
  readonly decideStopped?: (reason: unknown, error: unknown) => unknown;
}

/**
 * Attempts something a bounded number of times: after an error that may pass it waits, exponentially or for what the other side
 * asked for when that is longer. Throws the last attempt's error, or the signal's reason.
 */
export async function retry<T>(options: RetryOptions, work: (attempt: number) => Promise<T>): Promise<T> {
  const { signal, maxAttempts, random } = options;
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      const passing = options.decidePassing(error);
      if (!passing || attempt >= maxAttempts) throw error;
      const waitMilliseconds = Math.max(backoffMilliseconds(attempt, random), passing.afterMilliseconds ?? 0);
      if (waitMilliseconds > (options.mostWaitMilliseconds ?? Number.POSITIVE_INFINITY)) throw error;
      options.onWait?.(error, attempt, waitMilliseconds);
      await options.delay(waitMilliseconds, signal).catch((failed: unknown) => {
        if (!signal.aborted) throw failed;
        throw options.decideStopped ? options.decideStopped(signal.reason, error) : signal.reason;
      });
    }
  }
}
