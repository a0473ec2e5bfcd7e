/** How much of all was taken, from 0 to 1, on a day, counted from any. */
export interface Point {
  readonly day: number;
  readonly share: number;
}

export interface Line {
  /** A day. */
  readonly slope: number;
  /** Standard error of the slope. */
  readonly error: number;
  /** Where the line is on the last day. */
  readonly now: number;
  readonly lastDay: number;
}

const FEWEST = 3;

/**
 * The line through the points by least squares, with the standard error of its slope: √(Σ residual² / (n − 2) / Σ (day − mean)²). Undefined for
 * fewer than three days. Pure.
 */
export function lineThrough(points: readonly Point[]): Line | undefined {
  const n = points.length;
  if (n < FEWEST) return undefined;
  const mean = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0) / n;
  const [day, share] = [mean((point) => point.day), mean((point) => point.share)];
  const spread = points.reduce((sum, point) => sum + (point.day - day) ** 2, 0);
  const slope = points.reduce((sum, point) => sum + (point.day - day) * (point.share - share), 0) / spread;
  const residuals = points.reduce((sum, point) => sum + (point.share - share - slope * (point.day - day)) ** 2, 0);
  const lastDay = Math.max(...points.map((point) => point.day));
  return { slope, error: Math.sqrt(residuals / (n - 2) / spread), now: share + slope * (lastDay - day), lastDay };
}

const MOST_DAYS = 36_525;

/** The day on which a line with this slope is at all; undefined when it is not within 100 years. Pure. */
export function dayOfAll({ now, lastDay }: Line, slope: number): number | undefined {
  if (now >= 1) return lastDay;
  const days = (1 - now) / slope;
  return slope > 0 && days <= MOST_DAYS ? lastDay + Math.ceil(days) : undefined;
}
