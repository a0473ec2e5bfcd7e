/** A report that follows so soon is the same run, opened again: it says nothing of how often a source reports. */
const SAME_RUN_MILLISECONDS = 60_000;
const SHORTEST_MILLISECONDS = 15 * 60_000;
/** More seldom is learnt at once by half, more often by an eighth: a few extra runs by hand make no source stale. */
const SLOWER = 1 / 2;
const FASTER = 1 / 8;

const INTERVALS = 3;
const LEAST_LIMIT_MILLISECONDS = 3_600_000;
const FIRST_LIMIT_MILLISECONDS = 24 * 3_600_000;

/**
 * The usual time between two reports of a set, in milliseconds, once there was one more of them `gap` milliseconds after the last.
 * Smoothed; a quarter of an hour at least; undefined until there were two.
 */
export function decideInterval(usual: number | undefined, gap: number): number | undefined {
  if (gap < SAME_RUN_MILLISECONDS) return usual;
  const now = Math.max(gap, SHORTEST_MILLISECONDS);
  if (usual === undefined) return now;
  return Math.round(usual + (now - usual) * (now > usual ? SLOWER : FASTER));
}

/** When something was last reported, in epoch milliseconds, and how often that usually happens. */
export interface Reported {
  readonly at: number;
  readonly interval?: number | undefined;
}

/**
 * Whether what is known is stale: nothing was heard for three of the usual intervals, and an hour at least; for a day where only
 * one report was ever seen. `now` is in epoch milliseconds.
 */
export function decideStale({ at, interval }: Reported, now: number): boolean {
  const limit =
    interval === undefined ? FIRST_LIMIT_MILLISECONDS : Math.max(LEAST_LIMIT_MILLISECONDS, INTERVALS * interval);
  return now - at > limit;
}
