import { create, increment, put, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import type { Value, Values } from "./attribute.ts";
import {
  digestOf,
  FIRST_PIECE,
  type Indexed,
  type Listing,
  PIECE_SIZE,
  piecesPartition,
  ScimEntryItem,
  ScimIndexItem,
  ScimPieceItem,
  ScimResourceItem,
} from "./items.ts";

interface IndexedValue {
  readonly attribute: Indexed;
  readonly digest: string;
}

/** What a resource is found by, each once. */
function indexedIn({ externalId, emails = [] }: Values): readonly IndexedValue[] {
  const given = [
    { attribute: "externalId" as const, value: externalId },
    ...(emails as readonly Values[]).map(({ value }) => ({ attribute: "emails" as const, value })),
  ];
  const all = given.flatMap(({ attribute, value }) =>
    typeof value === "string" ? [{ attribute, digest: digestOf(value) }] : [],
  );
  return [...new Map(all.map((one) => [`${one.attribute} ${one.digest}`, one])).values()];
}

type Placed = Pick<ScimResourceItem, "source" | "type" | "id">;

function indexWrites({ source, type, id }: Placed, before: Values, after: Values): Write[] {
  const [was, is] = [indexedIn(before), indexedIn(after)];
  const isIn = (all: readonly IndexedValue[], one: IndexedValue) =>
    all.some(({ attribute, digest }) => attribute === one.attribute && digest === one.digest);
  return [
    ...is.filter((one) => !isIn(was, one)).map((one) => put(ScimIndexItem, { source, type, id, ...one })),
    ...was.filter((one) => !isIn(is, one)).map((one) => remove(ScimIndexItem, { source, type, id, ...one })),
  ];
}

const counted = ({ source, type, piece }: Omit<ScimPieceItem, "count">, by: number): Write =>
  increment(ScimPieceItem, { source, type, piece }, "count", by);

/** The piece of a list in which the next resource is: the last one, until it is full. One read unit. */
export async function openPiece({ table }: Pick<Context, "table">, listing: Listing): Promise<string> {
  const query = { partition: piecesPartition(listing), reverse: true, limit: 1, consistent: true };
  const { items } = await table.query(ScimPieceItem, query);
  const [last] = items;
  if (!last) return FIRST_PIECE;
  return last.count < PIECE_SIZE ? last.piece : String(Number(last.piece) + 1).padStart(FIRST_PIECE.length, "0");
}

const entryOf = ({ source, type, piece, id }: ScimResourceItem) => ({ source, type, piece, id });

/** What makes a resource one of its source's; refused as "exists" where a source has it. */
export function placeResource(item: ScimResourceItem): Write[] {
  return [
    create(ScimResourceItem, item),
    create(ScimEntryItem, entryOf(item)),
    counted(item, 1),
    ...indexWrites(item, {}, item.values as Values),
  ];
}

/** What changes what is said of a resource. */
export function changeResource(
  { version, ...before }: Stored<ScimResourceItem>,
  values: Values,
  updatedAt: string,
): Write[] {
  const after: ScimResourceItem = { ...before, values: values as { [name: string]: Value }, updatedAt };
  return [replace(ScimResourceItem, after, version), ...indexWrites(before, before.values as Values, values)];
}

/** What takes a resource away from its source. */
export function unplaceResource({ version, ...item }: Stored<ScimResourceItem>): Write[] {
  return [
    remove(ScimResourceItem, item, version),
    remove(ScimEntryItem, entryOf(item)),
    counted(item, -1),
    ...indexWrites(item, item.values as Values, {}),
  ];
}

/** The same of what a source may have or not: for who removes a user or a group from the directory. */
export async function releaseWrites({ table }: Pick<Context, "table">, id: string): Promise<Write[]> {
  const item = await table.get(ScimResourceItem, { id }, { consistent: true });
  return item ? unplaceResource(item) : [];
}
