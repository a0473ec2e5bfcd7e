import { currentProcess, type Scheduler } from "./scheduler.ts";

let scheduler: Scheduler | undefined;

/** Time limits are kept by this scheduler from now on. */
export function useScheduler(of: Scheduler | undefined): void {
  scheduler = of;
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
