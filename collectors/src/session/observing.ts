import type { Log } from "@cadastre/contract/log";
import type { Observe } from "../observe.ts";
import type { Delay } from "../retry.ts";
import type { RunRecorder } from "./recorder.ts";

/** How long collectors may take to end by themselves once they were told to. */
const GRACE_MILLISECONDS = 5000;
/** Of the time until the deadline, what is kept to deliver in: a quarter, at most two minutes. */
const DELIVERY_SHARE = 0.25;
const MOST_DELIVERY_MILLISECONDS = 120_000;

/** When observing must stop so that there is time to report, or undefined without a deadline. */
function observingMilliseconds(now: Date, deadline: Date | undefined): number | undefined {
  if (!deadline) return undefined;
  const left = Math.max(0, deadline.getTime() - now.getTime());
  return left - Math.min(MOST_DELIVERY_MILLISECONDS, left * DELIVERY_SHARE);
}

interface ObserveAllOptions {
  readonly observe: readonly Observe[];
  readonly recorder: RunRecorder;
  readonly now: () => Date;
  readonly log: Log;
  readonly delay: Delay;
  readonly deadline: Date | undefined;
  readonly scopeDeadlineMilliseconds: number;
  readonly signal: AbortSignal;
}

/**
 * Runs all observers at once and answers the errors of those that threw. When the caller's signal or the deadline ends the run,
 * observers are told, waited for briefly, and left behind. Every scope is finished afterwards.
 */
export async function observeAll(options: ObserveAllOptions): Promise<Error[]> {
  const { recorder, now, log, delay, scopeDeadlineMilliseconds } = options;
  const stop = new AbortController();
  const settled = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const failures: Error[] = [];

  // One object for each place in the list: the same function may be there twice.
  const observers = options.observe.map((observe) => ({ observe }));

  async function observeOne(observer: { readonly observe: Observe }): Promise<void> {
    try {
      await observer.observe({ recorder: recorder.forObserver(observer), now, signal, log, scopeDeadlineMilliseconds });
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (!signal.aborted) {
        failures.push(error);
        log({ level: "error", message: "a collector ended with an error", error: error.message });
        recorder.endOpen(observer, { code: "collector_failed", message: error.message });
      }
    }
    recorder.endOpen(observer, {
      code: "interrupted",
      message: signal.aborted
        ? "the run had to end before the scope was finished"
        : "the collector ended before the scope",
    });
  }

  const timer = observingMilliseconds(now(), options.deadline);
  if (timer !== undefined) {
    delay(timer, settled.signal).then(
      () => stop.abort(new Error("the run's deadline is near")),
      () => undefined,
    );
  }
  const grace = new Promise<void>((resolve) => {
    const leave = () =>
      void delay(GRACE_MILLISECONDS, settled.signal).then(
        () => resolve(),
        () => resolve(),
      );
    if (signal.aborted) leave();
    // Node keeps a combined signal, and what its listeners know, for as long as somebody listens.
    else signal.addEventListener("abort", leave, { once: true, signal: settled.signal });
  });
  await Promise.race([Promise.all(observers.map(observeOne)), grace]);
  settled.abort();
  for (const observer of observers) {
    recorder.endOpen(observer, { code: "interrupted", message: "the run had to end before the scope was finished" });
  }
  return failures;
}
