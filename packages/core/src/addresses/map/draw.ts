import { type IpMap, MAP_STATES, type MapState } from "@cadastre/contract/addresses/map";
import {
  commonIntervals,
  type Interval,
  prefixInterval,
  remainingIntervals,
  unionIntervals,
} from "@cadastre/net/interval";
import type { Prefix } from "@cadastre/net/prefix";
import type { Layers } from "../tree/layers.ts";

/** What is directly in a prefix, in its windows. */
export interface Content {
  readonly at: Prefix;
  readonly layers: Layers;
}

const hasAny = ({ layers }: Content): boolean => Object.values(layers).some((intervals) => intervals.length > 0);

/** What of one prefix is drawn by itself: not what is inside prefixes that have anything in them. */
function statesOf(
  { layers }: Content,
  inner: readonly Interval[],
): Record<Exclude<MapState, "free" | "unknown">, Interval[]> {
  const whole = unionIntervals([...layers.planned, ...layers.populated, ...layers.utilized]);
  const outside = (intervals: readonly Interval[]) => remainingIntervals(intervals, inner);
  const conflicting = commonIntervals(layers.observed, layers.planned);
  const reserved = remainingIntervals(outside(layers.reserved), conflicting);
  const planned = remainingIntervals(outside(whole), unionIntervals([...reserved, ...conflicting]));
  const observed = remainingIntervals(layers.observed, unionIntervals([...planned, ...reserved, ...conflicting]));
  return { planned, reserved, observed, conflicting };
}

/** The blocks of those prefixes that have anything in them, of each those strictly inside it. In the order of addresses, each before its own. */
function withInner(contents: readonly Content[]): { readonly content: Content; readonly inner: Interval[] }[] {
  const open: { readonly content: Content; readonly inner: Interval[]; readonly last: bigint }[] = [];
  return contents.map((content) => {
    const place = prefixInterval(content.at);
    while (open.length > 0 && (open.at(-1)?.last ?? 0n) < place.first) open.pop();
    open.at(-1)?.inner.push(place);
    const one = { content, inner: [] as Interval[], last: place.last };
    open.push(one);
    return one;
  });
}

/** A share that is nothing only where there is none of it, and whole only where there is nothing else. */
function shareOf(part: bigint, whole: bigint): number {
  if (part === whole) return 1;
  const share = Number((part * 10_000n) / whole) / 10_000;
  return Math.min(0.9999, Math.max(0.0001, share));
}

/** Adds to each cell how many of its addresses are in the intervals. */
function count(counts: bigint[], { first: start }: Interval, size: bigint, intervals: readonly Interval[]): void {
  for (const { first, last } of intervals) {
    for (let cell = (first - start) / size; cell <= (last - start) / size; cell += 1n) {
      const from = start + cell * size;
      const to = from + size - 1n;
      const at = Number(cell);
      counts[at] = (counts[at] ?? 0n) + (last < to ? last : to) - (first > from ? first : from) + 1n;
    }
  }
}

/**
 * The picture of a prefix in equal cells. `contents` are the prefix itself and all prefixes inside it that have anything in them, in the order of
 * addresses, each before what it contains: what is in one is drawn, and of all others that they are planned. `cells` is a power of two and no more
 * than the prefix has addresses; `unread` is what of the prefix itself was not looked at. Pure.
 */
export function drawMap(
  at: Prefix,
  contents: readonly Content[],
  cells: number,
  unread: readonly Interval[] = [],
): IpMap["cells"] {
  const place = prefixInterval(at);
  const size = (place.last - place.first + 1n) / BigInt(cells);
  const sets = new Map<MapState, bigint[]>(MAP_STATES.map((state) => [state, Array.from({ length: cells }, () => 0n)]));
  const drawn = withInner(contents.filter((content) => content.at.length === at.length || hasAny(content)));
  for (const { content, inner } of drawn)
    for (const [state, intervals] of Object.entries(statesOf(content, unionIntervals(inner))))
      count(sets.get(state as MapState) ?? [], place, size, commonIntervals(intervals, [place]));
  count(sets.get("unknown") ?? [], place, size, unread);
  return Array.from({ length: cells }, (_, cell) => {
    const parts = MAP_STATES.slice(1).map((state) => [state, sets.get(state)?.[cell] ?? 0n] as const);
    const free = size - parts.reduce((sum, [, part]) => sum + part, 0n);
    const some = [["free", free] as const, ...parts].filter(([, part]) => part > 0n);
    return Object.fromEntries(some.map(([state, part]) => [state, shareOf(part, size)]));
  });
}
