import { type IpMap, MAP_STATES, MOST_CELLS } from "@cadastre/contract/addresses/map";
import { ProblemError } from "@cadastre/contract/errors";
import { addressBits, formatAddress } from "@cadastre/net/address";
import { parsePrefix } from "@cadastre/net/prefix";
import type { Context } from "../../context.ts";
import { IpPictureItem } from "../snapshots/items.ts";
import { requireSpace } from "../spaces/read.ts";
import { settle } from "../tree/pending.ts";
import { requireIp } from "../tree/read-ips.ts";
import { drawMap } from "./draw.ts";
import { readContents } from "./read-contents.ts";

const isPowerOfTwo = (cells: number): boolean => Number.isInteger(Math.log2(cells));

/** A picture with fewer cells: each is of several, and none of its shares is lost. */
function coarser(drawn: IpMap["cells"], cells: number): IpMap["cells"] {
  const each = drawn.length / cells;
  if (each <= 1) return drawn;
  return Array.from({ length: cells }, (_, cell) => {
    const parts = drawn.slice(cell * each, (cell + 1) * each);
    const shares = MAP_STATES.map((state) => {
      const sum = parts.reduce((all, part) => all + (part[state] ?? 0), 0) / each;
      return [state, Math.max(0.0001, Math.round(sum * 10_000) / 10_000), sum] as const;
    });
    return Object.fromEntries(shares.filter(([, , sum]) => sum > 0).map(([state, share]) => [state, share]));
  });
}

/**
 * The picture of a planned prefix in so many equal cells, or one for each address when it has fewer: exact, from what is in each prefix inside it; where
 * that is more than a request reads, as it was drawn last. No more than 60 read units, whatever its size. Reads eventually. Throws 404 `space.not_found`, `ip.not_found`, 422 `request.invalid`.
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
  const { contents, unread, unresolved } = await readContents(context, space, at);
  const drawn = {
    prefix,
    cellLength: at.length + bits,
    cells: drawMap(at, contents, 2 ** bits, unread),
    asOf: context.now().toISOString(),
  };
  if (unresolved === undefined) return drawn;
  const picture = await context.table.get(IpPictureItem, { id });
  if (picture?.prefix === prefix)
    return { prefix, cellLength: drawn.cellLength, cells: coarser(picture.cells, 2 ** bits), asOf: picture.asOf };
  return { ...drawn, unresolvedFrom: formatAddress({ family: at.family, value: unresolved }) };
}
