const STEP_MILLISECONDS = 6 * 3_600_000;
const WEEK_STEPS = (7 * 24 * 3_600_000) / STEP_MILLISECONDS;

/**
 * How many resources a scope had, by steps of six hours since 1970, oldest first: only the steps in which it came to have
 * another number, of the last week and the one before that.
 */
export type Sizes = readonly (readonly [step: number, known: number])[];

const stepOf = (at: number): number => Math.floor(at / STEP_MILLISECONDS);

/** The sizes once the scope has so many. `at` is in epoch milliseconds; a clock that was set back writes over the last step. */
export function noteSize(sizes: Sizes, at: number, known: number): Sizes {
  const last = sizes.at(-1);
  const step = Math.max(stepOf(at), last?.[0] ?? 0);
  const before = last?.[0] === step ? sizes.slice(0, -1) : sizes;
  const next: Sizes = before.at(-1)?.[1] === known ? before : [...before, [step, known]];
  const needed = next.findLastIndex(([of]) => of <= step - WEEK_STEPS);
  return next.slice(Math.max(0, needed));
}

/** How many the scope had a week before `at`, which is in epoch milliseconds; undefined when it was not known yet. */
export function sizeAWeekBefore(sizes: Sizes, at: number): number | undefined {
  return sizes.findLast(([step]) => step <= stepOf(at) - WEEK_STEPS)?.[1];
}
