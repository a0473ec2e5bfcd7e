/** Runs of a set that found everything as it was, of which the audit log does not tell yet. */
export interface Quiet {
  readonly runs: number;
  /** ISO time of the first of them. */
  readonly since: string;
}

const dayOf = (time: string): string => time.slice(0, "2026-01-01".length);

/**
 * What a run makes of the quiet ones before it. They are told with the first run that changes something, and else with the
 * first of another day (UTC): a source that looks every five minutes is not worth 288 records a day. `quiet` is what is not
 * told yet afterwards, `told` what the record of this run tells. `now` is an ISO time.
 */
export function decideQuiet(
  before: Quiet | undefined,
  isUnchanged: boolean,
  now: string,
): { readonly quiet?: Quiet | undefined; readonly told?: Quiet | undefined } {
  if (!isUnchanged) return { told: before };
  if (before && dayOf(before.since) === dayOf(now)) return { quiet: { ...before, runs: before.runs + 1 } };
  return { quiet: { runs: 1, since: now }, told: before };
}
