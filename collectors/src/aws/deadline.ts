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
  const interrupt = () => controller.abort(new InterruptedError("the run was told to end"));
  const timer = setTimeout(
    () => controller.abort(new DeadlineError(`not finished after ${milliseconds} ms`)),
    milliseconds,
  );
  if (signal.aborted) interrupt();
  else signal.addEventListener("abort", interrupt, { once: true });
  const ended = new Promise<never>((_resolve, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
    if (controller.signal.aborted) reject(controller.signal.reason);
  });
  // Nobody may be waiting when the time is up.
  ended.catch(() => undefined);
  return {
    signal: controller.signal,
    race: (promise) => {
      // What loses the race may still fail, when nobody listens any more.
      promise.catch(() => undefined);
      return controller.signal.aborted ? ended : Promise.race([ended, promise]);
    },
    end: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", interrupt);
    },
  };
}
