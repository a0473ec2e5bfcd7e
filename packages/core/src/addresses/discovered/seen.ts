import { commonIntervals, prefixInterval, remainingIntervals, unionIntervals } from "@cadastre/net/interval";
import { prefixKey, withinRange } from "@cadastre/net/key";
import { firstAddress, type Prefix, parsePrefix, prefixOf } from "@cadastre/net/prefix";
import { check, type Stored, type Table, type Write } from "@cadastre/store/table";
import { inParallel } from "../../in-parallel.ts";
import { fitWrites } from "../tree/commit-writes.ts";
import { createEdit, type Edit } from "../tree/edit.ts";
import { IpItem, ObservedItem, observedPartition } from "../tree/items.ts";
import { queryAll } from "../tree/query-all.ts";
import type { Parent } from "../tree/window.ts";

const AT_ONCE = 16;

/** The blocks of just this prefix that are seen in a space, read strongly. */
export function readSeenAt(table: Table, space: string, at: Prefix): Promise<Stored<ObservedItem>[]> {
  return queryAll(table, ObservedItem, {
    partition: observedPartition(space),
    sort: { beginsWith: `${prefixKey(at)}#` },
    consistent: true,
  });
}

/** The blocks that are seen in a space inside a prefix, itself included, in the order of addresses, read strongly. */
export function readSeenWithin(table: Table, space: string, at: Prefix): Promise<Stored<ObservedItem>[]> {
  const { from, to } = withinRange(at);
  return queryAll(table, ObservedItem, {
    partition: observedPartition(space),
    sort: { from, to: `${to}~` },
    consistent: true,
  });
}

/** The blocks that contain a prefix and are not it: a query for each length. */
async function readSeenAround(table: Table, space: string, at: Prefix): Promise<ObservedItem[]> {
  const larger = Array.from({ length: at.length }, (_, length) => prefixOf(firstAddress(at), length));
  return (await inParallel(larger, AT_ONCE, (one) => readSeenAt(table, space, one))).flat();
}

const topOf = ({ family }: Prefix): Parent => ({ family, isTop: true });

/** What contains a place, each as the parent of windows, with its length: that of the whole family last. */
const parentsOf = (containing: readonly Stored<IpItem>[], at: Prefix) => [
  ...containing.map((item) => ({
    parent: parsePrefix(item.prefix) as Parent,
    length: parsePrefix(item.prefix).length,
  })),
  { parent: topOf(at), length: -1 },
];

/** The writes of windows of all that contains a place, and that what gets a window that it did not have is there. */
function writesOf(edit: Edit, containing: readonly Stored<IpItem>[], besides: number): Write[] {
  const made = containing.filter(({ prefix }) => edit.makesWindowsOf(parsePrefix(prefix)));
  return fitWrites(
    [...edit.writes(besides + made.length), ...made.map((item) => check(IpItem, item, "present"))],
    besides,
  );
}

/**
 * The writes of windows that have a block seen in all that contains it. Throws 409 `ip.too_much_inside` where that is more than one commit
 * takes beside `besides` others.
 */
export async function seenWrites(
  table: Table,
  space: string,
  { prefix }: Pick<ObservedItem, "prefix">,
  containing: readonly Stored<IpItem>[],
  besides: number,
): Promise<Write[]> {
  const at = parsePrefix(prefix);
  const edit = createEdit(table, space);
  for (const { parent } of parentsOf(containing, at)) {
    await edit.change(parent, prefixInterval(at), (window, part) => ({
      ...window,
      layers: { ...window.layers, observed: unionIntervals([...window.layers.observed, part]) },
    }));
  }
  return writesOf(edit, containing, besides);
}

/** The writes of windows once a block is seen no more: what other blocks there say, of smaller ones and of larger, stays. */
export async function unseenWrites(
  table: Table,
  space: string,
  { prefix, resource }: Pick<ObservedItem, "prefix" | "resource">,
  containing: readonly Stored<IpItem>[],
  besides: number,
): Promise<Write[]> {
  const at = parsePrefix(prefix);
  const place = prefixInterval(at);
  const [within, around] = await Promise.all([readSeenWithin(table, space, at), readSeenAround(table, space, at)]);
  const others = [...within.filter((one) => one.resource !== resource || one.prefix !== prefix), ...around].map((one) =>
    parsePrefix(one.prefix),
  );
  const edit = createEdit(table, space);
  for (const { parent, length } of parentsOf(containing, at)) {
    const stays = unionIntervals(others.filter((one) => one.length > length).map(prefixInterval));
    await edit.change(parent, place, ({ layers, ...window }, part) => {
      const observed = [...remainingIntervals(layers.observed, [part]), ...commonIntervals(stays, [part])];
      return { ...window, layers: { ...layers, observed: unionIntervals(observed) } };
    });
  }
  return writesOf(edit, containing, besides);
}
