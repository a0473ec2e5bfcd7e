import { rangeInterval } from "@cadastre/core/addresses/ranges/place-range";
import { type IpItem as Ip, IpItem, spacePartition, WindowItem } from "@cadastre/core/addresses/tree/items";
import { queryAll } from "@cadastre/core/addresses/tree/query-all";
import { type Parent, toWindow } from "@cadastre/core/addresses/tree/window";
import {
  commonIntervals,
  type Interval,
  prefixInterval,
  remainingIntervals,
  unionIntervals,
} from "@cadastre/net/interval";
import { contains, formatPrefix, type Prefix, parsePrefix } from "@cadastre/net/prefix";
import type { Table } from "@cadastre/store/table";

const nameOf = (parent: Parent): string => ("isTop" in parent ? String(parent.family) : formatPrefix(parent));

/** The smallest of the prefixes that contains one, or the top of its family. */
function nearest(at: Prefix, others: readonly Prefix[]): string {
  const outer = others.filter((one) => one.length < at.length && contains(one, at));
  const parent = outer.reduce<Prefix | undefined>(
    (best, one) => (best && best.length > one.length ? best : one),
    undefined,
  );
  return parent === undefined ? String(at.family) : formatPrefix(parent);
}

/** All prefixes of a space. */
export const plannedIn = (table: Table, space: string): Promise<Ip[]> =>
  queryAll(table, IpItem, { partition: spacePartition(space), sort: { beginsWith: "ip#" }, consistent: true });

const shown = (intervals: readonly Interval[]): string =>
  unionIntervals(intervals)
    .map(({ first, last }) => `${first.toString(16)}-${last.toString(16)}`)
    .join(" ");

/**
 * What the windows of a space say is planned and reserved in each parent, and what follows from its prefixes alone. Windows of what is not
 * there are named, too.
 */
export async function statedIn(table: Table, space: string) {
  const items = await plannedIn(table, space);
  const stored = await queryAll(table, WindowItem, {
    partition: spacePartition(space),
    sort: { beginsWith: "window#" },
    consistent: true,
  });
  const windowsOf = Map.groupBy(stored, ({ parent }) => parent);
  const prefixes = items.map(({ prefix }) => parsePrefix(prefix));
  const parents: Parent[] = [...prefixes, { family: 4, isTop: true }, { family: 6, isTop: true }];
  const said: Record<string, unknown> = {};
  const expected: Record<string, unknown> = {};
  const parentOf = new Map(items.map((item) => [item.prefix, nearest(parsePrefix(item.prefix), prefixes)]));
  for (const parent of parents) {
    const layers = (windowsOf.get(nameOf(parent)) ?? []).map((window) => toWindow(window).layers);
    const children = items.filter(({ prefix }) => parentOf.get(prefix) === nameOf(parent));
    const placesOf = (some: readonly Ip[]) => some.map(({ prefix }) => prefixInterval(parsePrefix(prefix)));
    said[nameOf(parent)] = [
      shown(layers.flatMap(({ planned }) => planned)),
      shown(layers.flatMap(({ reserved }) => reserved)),
    ];
    expected[nameOf(parent)] = [
      shown(placesOf(children)),
      shown(placesOf(children.filter(({ status }) => status === "reserved"))),
    ];
  }
  const names = new Set(parents.map(nameOf));
  const strays = [...windowsOf.keys()].filter((parent) => !names.has(parent));
  return { said: { ...said, strays }, expected: { ...expected, strays: [] } };
}

interface RangeOf {
  readonly start: string;
  readonly end: string;
  readonly populated: boolean;
  readonly utilized: boolean;
}

/** What the windows of each parent of a space say of ranges, and what follows from the ranges: each address is in its deepest prefix. */
export async function layersIn(table: Table, space: string, ranges: readonly RangeOf[]) {
  const items = await plannedIn(table, space);
  const prefixes = items.map(({ prefix }) => parsePrefix(prefix));
  const stored = await queryAll(table, WindowItem, {
    partition: spacePartition(space),
    sort: { beginsWith: "window#" },
    consistent: true,
  });
  const windowsOf = Map.groupBy(stored, ({ parent }) => parent);
  const said: Record<string, unknown> = {};
  const expected: Record<string, unknown> = {};
  const parents: Parent[] = [...prefixes, { family: 4, isTop: true }];
  for (const parent of parents) {
    const name = nameOf(parent);
    const children = prefixes.filter((one) => nearest(one, prefixes) === name).map(prefixInterval);
    const whole = "isTop" in parent ? undefined : prefixInterval(parent);
    for (const flag of ["populated", "utilized"] as const) {
      const layers = (windowsOf.get(name) ?? []).flatMap((window) => toWindow(window).layers[flag]);
      const all = unionIntervals(ranges.filter((range) => range[flag]).map(rangeInterval));
      const inside = whole ? commonIntervals(all, [whole]) : all;
      said[`${name} ${flag}`] = shown(layers);
      expected[`${name} ${flag}`] = shown(remainingIntervals(inside, unionIntervals(children)));
    }
  }
  return { said, expected };
}
