/** When a run looked, as its collector says it: both by the collector's own clock, which may be off. */
export interface CollectorTimes {
  readonly signedAt: Date;
  readonly startedAt: Date;
}

/**
 * When a run began to look, by the clock of the API, in epoch milliseconds: so long ago as the collector says by its own clock
 * that it was when it sent the request. A clock that is off by hours is so at both ends, and changes nothing. Signatures have whole
 * seconds, so that a run that just began may seem to begin after it was sent: it then began now.
 */
export function decideLookedAt(now: Date, { signedAt, startedAt }: CollectorTimes): number {
  return now.getTime() - Math.max(0, signedAt.getTime() - startedAt.getTime());
}
