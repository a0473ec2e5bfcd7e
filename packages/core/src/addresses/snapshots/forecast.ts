import type { IpForecast } from "@cadastre/contract/addresses/forecast";
import type { Context } from "../../context.ts";
import { requireSpace } from "../spaces/read.ts";
import { queryAll } from "../tree/query-all.ts";
import { requireIp } from "../tree/read-ips.ts";
import { toCount, toPercentage } from "../utilization.ts";
import { IpDayItem } from "./items.ts";
import { dayOfAll, lineThrough, type Point } from "./line.ts";

const DAY_MS = 86_400_000;
/** Of a normal distribution 95 % are within so many standard errors. */
const BAND = 1.96;

const dayOf = (text: string): number => Date.parse(text) / DAY_MS;
const toDay = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** `part` of `whole` as a number, which as bigints may be larger than any. */
const shareOf = (part: bigint, whole: bigint): number =>
  whole === 0n ? 1 : Number((part * 1_000_000_000_000n) / whole) / 1_000_000_000_000;

function toPoint({ day, used, reserved, usable }: IpDayItem): Point {
  return { day: dayOf(day), share: shareOf(BigInt(used) + BigInt(reserved), BigInt(usable)) };
}

/** What follows from a prefix's days. Pure. */
function forecastOf(days: readonly IpDayItem[]): Omit<IpForecast, "days"> {
  const line = lineThrough(days.map(toPoint));
  if (line === undefined) return {};
  const on = (slope: number) => {
    const day = dayOfAll(line, slope);
    return day === undefined ? undefined : toDay(day);
  };
  const ends = {
    exhaustedOn: on(line.slope),
    earliest: on(line.slope + BAND * line.error),
    latest: on(line.slope - BAND * line.error),
  };
  const known = Object.fromEntries(Object.entries(ends).filter(([, day]) => day !== undefined));
  return { perDay: line.slope * 100, perDayError: line.error * 100, ...known };
}

/**
 * How much of a prefix was used on each of the last days, and when it is used up if it goes on so. Nothing is noted of what has nothing in it. Throws
 * 404 `space.not_found`, `ip.not_found`.
 */
export async function forecastIp(
  context: Context,
  space: string,
  id: string,
  { days }: { readonly days: number },
): Promise<IpForecast> {
  await requireSpace(context, space);
  await requireIp(context, space, id);
  const first = new Date(context.now().getTime() - days * DAY_MS).toISOString().slice(0, 10);
  const items = await queryAll(context.table, IpDayItem, {
    partition: `ip#${id}`,
    sort: { after: `day#${first}`, before: "day#~" },
  });
  const shown = items.map(({ day, used, reserved, usable }) => ({
    day,
    used: toCount(BigInt(used)),
    reserved: toCount(BigInt(reserved)),
    usable: toCount(BigInt(usable)),
    percentage: toPercentage(BigInt(used) + BigInt(reserved), BigInt(usable)),
  }));
  return { days: shown, ...forecastOf(items) };
}
