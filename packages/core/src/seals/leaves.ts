import { ID_PREFIXES, timeOfId } from "@cadastre/contract/ids";
import type { AuditLeavesItem } from "./items.ts";

const PREFIX = `${ID_PREFIXES.audit}_`;
const ID_CHARACTERS = 26;
const HASH_BYTES = 32;

export interface Leaf {
  readonly id: string;
  readonly hash: Uint8Array;
}

/** A checkpoint's leaves as they are stored. */
export function packLeaves(leaves: readonly Leaf[]): Pick<AuditLeavesItem, "ids" | "hashes"> {
  return {
    ids: leaves.map(({ id }) => id.slice(PREFIX.length)).join(""),
    hashes: new Uint8Array(Buffer.concat(leaves.map(({ hash }) => hash))),
  };
}

export function unpackLeaves({ ids, hashes }: Pick<AuditLeavesItem, "ids" | "hashes">): Leaf[] {
  return Array.from({ length: ids.length / ID_CHARACTERS }, (_, at) => ({
    id: PREFIX + ids.slice(at * ID_CHARACTERS, (at + 1) * ID_CHARACTERS),
    hash: hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  }));
}

/** The key of the record with this id: its time is in it. */
export function placeOfRecord(id: string): { readonly id: string; readonly at: string } {
  return { id, at: timeOfId(id).toISOString() };
}
