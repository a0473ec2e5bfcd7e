import { MOMENT_FORMS, tryParseMoment } from "@cadastre/contract/moment";

/** A stretch of time in milliseconds, `from` in it and `before` not; open where one is absent. */
export interface TimeSpan {
  readonly from?: number;
  readonly before?: number;
}

/** Why a text is no time to ask for, in words for who wrote it. */
export class TimeRefused extends Error {}

const DAY = 86_400_000;
// As many digits as a moment's age has: more of them would be taken for one, which lies behind.
const DURATION = /^([+-]?)(\d{1,6})\s?(s|m|h|d|w|y|days?|weeks?|hours?|years?)$/;
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: DAY, w: 7 * DAY, y: 365 * DAY };

export interface TimeOptions {
  readonly now: Date;
  /** Whether what is asked for lies ahead, as an end does: then `<60d` is within 60 days from now, and else at most 60 days ago. */
  readonly ahead: boolean;
}

const FORMS = `${MOMENT_FORMS}; a month such as 2026-12, a year, now, tomorrow, +30d, and with < > <= >= before it or as from..to`;

const two = (digits: string) => digits.padStart(2, "0");

/** What was probably meant by a text that is no time; nothing where that is anybody's guess. */
function timeMeant(text: string): string | undefined {
  const word = text.toLowerCase();
  const [, day, month, year] = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(word) ?? [];
  if (day && month && year) return `write ${year}-${two(month)}-${two(day)}`;
  const [, y, m, d] = /^(\d{4})[/._]?(\d\d)[/._]?(\d\d)$/.exec(word) ?? [];
  if (y && m && d) return `write ${y}-${m}-${d}`;
  if (/^\d{1,2}[/-]\d{1,2}[/-]\d{2,4}$/.test(word)) return "a day is written year-month-day, such as 2026-12-31";
  if (/^\d{1,5}$/.test(word)) return `a number has a unit: ${word}d for days`;
  if (/^(?:in|within|next|before|until|till|by)$/.test(word))
    return "what lies before is <60d, or <2026-12-31, without a blank";
  if (/^(?:since|after|from|last|past)$/.test(word))
    return "what came later is >2026-11-20, what is younger <7d, without a blank";
  const [, unit] = /^(?:this|last|next|past)[-_]?(day|week|month|year)$/.exec(word) ?? [];
  if (unit) return `write <${{ day: "1d", week: "7d", month: "30d", year: "1y" }[unit]}, or a month such as 2026-12`;
  return /^(?:soon|expiring|imminent)$/.test(word) ? "write <30d" : undefined;
}

/** A time that a text names: a stretch that is as long as what it names, a day for a day. */
function namedTime(text: string, { now }: TimeOptions): { from: number; before: number } | undefined {
  const word = text.toLowerCase();
  const [, year, month] = /^(\d{4})(?:-(\d\d))?$/.exec(word) ?? [];
  if (year !== undefined) {
    if (month !== undefined && (Number(month) < 1 || Number(month) > 12)) return undefined;
    const first = month === undefined ? 0 : Number(month) - 1;
    return {
      from: Date.UTC(Number(year), first, 1),
      before: month === undefined ? Date.UTC(Number(year) + 1, 0, 1) : Date.UTC(Number(year), first + 1, 1),
    };
  }
  const today = tryParseMoment("today", { now })?.getTime() ?? 0;
  if (word === "tomorrow") return { from: today + DAY, before: today + 2 * DAY };
  const [, sign, amount, unit] = DURATION.exec(word) ?? [];
  if (amount !== undefined && sign !== "") {
    const at = now.getTime() + (sign === "-" ? -1 : 1) * Number(amount) * (UNITS[(unit as string).charAt(0)] as number);
    return { from: at, before: at + 1 };
  }
  const at = amount === undefined ? tryParseMoment(word, { now })?.getTime() : undefined;
  if (at === undefined) return undefined;
  const isInstant = word === "now" || /^\d.*t/.test(word);
  return { from: at, before: at + (isInstant ? 1 : DAY) };
}

/** How far away from now a text says that something is, in milliseconds. */
function distanceOf(text: string): number | undefined {
  const [, sign, amount, unit] = DURATION.exec(text.toLowerCase()) ?? [];
  return amount === undefined || sign !== ""
    ? undefined
    : Number(amount) * (UNITS[(unit as string).charAt(0)] as number);
}

function named(text: string, options: TimeOptions): { from: number; before: number } {
  const distance = distanceOf(text);
  if (distance !== undefined) {
    const at = options.now.getTime() + (options.ahead ? distance : -distance);
    return { from: at, before: at };
  }
  const time = namedTime(text, options);
  if (time === undefined || Number.isNaN(time.from) || Number.isNaN(time.before)) {
    const meant = timeMeant(text);
    throw new TimeRefused(meant === undefined ? FORMS : `${meant}; ${FORMS}`);
  }
  return time;
}

/** `<60d` and the like: ahead, what is less than 60 days away; else what is less than 60 days old. */
function compared(operator: string, text: string, options: TimeOptions): TimeSpan {
  const time = named(text, options);
  const isSmaller = operator.startsWith("<");
  if (distanceOf(text) !== undefined && !options.ahead) return isSmaller ? { from: time.from } : { before: time.from };
  if (isSmaller) return { before: operator === "<" ? time.from : time.before };
  return { from: operator === ">" ? time.before : time.from };
}

/**
 * The stretch of time that a text asks for: `<60d`, `>2026-11-20`, `2026-12-01..2026-12-31` with both ends in it, a day, a month.
 * Days are those of UTC. Throws TimeRefused.
 */
export function readAskedTime(text: string, options: TimeOptions): TimeSpan {
  const [, operator = "", operand = ""] = /^(<=?|>=?|=?)(.*)$/s.exec(text) ?? [];
  const dots = operand.indexOf("..");
  if (dots >= 0) {
    if (operator !== "") throw new TimeRefused("a range has no comparison before it; write from..to");
    return between(operand.slice(0, dots), operand.slice(dots + 2), options);
  }
  if (operator !== "" && operator !== "=") return compared(operator, operand, options);
  if (distanceOf(operand) !== undefined)
    throw new TimeRefused(`write <${operand} for what is less than that away, or >${operand} for what is more`);
  return named(operand, options);
}

function between(first: string, last: string, options: TimeOptions): TimeSpan {
  const isOpen = (end: string) => end === "" || end === "*";
  if (isOpen(first) && isOpen(last)) throw new TimeRefused("a range has at least one end");
  const ends = [first, last].filter((end) => !isOpen(end)).map((end) => named(end, options));
  const isTurned = ends.length === 2 && !options.ahead && [first, last].every((end) => distanceOf(end) !== undefined);
  const [one, other] = isTurned ? ends.toReversed() : ends;
  if (isOpen(first)) return { before: one?.before ?? 0 };
  if (isOpen(last)) return { from: one?.from ?? 0 };
  const [from, before] = [one?.from ?? 0, other?.before ?? 0];
  if (before < from) throw new TimeRefused("the range ends before it begins");
  return { from, before };
}

/** Whether an ISO time lies in the stretch. */
export function isInSpan(at: string, { from, before }: TimeSpan): boolean {
  const time = Date.parse(at);
  return (from === undefined || time >= from) && (before === undefined || time < before);
}
