import { digestOf } from "./body.ts";
import type { AnyEntity, Key } from "./entity.ts";
import { CursorError } from "./errors.ts";
import { checkKey } from "./limits.ts";
import { inRange, type PlannedRange } from "./range.ts";
import type { Query } from "./table.ts";

/** Where a page ended: the key of the item, and its key in the index when an index was read. */
export interface Position extends Key {
  readonly indexSk?: string;
}

function seal(entity: AnyEntity, query: Query, keys: readonly string[]): string {
  const { partition, sort, index, reverse } = query;
  const sorted = Object.entries(sort ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return digestOf(JSON.stringify([entity.type, index ?? null, partition, sorted, reverse === true, keys])).slice(0, 16);
}

/** Makes the cursor of a position in a query: base64url of JSON, with a digest over the query and the position. */
export function encodeCursor(entity: AnyEntity, query: Query, position: Position): string {
  const keys = query.index === undefined ? [position.sk] : [position.indexSk as string, position.pk, position.sk];
  return Buffer.from(JSON.stringify([...keys, seal(entity, query, keys)])).toString("base64url");
}

/**
 * Reads a cursor back. The digest binds it to its query and tells damage; it is no secret, so the position is also held to
 * the range of the query, and the worst that a made-up cursor can do is to begin elsewhere in a list one may read anyway.
 * @throws CursorError
 */
export function decodeCursor(entity: AnyEntity, query: Query, planned: PlannedRange, cursor: string): Position {
  const parts = parse(cursor);
  const keys = parts.slice(0, -1);
  if (parts.length !== (query.index === undefined ? 2 : 4)) throw new CursorError("it is not of this kind of query");
  if (parts.at(-1) !== seal(entity, query, keys)) throw new CursorError("it was made for another query or altered");
  const position =
    query.index === undefined
      ? { pk: query.partition, sk: keys[0] as string }
      : { pk: keys[1] as string, sk: keys[2] as string, indexSk: keys[0] as string };
  if (!inRange(position.indexSk ?? position.sk, planned))
    throw new CursorError("it lies outside the range of the query");
  try {
    checkKey(position, "cursor");
  } catch (cause) {
    throw new CursorError((cause as Error).message);
  }
  return position;
}

function parse(cursor: string): string[] {
  let value: unknown;
  const bytes = Buffer.from(cursor, "base64url");
  // Decoding skips foreign characters, so only what encodes to the same text again is taken.
  if (bytes.toString("base64url") !== cursor) throw new CursorError("it is not base64url");
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new CursorError("it is not JSON inside");
  }
  if (Array.isArray(value) && value.every((part) => typeof part === "string")) return value;
  throw new CursorError("it is not a list of texts");
}
