import type { Deadline } from "../deadline.ts";
import { InterruptedError } from "../deadline.ts";
import { type Repetition, retry } from "../retry.ts";
import type { GcpApi } from "./api.ts";
import { GcpCallError, type GcpCallErrorCode } from "./errors.ts";

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
export function callRepeatedly<T>(
  options: { readonly api: GcpApi; readonly deadline: Deadline; readonly repetition: Repetition },
  call: (api: GcpApi, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { api, deadline, repetition } = options;
  return retry(
    {
      ...repetition,
      // A wait that does not look at the signal must not outlive the deadline either.
      delay: (milliseconds, signal) => deadline.race(repetition.delay(milliseconds, signal)),
      signal: deadline.signal,
      decidePassing: (error) =>
        error instanceof GcpCallError && REPEATED.has(error.code)
          ? { afterMilliseconds: error.retryAfterMilliseconds }
          : undefined,
      // That the time is up says less than why it was not enough.
      decideStopped: (reason, error) => (reason instanceof InterruptedError ? reason : error),
    },
    () => deadline.race(call(api, deadline.signal)),
  );
}
