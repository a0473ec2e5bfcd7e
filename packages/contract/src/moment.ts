const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 7 * 86_400 };
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/** What a moment can be said as, for messages. */
const MOMENT_FORMS =
  "a time such as 2026-12-31T08:00:00Z, a day such as 2026-12-31, today, yesterday, a weekday such as friday, or an age such as 90m, 24h, 7d, 2w";

export interface MomentOptions {
  readonly now: Date;
  /** Minutes to add to local time for UTC, of a day's beginning (as `Date.getTimezoneOffset`); 0 when absent: days begin in UTC. */
  readonly zoneOffsetMinutes?: (at: Date) => number;
}

/** The beginning of the day that is `daysAgo` before the one of `now`, in the reader's zone. */
function dayBefore({ now, zoneOffsetMinutes = () => 0 }: MomentOptions, daysAgo: number): Date {
  const local = new Date(now.getTime() - zoneOffsetMinutes(now) * 60_000);
  const midnight = Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate() - daysAgo);
  return new Date(midnight + zoneOffsetMinutes(new Date(midnight)) * 60_000);
}

function weekdayOf(options: MomentOptions): number {
  const { now, zoneOffsetMinutes = () => 0 } = options;
  return new Date(now.getTime() - zoneOffsetMinutes(now) * 60_000).getUTCDay();
}

/** Whether a text of a day, `2026-02-30`, is one of the calendar. */
const isCalendarDay = (text: string): boolean => {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
};

/**
 * The moment that a text means, as people say since when: an ISO time or day, `today`, `yesterday`, a weekday (the last one,
 * today included) or an age (`24h`: so long ago). Days begin at midnight in the reader's zone. Undefined for anything else.
 */
export function tryParseMoment(text: string, options: MomentOptions): Date | undefined {
  const word = text.trim().toLowerCase();
  if (word === "now") return options.now;
  if (word === "today") return dayBefore(options, 0);
  if (word === "yesterday") return dayBefore(options, 1);
  const weekday = word.length < 3 ? -1 : WEEKDAYS.findIndex((name) => name.startsWith(word));
  if (weekday >= 0) return dayBefore(options, (weekdayOf(options) - weekday + 7) % 7);
  const [, amount, unit] = /^(\d{1,6})([smhdw])$/.exec(word) ?? [];
  if (amount !== undefined && unit !== undefined)
    return new Date(options.now.getTime() - Number(amount) * (UNITS[unit] as number) * 1000);
  if (!/^\d{4}-\d\d-\d\d/.test(word) || !isCalendarDay(word.slice(0, 10))) return undefined;
  if (word.length === 10) {
    const { zoneOffsetMinutes = () => 0 } = options;
    const midnight = new Date(`${word}T00:00:00Z`);
    return new Date(midnight.getTime() + zoneOffsetMinutes(midnight) * 60_000);
  }
  if (!/^\d{4}-\d\d-\d\dt\d\d:\d\d(:\d\d(\.\d{1,9})?)?(z|[+-]\d\d:?\d\d)$/.test(word)) return undefined;
  const time = new Date(word.toUpperCase());
  return Number.isNaN(time.getTime()) ? undefined : time;
}
