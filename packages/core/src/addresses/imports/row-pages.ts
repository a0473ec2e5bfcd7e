import type { Context } from "../../context.ts";
import type { PrefixRow } from "../transfer/convert/records.ts";
import { ImportRowItem, rowsPartition } from "./items.ts";

/** A row and, where another row of its prefix is heard in its place, the number of that. */
export interface Placed {
  readonly row: PrefixRow;
  readonly heard: number | undefined;
}

/** How far the rows of a file were looked at. */
export interface Place {
  /** Behind this row, by its sort key. */
  readonly after?: string | undefined;
  /** The first row of the prefix that the row before was of. */
  readonly first?: { readonly prefix: string; readonly row: number } | undefined;
}

export interface RowPage {
  readonly rows: readonly Placed[];
  /** Where the next page begins; undefined behind the last row. */
  readonly next: Place | undefined;
  /** Where one begins that goes on behind so many rows of this one. */
  readonly placeAfter: (count: number) => Place;
}

/** Rows of an import in the order of addresses, what contains others before them. Of rows of one prefix the last is heard, or the first. */
export async function readPage(
  { table }: Pick<Context, "table">,
  id: string,
  { after, first: began }: Place,
  { limit, isLastHeard }: { readonly limit: number; readonly isLastHeard: boolean },
): Promise<RowPage> {
  const { items: found, cursor } = await table.query(ImportRowItem, {
    partition: rowsPartition(id),
    sort: after === undefined ? {} : { after },
    limit: limit + 1,
    consistent: true,
  });
  // The last one only tells whether the one before it is heard. Rows are so small that there is always one before it.
  const isMore = cursor !== undefined || found.length > limit;
  const items = isMore ? found.slice(0, -1) : found;
  const places: Place[] = [{ after, first: began }];
  let first = began;
  const rows = items.map((item, at): Placed => {
    if (first?.prefix !== item.prefix) first = { prefix: item.prefix, row: item.row };
    places.push({ after: ImportRowItem.keyOf(item).sk, first });
    const next = found[at + 1];
    const heard = isLastHeard
      ? next?.prefix === item.prefix
        ? next.row
        : undefined
      : first.row === item.row
        ? undefined
        : first.row;
    return { row: JSON.parse(item.said) as PrefixRow, heard };
  });
  const placeAfter = (count: number): Place => places[count] ?? {};
  return { rows, next: isMore ? placeAfter(items.length) : undefined, placeAfter };
}
