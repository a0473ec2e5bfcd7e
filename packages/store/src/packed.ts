import { deflateRawSync, inflateRawSync } from "node:zlib";
import { decodeBody, encodeBody, type Fields } from "./body.ts";
import type { AnyEntity } from "./entity.ts";
import { InvalidItemError } from "./errors.ts";
import { ITEM_BYTES_LIMIT } from "./limits.ts";

/** The attribute that has the packed fields of an item. No entity that packs has a field of this name. */
export const PACKED = "packed";

/** Most bytes of packed fields as JSON: every character of the largest item may be written in six. */
const PLAIN_BYTES_LIMIT = 6 * ITEM_BYTES_LIMIT;

/**
 * Halves what clouds say of a resource, in 13 µs. Higher levels gain a few percent; the window and buffers that zlib makes ready
 * otherwise, for texts a hundred times as long, take longer than the work.
 */
const FAST = { level: 1, windowBits: 12, memLevel: 5, chunkSize: 1024 } as const;

/**
 * The fields with those that the entity packs as one binary attribute, JSON that is deflated; undefined where it has none of
 * them. What is in them must have been found storable: JSON would write it otherwise without a word.
 */
export function packFields({ packed = [] }: AnyEntity, fields: Fields): Fields | undefined {
  const rest: Fields = {};
  const inside: Fields = {};
  for (const name in fields) (packed.includes(name) ? inside : rest)[name] = fields[name];
  if (Object.keys(inside).length === 0) return undefined;
  return { ...rest, [PACKED]: new Uint8Array(deflateRawSync(encodeBody(inside), FAST)) };
}

/** The reverse of `packFields`, also for fields that were not packed. @throws InvalidItemError for a damaged attribute */
export function unpackFields(entity: AnyEntity, fields: Fields): Fields {
  if (entity.packed === undefined || !(PACKED in fields)) return fields;
  const { [PACKED]: packed, ...rest } = fields;
  return { ...rest, ...inflate(entity, packed) };
}

function inflate(entity: AnyEntity, packed: unknown): Fields {
  try {
    return decodeBody(
      inflateRawSync(packed as Uint8Array, { chunkSize: 4096, maxOutputLength: PLAIN_BYTES_LIMIT }).toString(),
    );
  } catch (error) {
    throw new InvalidItemError(entity.type, [`field ${PACKED} is damaged: ${(error as Error).message}`]);
  }
}
