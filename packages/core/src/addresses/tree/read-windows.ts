import type { Interval } from "@cadastre/net/interval";
import { formatPrefix, type Prefix } from "@cadastre/net/prefix";
import type { Stored, Table } from "@cadastre/store/table";
import { spacePartition, WindowItem, windowsOf } from "./items.ts";
import { queryAll } from "./query-all.ts";
import {
  fillWindows,
  firstDigits,
  type Parent,
  parentName,
  partsOf,
  placeOf,
  toWindow,
  type Window,
} from "./window.ts";

interface ReadOptions {
  readonly consistent?: boolean;
}

/** Most places are in one window; what is in several is read in pages that grow. */
const FIRST_PAGE = 1;
const NEXT_PAGES = 32;

/** The first group of a walk. */
const PAGE = 8;

const toPlace = (item: Stored<WindowItem>): bigint => BigInt(`0x${item.first}`);

/**
 * The windows of a parent that meet a place, stored or not: sixteenths of which nothing is stored are empty. Reads those alone: from the end
 * of the place back to the one that has its beginning. Reads strongly unless told otherwise.
 */
export async function readWindows(
  table: Table,
  space: string,
  parent: Parent,
  place: Interval = placeOf(parent),
  { consistent = true }: ReadOptions = {},
): Promise<Window[]> {
  const [start] = partsOf(parent, place);
  if (start === undefined) return [];
  const beginning = windowsOf(parentName(parent));
  const sort = { from: beginning + firstDigits(start.first), to: beginning + firstDigits(place.last) };
  const isWhole = start.first === place.first;
  const stored: Stored<WindowItem>[] = [];
  let cursor: string | undefined;
  do {
    const limit = isWhole ? {} : { limit: stored.length === 0 ? FIRST_PAGE : NEXT_PAGES };
    const partition = spacePartition(space);
    const page = await table.query(WindowItem, { partition, sort, reverse: !isWhole, consistent, cursor, ...limit });
    stored.push(...page.items);
    const last = page.items.at(-1);
    cursor = !isWhole && last && toPlace(last) <= place.first ? undefined : page.cursor;
  } while (cursor !== undefined);
  return fillWindows(parent, place, stored.map(toWindow));
}

/**
 * The windows that are stored of two prefixes and of all between them in the order of addresses, by prefix: of what has none, all is empty. One
 * query, which reads eventually.
 */
export async function readWindowsBetween(
  table: Table,
  space: string,
  first: Prefix,
  last: Prefix,
): Promise<Map<string, Window[]>> {
  const items = await queryAll(table, WindowItem, {
    partition: spacePartition(space),
    sort: { from: windowsOf(formatPrefix(first)), to: `${windowsOf(formatPrefix(last))}~` },
  });
  return new Map([...Map.groupBy(items, ({ parent }) => parent)].map(([parent, own]) => [parent, own.map(toWindow)]));
}

/**
 * All windows of a parent in the order of addresses, in groups that grow: whoever looks for something that may be at the beginning reads no
 * more than that.
 */
export async function* walkWindows(
  table: Table,
  space: string,
  parent: Parent,
  { consistent = true }: ReadOptions = {},
): AsyncGenerator<Window[]> {
  const whole = placeOf(parent);
  const beginning = windowsOf(parentName(parent));
  let { first } = whole;
  for (let limit = PAGE; first <= whole.last; limit *= 2) {
    const { items, cursor } = await table.query(WindowItem, {
      partition: spacePartition(space),
      sort: { from: beginning + firstDigits(first), to: beginning + firstDigits(whole.last) },
      limit,
      consistent,
    });
    const windows = items.map(toWindow);
    const last = (cursor === undefined ? undefined : windows.at(-1)?.last) ?? whole.last;
    yield fillWindows(parent, { ...whole, first, last }, windows);
    first = last + 1n;
  }
}
