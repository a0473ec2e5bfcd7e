import { backoffMilliseconds } from "../backoff.ts";
import type { Deadline } from "../deadline.ts";
import { InterruptedError } from "../deadline.ts";
import type { Delay } from "../signed-fetch.ts";
import type { GcpApi } from "./api.ts";
import { GcpCallError, type GcpCallErrorCode } from "./errors.ts";

/** How calls are repeated. */
export interface Repetition {
  /** Attempts for one call, the first included. */
  readonly maxAttempts: number;
  readonly delay: Delay;
  /** 0 to 1, for the backoff's jitter. */
  readonly random: () => number;
}

/** A body that was cut off is a broken connection too. Refusals are final. */
const REPEATED: ReadonlySet<GcpCallErrorCode> = new Set([
  "throttled",
  "service_error",
  "network",
  "timeout",
  "malformed",
]);

/**
 * Calls with a bounded number of attempts: exponential backoff with jitter, or what the server asked for when that is longer.
 * Rejects with the last attempt's error, also when the deadline comes while it waits; with the deadline's own error when it comes
 * during a call.
 */
export async function callRepeatedly<T>(
  options: { readonly api: GcpApi; readonly deadline: Deadline; readonly repetition: Repetition },
  call: (api: GcpApi, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { api, deadline, repetition } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      // Nothing is asked once the time is up.
      deadline.signal.throwIfAborted();
      return await deadline.race(call(api, deadline.signal));
    } catch (error) {
      if (!(error instanceof GcpCallError) || !REPEATED.has(error.code) || attempt >= repetition.maxAttempts)
        throw error;
      const wait = Math.max(backoffMilliseconds(attempt, repetition.random), error.retryAfterMilliseconds ?? 0);
      await deadline.race(repetition.delay(wait, deadline.signal)).catch((reason: unknown) => {
        // That the time is up says less than why it was not enough.
        throw reason instanceof InterruptedError ? reason : error;
      });
    }
  }
}
