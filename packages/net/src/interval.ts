import { addressBits, type Family } from "./address.ts";
import { comparePrefixes, lastAddress, type Prefix } from "./prefix.ts";

/** A run of addresses, both ends included. */
export interface Interval {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * The addresses of the prefixes as the fewest intervals: sorted by family and address, disjoint, and with a gap between
 * any two. Everything in set.ts works on this form, because there union, difference and intersection are one walk.
 */
export function toIntervals(prefixes: readonly Prefix[]): Interval[] {
  return joined(prefixes.toSorted(comparePrefixes).map(prefixInterval));
}

/** The addresses of a prefix as one interval. */
export function prefixInterval(prefix: Prefix): Interval {
  return { family: prefix.family, first: prefix.network, last: lastAddress(prefix).value };
}

/** Intervals in the order of their first addresses as the fewest. */
function joined(sorted: readonly Interval[]): Interval[] {
  const merged: { family: Family; first: bigint; last: bigint }[] = [];
  for (const next of sorted) {
    const current = merged.at(-1);
    if (current === undefined || current.family !== next.family || next.first > current.last + 1n)
      merged.push({ ...next });
    else if (next.last > current.last) current.last = next.last;
  }
  return merged;
}

/** Every address that is in at least one of the intervals, whatever their order, as `toIntervals` makes them. */
export function unionIntervals(intervals: readonly Interval[]): Interval[] {
  return joined(
    intervals.toSorted((one, other) => {
      if (one.family !== other.family) return one.family - other.family;
      if (one.first === other.first) return 0;
      return one.first < other.first ? -1 : 1;
    }),
  );
}

/** The addresses that both lists have. Both as `toIntervals` makes them. */
export function commonIntervals(ones: readonly Interval[], others: readonly Interval[]): Interval[] {
  return remainingIntervals(ones, remainingIntervals(ones, others));
}

/** How many addresses the intervals have, which share none. */
export function intervalsCount(intervals: readonly Interval[]): bigint {
  return intervals.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
}

/** The fewest prefixes that cover the interval exactly, in order: at each place the largest block that is aligned and fits. */
export function intervalPrefixes(interval: Interval): Prefix[] {
  const bits = addressBits(interval.family);
  const prefixes: Prefix[] = [];
  let next = interval.first;
  while (next <= interval.last) {
    const aligned = next === 0n ? bits : bitLength(next & -next) - 1;
    const fitting = bitLength(interval.last - next + 1n) - 1;
    const hostBits = Math.min(aligned, fitting);
    prefixes.push({ family: interval.family, network: next, length: bits - hostBits });
    next += 1n << BigInt(hostBits);
  }
  return prefixes;
}

function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return hex.length * 4 - Math.clz32(Number.parseInt(hex.charAt(0), 16)) + 28;
}

/** The addresses of the first list that the second has not. Both as `toIntervals` makes them. */
export function remainingIntervals(from: readonly Interval[], taken: readonly Interval[]): Interval[] {
  const remaining: Interval[] = [];
  let start = 0;
  for (const whole of from) {
    start = skipBefore(taken, start, whole);
    let first = whole.first;
    for (let index = start; index < taken.length; index++) {
      const gone = taken[index] as Interval;
      if (gone.family !== whole.family || gone.first > whole.last) break;
      if (gone.first > first) remaining.push({ family: whole.family, first, last: gone.first - 1n });
      first = gone.last + 1n;
    }
    if (first <= whole.last) remaining.push({ family: whole.family, first, last: whole.last });
  }
  return remaining;
}

/** The index of the first interval that does not end before `place` begins. */
function skipBefore(intervals: readonly Interval[], start: number, place: Interval): number {
  let index = start;
  for (; index < intervals.length; index++) {
    const interval = intervals[index] as Interval;
    if (interval.family > place.family) break;
    if (interval.family === place.family && interval.last >= place.first) break;
  }
  return index;
}
