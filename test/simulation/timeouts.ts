import { currentProcess, type Scheduler } from "./scheduler.ts";

let scheduler: Scheduler | undefined;

type Listen = typeof EventTarget.prototype.addEventListener;
type Listener = NonNullable<Parameters<Listen>[1]>;
let listening: (readonly [signal: AbortSignal, listener: Listener])[] = [];

/** Time limits are kept by this scheduler from now on; whoever still listens to signals of the last one is let go. */
export function useScheduler(of: Scheduler | undefined): void {
  scheduler = of;
  for (const [signal, listener] of listening) signal.removeEventListener("abort", listener);
  listening = [];
}

/**
 * Remembers who listens to signals: Node keeps a combined signal alive, with all that its listeners know, for as long as
 * somebody listens, and a process that was killed never stops.
 */
export function rememberListeners(): void {
  AbortSignal.prototype.addEventListener = function (this: AbortSignal, ...rest: Parameters<Listen>) {
    const [, listener] = rest;
    if (scheduler !== undefined && listener) listening.push([this, listener]);
    return EventTarget.prototype.addEventListener.apply(this, rest);
  } as Listen;
}

/** Listens until it is told to stop, or the story is over. */
export function whenAborted(signal: AbortSignal, listener: () => void): () => void {
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

/** A signal that is aborted after so much simulated time; nothing when no process of a story is running. */
export function timeoutSignal(milliseconds: number): AbortSignal | undefined {
  const process = currentProcess();
  if (scheduler === undefined || process === undefined) return undefined;
  const controller = new AbortController();
  scheduler.at(process, milliseconds, "time limit", () =>
    controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")),
  );
  return controller.signal;
}
