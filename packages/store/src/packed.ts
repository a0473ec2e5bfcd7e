import { deflateRawSync, inflateRawSync } from "node:zlib";
import { decodeBody, encodeBody, type Fields } from "./body.ts";
import type { AnyEntity } from "./entity.ts";
import { InvalidItemError } from "./errors.ts";
import { ITEM_BYTES_LIMIT } from "./limits.ts";

/** The attribute that has the fields of a packed item. No entity that packs has a field of this name. */
export const PACKED = "packed";

/** Most bytes of the fields as JSON: every character of the largest item may be written in six. */
const PLAIN_BYTES_LIMIT = 6 * ITEM_BYTES_LIMIT;

/**
 * Halves what clouds say of a resource, in 15 µs. Higher levels gain a few percent; the window and buffers that zlib makes ready
 * otherwise, for texts a hundred times as long, take longer than the work.
 */
const FAST = { level: 1, windowBits: 12, memLevel: 5, chunkSize: 1024 } as const;

/**
 * The fields as one binary attribute, JSON that is deflated. They must have been found storable: JSON would write what is not
 * otherwise, without a word.
 */
export function packFields(fields: Fields): Fields {
  return { [PACKED]: new Uint8Array(deflateRawSync(encodeBody(fields), FAST)) };
}

/** The reverse of `packFields`, also for fields that were not packed. @throws InvalidItemError for a damaged attribute */
export function unpackFields(entity: AnyEntity, fields: Fields): Fields {
  if (entity.packed !== true || !(PACKED in fields)) return fields;
  try {
    const inflated = inflateRawSync(fields[PACKED] as Uint8Array, {
      chunkSize: 4096,
      maxOutputLength: PLAIN_BYTES_LIMIT,
    });
    return decodeBody(inflated.toString());
  } catch (error) {
    throw new InvalidItemError(entity.type, [`field ${PACKED} is damaged: ${(error as Error).message}`]);
  }
}
