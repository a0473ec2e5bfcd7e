/** A scope took longer than it may. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** The run was told to end. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

export interface Deadline {
  /** Aborted with a DeadlineError when the time is up, with an InterruptedError when the run must end. */
  readonly signal: AbortSignal;
  /** What is left of the time, in milliseconds. */
  readonly left: () => number;
  /**
   * The promise's outcome, or the signal's reason as a rejection when that comes first. The SDK does not look at the signal
   * while it waits between two attempts, so that passing the signal on is not enough.
   */
  race<T>(promise: Promise<T>): Promise<T>;
  /** Must be called once the work is over: stops the timer. */
  end(): void;
}

/** Limits one piece of work to so many milliseconds and to the life of the run. */
export function createDeadline(options: { readonly signal: AbortSignal; readonly milliseconds: number }): Deadline {
  const { signal, milliseconds } = options;
  const controller = new AbortController();
  const end = performance.now() + milliseconds;
  const interrupt = () => controller.abort(new InterruptedError("the run was told to end"));
  const timer = setTimeout(
    () => controller.abort(new DeadlineError(`not finished after ${milliseconds} ms`)),
    milliseconds,
  );
  if (signal.aborted) interrupt();
  else signal.addEventListener("abort", interrupt, { once: true });
  return {
    signal: controller.signal,
    left: () => end - performance.now(),
    race: (promise) => race(promise, controller.signal),
    end: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", interrupt);
    },
  };
}

/**
 * Not `Promise.race` with a promise of the abort: that one would live as long as the deadline, and with it, in its list of who
 * waits for it, every page that ever won against it.
 */
function race<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    // Also when it is late: what loses the race may still fail, and then someone must have listened.
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
