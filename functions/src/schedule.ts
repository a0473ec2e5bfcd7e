import { intervalSeconds } from "@cadastre/contract/discovery";
import { Cron } from "croner";

/** So many times of a schedule are looked at: those of a whole week of hours, of a year of days. */
const TIMES = 400;

const parse = (schedule: string): Cron => new Cron(schedule, { timezone: "UTC", mode: "5-part" });

/** Whether a text is cron's five fields, of times that come. */
export function isSchedule(text: string): boolean {
  try {
    return parse(text).nextRun() !== null;
  } catch {
    return false;
  }
}

/**
 * The longest time from one run of a schedule (cron's five fields, in UTC) to the next, in seconds: a collector that rests on Sundays is not late on
 * Mondays. Undefined for what is more seldom than can be announced.
 */
export function longestInterval(schedule: string, now: Date): number | undefined {
  const times = parse(schedule).nextRuns(TIMES, now);
  const gaps = times.slice(1).map((time, place) => (time.getTime() - (times[place] as Date).getTime()) / 1000);
  return intervalSeconds.safeParse(Math.max(...gaps)).data;
}
