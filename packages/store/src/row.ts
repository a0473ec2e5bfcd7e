import type * as z from "zod";
import { encodeBody, type Fields } from "./body.ts";
import type { AnyEntity, Key } from "./entity.ts";
import { InvalidItemError, ItemTooLargeError } from "./errors.ts";
import { checkKey, ITEM_BYTES_LIMIT } from "./limits.ts";
import { PACKED, packFields, unpackFields } from "./packed.ts";
import { rowSize } from "./size.ts";
import type { Stored } from "./table.ts";
import { writeUnits } from "./units.ts";
import { contentVersion } from "./version.ts";

/** An item as the drivers keep it: the store's own attributes, and the item's fields but those that its key says. */
export interface Row extends Key {
  readonly type: string;
  readonly version: number;
  /** Epoch second from which on the item counts as gone. */
  readonly expires: number | undefined;
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
function expiryOf(entity: AnyEntity, fields: Fields): number | undefined {
  if (entity.expires === undefined) return undefined;
  const value = fields[entity.expires];
  if (value === undefined || value === null) return undefined;
  const seconds = Math.floor(typeof value === "string" ? Date.parse(value) / 1000 : Number(value));
  if (Number.isSafeInteger(seconds)) return seconds;
  return complainOf(entity.type)(entity.expires, "is no time, allowed: epoch seconds or an ISO time");
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

/** The fields without those that the key says. @throws InvalidItemError where the key says something else */
function withoutKeyFields(entity: AnyEntity, key: Key, fields: Fields): Fields {
  if (entity.fromKey === undefined) return fields;
  const said: Fields = entity.fromKey(key);
  const rest: Fields = {};
  for (const name in fields) if (!(name in said)) rest[name] = fields[name];
  for (const name in said) {
    if (said[name] === fields[name]) continue;
    const text = `is ${JSON.stringify(fields[name])}, allowed: ${JSON.stringify(said[name])}, as its key says`;
    complainOf(entity.type)(name, text);
  }
  return rest;
}

/** Bytes of a stored item that was read, under its key; nothing for one that may be packed or has an end. */
export function sizeOf(entity: AnyEntity, key: Key, { version: _, ...item }: Stored<object>): number | undefined {
  if (entity.expires !== undefined) return undefined;
  const row = { ...key, type: entity.type, expires: undefined, fields: withoutKeyFields(entity, key, item) };
  const size = rowSize(row, complainOf(entity.type));
  return entity.packed === true && writeUnits(0, size) > 1 ? undefined : size;
}

/** Makes the stored form of an item; without a version it gets the one of its content. @throws InvalidItemError, ItemTooLargeError, LimitError */
export function toRow(entity: AnyEntity, item: Fields, version?: number): WritableRow {
  const key = checkKey(entity.keyOf(item), entity.type);
  const { shape } = entity.schema;
  if (shape?.version !== undefined) complainOf(entity.type)("version", "belongs to the store, allowed: other names");
  if (entity.packed === true && shape?.[PACKED] !== undefined)
    complainOf(entity.type)(PACKED, "belongs to the store where items are packed, allowed: other names");
  const fields = withoutKeyFields(entity, key, item);
  const row = {
    pk: key.pk,
    sk: key.sk,
    type: entity.type,
    version: version ?? 0,
    expires: expiryOf(entity, item),
    fields,
    body: "",
    size: 0,
  };
  // The size is counted first because that also finds what cannot be stored. All versions have one size.
  row.size = rowSize(row, complainOf(entity.type));
  if (row.size > ITEM_BYTES_LIMIT) {
    throw new ItemTooLargeError({ type: entity.type, key, size: row.size, limit: ITEM_BYTES_LIMIT });
  }
  if (entity.packed === true && writeUnits(0, row.size) > 1) {
    const packed = packFields(fields);
    const size = rowSize({ ...row, fields: packed }, complainOf(entity.type));
    if (writeUnits(0, size) < writeUnits(0, row.size)) Object.assign(row, { fields: packed, size });
  }
  row.body = encodeBody(row.fields);
  if (version === undefined) row.version = contentVersion(row.body);
  return row;
}

/** Reads an item back through its schema, so that fields with defaults appear in items that older software wrote. */
export function fromRow(entity: AnyEntity, row: Row): object {
  if (row.type !== entity.type) {
    throw new InvalidItemError(entity.type, [`the item at ${JSON.stringify([row.pk, row.sk])} is a ${row.type}`]);
  }
  const stored = unpackFields(entity, row.fields);
  const fields = entity.fromKey === undefined ? stored : { ...entity.fromKey(row), ...stored };
  return Object.assign(parseItem(entity, fields), { version: row.version });
}
