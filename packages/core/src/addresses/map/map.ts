import { type IpMap, MOST_CELLS } from "@cadastre/contract/addresses/map";
import { ProblemError } from "@cadastre/contract/errors";
import { addressBits, formatAddress } from "@cadastre/net/address";
import { unionIntervals } from "@cadastre/net/interval";
import { addressCount, firstAddress, type Prefix, parsePrefix } from "@cadastre/net/prefix";
import type { Context } from "../../context.ts";
import { requireSpace } from "../spaces/read.ts";
import { spacePartition, WindowItem } from "../tree/items.ts";
import { type Layers, mapLayers } from "../tree/layers.ts";
import { settle } from "../tree/pending.ts";
import { boundsWithin } from "../tree/ranges.ts";
import { requireIp } from "../tree/read-ips.ts";
import { toWindow } from "../tree/window.ts";
import { type Content, drawMap } from "./draw.ts";

/** Windows that are read at once, and bytes of them after which no more are: with the last page no more than 55 read units. */
const READ_AT_ONCE = 80;
const MOST_BYTES = 290_000;

const windowKey = (ipKey: string): string => `window#${ipKey.slice("ip#".length)}`;

/** The windows of a prefix and of all prefixes inside it, as what is in each, and where it was not read on. Reads eventually. */
async function readContents({ table }: Context, space: string, at: Prefix) {
  const { after, before } = boundsWithin(at, { itself: true });
  const parts = new Map<string, Layers[]>();
  let cursor: string | undefined;
  let bytes = 0;
  let last: string | undefined;
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
      known.push(toWindow(item).layers);
      parts.set(item.parent, known);
      last = item.parent;
    }
    cursor = page.cursor;
  } while (cursor !== undefined && bytes < MOST_BYTES);
  // The last one may have windows that were not read: it is drawn whole, as all behind it are.
  if (cursor !== undefined && last !== undefined && parsePrefix(last).length > at.length) parts.delete(last);
  const contents = [...parts].map(([parent, layers]): Content => ({ at: parsePrefix(parent), layers: joined(layers) }));
  return { contents, unresolved: cursor === undefined || last === undefined ? undefined : parsePrefix(last) };
}

/** Several windows as one: each layer once over all of them, however many there are. */
const joined = ([first, ...others]: readonly Layers[]): Layers =>
  mapLayers(first as Layers, (intervals, layer) =>
    unionIntervals([...intervals, ...others.flatMap((layers) => layers[layer])]),
  );

const isPowerOfTwo = (cells: number): boolean => Number.isInteger(Math.log2(cells));

/**
 * The picture of a planned prefix in so many equal cells, or one for each address when it has fewer: exact, from what is in each prefix inside it, and
 * no more than 60 read units whatever its size. Throws 404 `space.not_found`, `ip.not_found`, 422 `request.invalid`.
 */
export async function mapIp(context: Context, space: string, id: string, cells = MOST_CELLS): Promise<IpMap> {
  if (!isPowerOfTwo(cells)) {
    const message = "a power of two, such as 1024";
    throw new ProblemError("request.invalid", `cells: ${message}`, { errors: [{ path: "cells", message }] });
  }
  await Promise.all([requireSpace(context, space), settle(context, space)]);
  const { prefix } = await requireIp(context, space, id);
  const at = parsePrefix(prefix);
  const bits = Math.min(Math.log2(cells), addressBits(at.family) - at.length);
  const { contents, unresolved } = await readContents(context, space, at);
  return {
    prefix,
    cellLength: at.length + bits,
    cells: drawMap(at, contents, addressCount(at) < BigInt(cells) ? 2 ** bits : cells),
    ...(unresolved ? { unresolvedFrom: formatAddress(firstAddress(unresolved)) } : {}),
  };
}
