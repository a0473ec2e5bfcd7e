import { setTimeout as wait } from "node:timers/promises";
import type { Observe, Split } from "@cadastre/collectors/observe";

/** How long a collector may take to end by itself once it was told to. */
const GRACE_MILLISECONDS = 5000;

/**
 * The same collector, ended by `stop`: unlike the session's own signal it ends observing alone, so that what was seen until
 * then is still delivered. A collector that does not end in time is left behind; its open scopes are then reported as failed.
 */
export function stoppable(
  observe: Observe,
  stop: AbortSignal,
  delay: (milliseconds: number, signal: AbortSignal) => Promise<unknown> = (milliseconds, signal) =>
    wait(milliseconds, undefined, { signal }),
): Observe {
  return async function observeUntilStopped(context) {
    const settled = new AbortController();
    const leave = async () => {
      await new Promise<void>((resolve) => {
        if (stop.aborted) resolve();
        else stop.addEventListener("abort", () => resolve(), { once: true, signal: settled.signal });
      });
      await delay(GRACE_MILLISECONDS, settled.signal).catch(() => undefined);
    };
    try {
      await Promise.race([observe({ ...context, signal: AbortSignal.any([context.signal, stop]) }), leave()]);
    } catch (error) {
      // Being told to end is no error of the collector's; its scopes say what was not seen.
      if (!stop.aborted) throw error;
    } finally {
      settled.abort();
    }
  };
}

/** The same for a collector of several parts; also finding them out is ended. */
export const stoppableParts =
  (split: Split, stop: AbortSignal): Split =>
  async (context) => {
    const parts = await split({ ...context, signal: AbortSignal.any([context.signal, stop]) });
    return parts.map((observe) => stoppable(observe, stop));
  };
