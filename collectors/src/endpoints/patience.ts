/** Time that only moves on, in milliseconds, and what is to be done after some of it. */
export interface Clock {
  now(): number;
  /** Answers what calls it off. */
  after(milliseconds: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

const SLICE_MILLISECONDS = 100;
/** However busy the machine: after so many times the time it is over. */
const MOST_TIMES = 4;

/**
 * Does something once the other side has had so many milliseconds. Only time counts in which this process was awake: on a busy
 * machine the answer may lie there unread while the clock runs, and then it was not the other side that took too long. Four
 * times the time at most. Answers what calls it off.
 */
export function afterPatiently(milliseconds: number, run: () => void, clock: Clock): () => void {
  const startedAt = clock.now();
  let waited = 0;
  let callOff = () => {};
  function wait(): void {
    const slice = Math.min(SLICE_MILLISECONDS, milliseconds - waited);
    const from = clock.now();
    callOff = clock.after(slice, () => {
      const now = clock.now();
      waited += Math.min(now - from, slice);
      const late = now - from - slice > SLICE_MILLISECONDS;
      // Timers run before what has arrived is read, so after a pause there is one more turn.
      if (late) waited = Math.min(waited, milliseconds - 1);
      if (waited >= milliseconds || now - startedAt >= milliseconds * MOST_TIMES) run();
      else wait();
    });
  }
  wait();
  return () => callOff();
}
