import type { Clock } from "../patience.ts";

interface Waiting {
  readonly at: number;
  readonly run: () => void;
}

export interface ManualClock extends Clock {
  /** Lets time pass at once: what is due by then is done in its order, each at its own time. */
  advance(milliseconds: number): void;
  /** The process sleeps for so long, and wakes with all that has become due. */
  pause(milliseconds: number): void;
  readonly waiting: number;
}

/** A clock that only moves when it is told to. */
export function aManualClock(): ManualClock {
  let time = 0;
  const waiting = new Set<Waiting>();
  function runDue(until: number, onTime: boolean): void {
    for (;;) {
      const [next] = [...waiting].filter((one) => one.at <= until).sort((a, b) => a.at - b.at);
      if (!next) break;
      waiting.delete(next);
      if (onTime) time = Math.max(time, next.at);
      next.run();
    }
  }
  return {
    now: () => time,
    after(milliseconds, run) {
      const entry = { at: time + milliseconds, run };
      waiting.add(entry);
      return () => waiting.delete(entry);
    },
    advance(milliseconds) {
      const until = time + milliseconds;
      runDue(until, true);
      time = until;
    },
    pause(milliseconds) {
      time += milliseconds;
      runDue(time, false);
    },
    get waiting() {
      return waiting.size;
    },
  };
}
