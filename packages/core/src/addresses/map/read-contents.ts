import { type Interval, prefixInterval, unionIntervals } from "@cadastre/net/interval";
import { type Prefix, parsePrefix } from "@cadastre/net/prefix";
import type { Context } from "../../context.ts";
import { spacePartition, WindowItem } from "../tree/items.ts";
import { LAYERS, type Layer, type Layers } from "../tree/layers.ts";
import { boundsWithin } from "../tree/ranges.ts";
import { toWindow } from "../tree/window.ts";
import type { Content } from "./draw.ts";

/** Windows that are read at once, and bytes of them after which no more are: with the last page no more than 50 read units. */
const READ_AT_ONCE = 40;
const MOST_BYTES = 330_000;

const windowKey = (ipKey: string): string => `window#${ipKey.slice("ip#".length)}`;

/** The windows of a prefix and of all prefixes inside it, as what is in each, and where it was not read on. Reads eventually. */
export async function readContents(
  { table }: Pick<Context, "table">,
  space: string,
  at: Prefix,
  mostBytes = MOST_BYTES,
) {
  const { after, before } = boundsWithin(at, { itself: true });
  const parts = new Map<string, Layers[]>();
  let cursor: string | undefined;
  let bytes = 0;
  let last: { readonly parent: string; readonly window: Interval } | undefined;
  do {
    const page = await table.query(WindowItem, {
      partition: spacePartition(space),
      sort: { after: windowKey(after), before: windowKey(before) },
      limit: READ_AT_ONCE,
      cursor,
    });
    for (const item of page.items) {
      bytes += JSON.stringify(item).length;
      const known = parts.get(item.parent) ?? [];
      const window = toWindow(item);
      known.push(window.layers);
      parts.set(item.parent, known);
      last = { parent: item.parent, window };
    }
    cursor = page.cursor;
  } while (cursor !== undefined && bytes < mostBytes);
  const toContents = () =>
    [...parts].map(([parent, layers]): Content => ({ at: parsePrefix(parent), layers: joined(layers) }));
  if (cursor === undefined || last === undefined) return { contents: toContents(), unread: [] };
  const end = prefixInterval(at).last;
  const { parent, window } = last;
  if (parsePrefix(parent).length === at.length) {
    // Of the prefix itself not all was read: what is behind that is not known.
    const from = window.last + 1n;
    const unread = from > end ? [] : [{ family: at.family, first: from, last: end }];
    return { contents: toContents(), unread, unresolved: from > end ? at.network : from };
  }
  // The last one may have windows that were not read: it is drawn whole, as all behind it are.
  parts.delete(parent);
  return { contents: toContents(), unread: [], unresolved: parsePrefix(parent).network };
}

/** Several windows as one: each layer once over all of them, however many there are. */
const joined = (all: readonly Layers[]): Layers =>
  Object.fromEntries(LAYERS.map((layer) => [layer, unionIntervals(all.flatMap((layers) => layers[layer]))])) as Record<
    Layer,
    Interval[]
  >;
