import { ProblemError } from "@cadastre/contract/errors";

export interface WorkQueueOptions {
  /** What runs at the same time. */
  readonly atOnce: number;
  /** What waits for it; whatever comes then is told to come later. */
  readonly mostWaiting: number;
}

export type WorkQueue = <Result>(work: () => Promise<Result>) => Promise<Result>;

/**
 * Runs work that is heavy on the machine, so much of it at once and the rest in the order in which it came. Throws 503
 * `service.unavailable` when too much waits, and what the work throws.
 */
export function createWorkQueue({ atOnce, mostWaiting }: WorkQueueOptions): WorkQueue {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async function inTurn(work) {
    if (running >= atOnce) {
      if (waiting.length >= mostWaiting) throw new ProblemError("service.unavailable", "too many log in at once");
      // Whoever ends hands its place on.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
