import { digestOf } from "./body.ts";
import type { AnyEntity } from "./entity.ts";
import { CursorError } from "./errors.ts";
import { checkKey } from "./limits.ts";
import { inRange, type PlannedRange } from "./range.ts";
import type { Query } from "./table.ts";

function seal(entity: AnyEntity, query: Query, after: string): string {
  const { partition, sort, reverse } = query;
  const sorted = Object.entries(sort ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return digestOf(JSON.stringify([entity.type, partition, sorted, reverse === true, after])).slice(0, 16);
}

/** Makes the cursor of a query that goes on after a sort key: base64url of JSON, with a digest over the query and the place. */
export function encodeCursor(entity: AnyEntity, query: Query, after: string): string {
  return Buffer.from(JSON.stringify([after, seal(entity, query, after)])).toString("base64url");
}

/**
 * Reads a cursor back: the sort key to go on after. The digest binds it to its query and tells damage; it is no secret, so the
 * place is also held to the range of the query, and the worst that a made-up cursor can do is to begin elsewhere in a list one
 * may read anyway.
 * @throws CursorError
 */
export function decodeCursor(entity: AnyEntity, query: Query, planned: PlannedRange, cursor: string): string {
  const [after = "", digest, ...rest] = parse(cursor);
  if (rest.length > 0 || digest !== seal(entity, query, after)) {
    throw new CursorError("it was made for another query or altered");
  }
  if (!inRange(after, planned)) throw new CursorError("it lies outside the range of the query");
  try {
    checkKey({ pk: query.partition, sk: after }, "cursor");
  } catch (cause) {
    throw new CursorError((cause as Error).message);
  }
  return after;
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
