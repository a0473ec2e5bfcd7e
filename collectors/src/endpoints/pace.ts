import { createLimit, type Limit } from "../concurrency.ts";

/** How many looks may be under way at a time, which follows from how the last ones went. */
export interface Pace {
  readonly limit: Limit;
  /** Makes one look and notes how it went. A look that rejects says nothing about the pace. */
  note<T>(look: () => Promise<T>, isStrained: (result: T) => boolean): Promise<T>;
}

interface PaceState {
  readonly most: number;
  readonly allowed: number;
  /** Answers since the pace was changed. */
  readonly answers: number;
  /** Looks that had begun when it was slowed the last time: they were made at the old pace and say nothing of the new one. */
  readonly begunBefore: number;
}

interface Ended {
  /** Which look it was, from 0. */
  readonly look: number;
  /** How many looks have begun until now. */
  readonly begun: number;
  readonly strained: boolean;
}

/** Two at a time even then: one server that says nothing must not hold up all others. */
const LEAST = 2;

/**
 * The pace after one more look: half as many at a time after one that strained, one more again after as many answers as may be
 * under way (additive increase, multiplicative decrease, RFC 5681 §3.1).
 */
export function decidePace(state: PaceState, { look, begun, strained }: Ended): PaceState {
  const { most, allowed, answers, begunBefore } = state;
  if (strained) {
    if (look < begunBefore) return state;
    const least = Math.min(LEAST, most);
    return { most, allowed: Math.max(least, Math.floor(allowed / 2)), answers: 0, begunBefore: begun };
  }
  if (answers + 1 < allowed) return { ...state, answers: answers + 1 };
  return { ...state, allowed: Math.min(most, allowed + 1), answers: 0 };
}

export function createPace(most: number): Pace {
  let state: PaceState = { most, allowed: most, answers: 0, begunBefore: 0 };
  let begun = 0;
  return {
    limit: createLimit(() => state.allowed),
    async note(look, isStrained) {
      const number = begun;
      begun += 1;
      const result = await look();
      state = decidePace(state, { look: number, begun, strained: isStrained(result) });
      return result;
    },
  };
}
