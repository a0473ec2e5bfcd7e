import { createKeyedQueue } from "../../keyed-queue.ts";

/**
 * Who in this process is at work on which window. It makes nothing right: the windows' versions do. It keeps those who would take the same
 * block from each other from trying.
 */
export interface Lanes {
  /** How many work on it or wait to. */
  readonly waiting: (window: string) => number;
  /** Works on a window when those before are done with it. */
  readonly take: <Result>(window: string, work: () => Promise<Result>) => Promise<Result>;
}

export function createLanes(): Lanes {
  const queue = createKeyedQueue();
  const waiting = new Map<string, number>();
  return {
    waiting: (window) => waiting.get(window) ?? 0,
    async take(window, work) {
      waiting.set(window, (waiting.get(window) ?? 0) + 1);
      try {
        return await queue(window, work);
      } finally {
        const left = (waiting.get(window) ?? 1) - 1;
        if (left === 0) waiting.delete(window);
        else waiting.set(window, left);
      }
    },
  };
}
