/** A token bucket: `quota` at once, and as many again in each `windowSeconds`, evenly. */
export interface RatePolicy {
  /** As the headers call it. */
  readonly name: string;
  readonly quota: number;
  readonly windowSeconds: number;
}

/**
 * What is kept of a bucket: the time in milliseconds at which it is full again. It says the same as a number of tokens and a time,
 * in one whole number (the generic cell rate algorithm, ITU-T I.371).
 */
export type FullAt = number;

export interface RateDecision {
  readonly allowed: boolean;
  /** What is kept of it from now on. */
  readonly fullAt: FullAt;
  /** What may still be done at once. */
  readonly remaining: number;
  /** Until one more may be done, 0 when it may be now. */
  readonly retryAfterSeconds: number;
  /** Until the bucket is full again. */
  readonly resetSeconds: number;
}

/**
 * Whether one more may be done, and what is left. Instances' clocks are not quite the same: what another one wrote counts as a full
 * window at most. What is further off was written before a clock was set back, and counts for nothing.
 */
export function decideRate({ quota, windowSeconds }: RatePolicy, before: FullAt | undefined, now: Date): RateDecision {
  const at = now.getTime();
  const window = windowSeconds * 1000;
  const each = window / quota;
  const known = before === undefined || before > at + 2 * window ? at : before;
  const full = Math.min(Math.max(at, known), at + window);
  const next = full + each;
  // A millisecond of rounding is no reason to wait.
  const allowed = next - at <= window + 1;
  const fullAt = Math.round(allowed ? next : full);
  return {
    allowed,
    fullAt,
    remaining: Math.max(0, Math.floor((window - (fullAt - at) + 1) / each)),
    retryAfterSeconds: allowed ? 0 : Math.max(1, Math.ceil((next - window - at) / 1000)),
    resetSeconds: Math.max(0, Math.ceil((fullAt - at) / 1000)),
  };
}
