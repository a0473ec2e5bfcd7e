/** A report that follows so soon is the same run, opened again: it says nothing of how often a source reports. */
const SAME_RUN_MILLISECONDS = 60_000;
const SHORTEST_MILLISECONDS = 15 * 60_000;
/** More seldom is learnt at once by half, more often by an eighth: a few extra runs by hand make no source stale. */
const SLOWER = 1 / 2;
const FASTER = 1 / 8;

const INTERVALS = 3;
/** Whoever announces is believed; but a run takes a while, and what looks for stale scopes comes round every five minutes. */
const LEAST_ANNOUNCED_LIMIT_MILLISECONDS = 5 * 60_000;
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
  /** How often it is to happen, as was announced with the last report. */
  readonly announced?: number | undefined;
}

/** After so many milliseconds without a report what is known is stale. */
function limitOf({ interval, announced }: Reported): number {
  if (announced !== undefined) return Math.max(LEAST_ANNOUNCED_LIMIT_MILLISECONDS, INTERVALS * announced);
  if (interval !== undefined) return Math.max(LEAST_LIMIT_MILLISECONDS, INTERVALS * interval);
  return FIRST_LIMIT_MILLISECONDS;
}

/**
 * Whether what is known is stale: nothing was heard for three of the announced intervals, and five minutes at least; where none was
 * announced, of the usual ones, and an hour at least; for a day where only one report was ever seen. `now` is in epoch milliseconds.
 */
export const decideStale = (reported: Reported, now: number): boolean => now - reported.at > limitOf(reported);
