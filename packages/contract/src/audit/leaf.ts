import { orderedJson } from "../digest.ts";
import { hashLeaf } from "./merkle.ts";

/** The leaf of a record: the hash over its RFC 8785 bytes. All members count, also those that nobody here knows. */
export function leafOf(record: object): Uint8Array {
  return hashLeaf(orderedJson(record));
}
