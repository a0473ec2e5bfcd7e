import { Cron } from "croner";

/** Cron text (five fields, UTC) as times. Throws an Error that says what is wrong with the text. */
function parse(schedule: string): Cron {
  return new Cron(schedule, { timezone: "UTC", mode: "5-part" });
}

/** The first time of the schedule after `now`. */
export function nextTick(schedule: string, now: Date): Date {
  const next = parse(schedule).nextRun(now);
  if (!next) throw new Error(`the schedule ${JSON.stringify(schedule)} never comes round`);
  return next;
}

/** The last time of the schedule that is not after `now`; none when there was none in croner's reach of years. */
export function lastTick(schedule: string, now: Date): Date | undefined {
  return parse(schedule).previousRuns(1, new Date(now.getTime() + 1))[0];
}
