import { currentProcess, type Scheduler } from "./scheduler.ts";

let scheduler: Scheduler | undefined;

const listening = new Set<() => void>();

/** Time limits are kept by this scheduler from now on; what still listens to signals of the last one is let go. */
export function useScheduler(of: Scheduler | undefined): void {
  scheduler = of;
  for (const stop of listening) stop();
}

/** Listens until it is told to stop, or the story is over: Node keeps a combined signal alive for as long as somebody listens. */
export function whenAborted(signal: AbortSignal, listener: () => void): () => void {
  const stop = () => {
    signal.removeEventListener("abort", listener);
    listening.delete(stop);
  };
  listening.add(stop);
  signal.addEventListener("abort", listener, { once: true });
  return stop;
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
