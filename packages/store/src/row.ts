import type * as z from "zod";
import { encodeBody, type Fields } from "./body.ts";
import type { AnyEntity, Key } from "./entity.ts";
import { InvalidItemError, ItemTooLargeError } from "./errors.ts";
import { checkKey, ITEM_BYTES_LIMIT } from "./limits.ts";
import { rowSize } from "./size.ts";
import { contentVersion } from "./version.ts";

/** Key of an item in one of its indexes. */
export interface IndexEntry extends Key {
  readonly index: string;
}

/** An item as the drivers keep it: the store's own attributes, and the item's fields. */
export interface Row extends Key {
  readonly type: string;
  readonly version: number;
  /** Epoch second from which on the item counts as gone. */
  readonly expires: number | undefined;
  readonly entries: readonly IndexEntry[];
  readonly fields: Fields;
}

/** A row that is ready to be written, with its size in bytes as DynamoDB counts it. */
export interface WritableRow extends Row {
  readonly size: number;
  readonly body: string;
}

export function isExpired(row: { readonly expires: number | undefined }, now: Date): boolean {
  return row.expires !== undefined && row.expires * 1000 <= now.getTime();
}

/** Fails with an InvalidItemError for a field of the item. */
export function complainOf(type: string): (path: string, problem: string) => never {
  return (path, problem) => {
    throw new InvalidItemError(type, [`field ${path} ${problem}`]);
  };
}

/** The epoch second in the entity's `expires` field: numeric, or an ISO time; whole seconds, never later than it says. */
export function expiryOf(entity: AnyEntity, fields: Fields): number | undefined {
  if (entity.expires === undefined) return undefined;
  const value = fields[entity.expires];
  if (value === undefined || value === null) return undefined;
  const seconds = Math.floor(typeof value === "string" ? Date.parse(value) / 1000 : Number(value));
  if (Number.isSafeInteger(seconds)) return seconds;
  return complainOf(entity.type)(entity.expires, "is no time, allowed: epoch seconds or an ISO time");
}

const NO_ENTRIES: readonly IndexEntry[] = [];

/** Keys of an item in the entity's sparse indexes. @throws LimitError for a key that the index could not hold */
export function entriesOf(entity: AnyEntity, item: object): readonly IndexEntry[] {
  if (entity.indexes === undefined) return NO_ENTRIES;
  const entries: IndexEntry[] = [];
  for (const index in entity.indexes) {
    const key = entity.indexes[index]?.(item);
    if (key === undefined) continue;
    checkKey(key, `${entity.type} in index ${index}`);
    entries.push({ index, pk: key.pk, sk: key.sk });
  }
  return entries;
}

function withoutVersion(item: object): object {
  const fields: Fields = { ...item };
  delete fields.version;
  return fields;
}

/** The item as its schema has it, without the `version` that a read added. @throws InvalidItemError */
export function parseItem(entity: AnyEntity, item: object): Fields {
  const result = entity.schema.safeParse("version" in item ? withoutVersion(item) : item);
  if (result.success) return result.data as Fields;
  throw new InvalidItemError(
    entity.type,
    (result.error as z.ZodError).issues.map((i) => `${i.path.map(String).join(".") || "item"}: ${i.message}`),
  );
}

/** Makes the stored form of an item; without a version it gets the one of its content. @throws InvalidItemError, ItemTooLargeError, LimitError */
export function toRow(entity: AnyEntity, fields: Fields, version?: number): WritableRow {
  const key = checkKey(entity.keyOf(fields), entity.type);
  if (entity.schema.shape?.version !== undefined)
    complainOf(entity.type)("version", "belongs to the store, allowed: other names");
  const row = {
    pk: key.pk,
    sk: key.sk,
    type: entity.type,
    version: version ?? 0,
    expires: expiryOf(entity, fields),
    entries: entriesOf(entity, fields),
    fields,
    body: "",
    size: 0,
  };
  // The size is counted first because that also finds what cannot be stored. All versions have one size.
  row.size = rowSize(row, complainOf(entity.type));
  if (row.size > ITEM_BYTES_LIMIT) {
    throw new ItemTooLargeError({ type: entity.type, key, size: row.size, limit: ITEM_BYTES_LIMIT });
  }
  row.body = encodeBody(fields);
  if (version === undefined) row.version = contentVersion(row.body);
  return row;
}

/** Reads an item back through its schema, so that fields with defaults appear in items that older software wrote. */
export function fromRow(entity: AnyEntity, row: Row): object {
  if (row.type !== entity.type) {
    throw new InvalidItemError(entity.type, [`the item at ${JSON.stringify([row.pk, row.sk])} is a ${row.type}`]);
  }
  return Object.assign(parseItem(entity, row.fields), { version: row.version });
}
