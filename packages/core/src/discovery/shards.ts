import { type Entry, HASH_BYTES, packEntries, shardDigest } from "@cadastre/contract/digest";
import { PAGE_SHARDS, type PageItem } from "./items.ts";

export const EMPTY_DIGEST = shardDigest(new Uint8Array());

export interface ShardState {
  readonly digest: string;
  readonly missing: number;
}

/** The known state of a scope's shards, by number; a shard that was never uploaded is empty. */
export type ShardStates = ReadonlyMap<number, ShardState>;

export const NEVER_UPLOADED: ShardState = { digest: EMPTY_DIGEST, missing: 0 };

export interface ScopeId {
  readonly source: string;
  readonly name: string;
}

export function toStates(pages: readonly PageItem[], shardCount: number): Map<number, ShardState> {
  const states = new Map<number, ShardState>();
  for (const page of pages) {
    if (page.shardCount !== shardCount) continue;
    const hex = Buffer.from(page.digests).toString("hex");
    for (const [place, missing] of page.missing.entries()) {
      const digest = hex.slice(place * 2 * HASH_BYTES, (place + 1) * 2 * HASH_BYTES);
      states.set(page.page * PAGE_SHARDS + place, { digest, missing });
    }
  }
  return states;
}

/** How many pages a scope has: none with one shard, of which the manifest says the same. */
export function pageCountOf(shardCount: number): number {
  return shardCount === 1 ? 0 : Math.ceil(shardCount / PAGE_SHARDS);
}

/** The pages that hold the given shards, with all of their shards' states. */
export function toPages(
  { source, name }: ScopeId,
  shardCount: number,
  states: ShardStates,
  shards: Iterable<number>,
): PageItem[] {
  if (pageCountOf(shardCount) === 0) return [];
  const pages = new Set([...shards].map((shard) => Math.floor(shard / PAGE_SHARDS)));
  return [...pages].map((page) => {
    const numbers = Array.from({ length: Math.min(PAGE_SHARDS, shardCount) }, (_, place) => page * PAGE_SHARDS + place);
    const of = numbers.map((shard) => states.get(shard) ?? NEVER_UPLOADED);
    return {
      source,
      name,
      shardCount,
      page,
      digests: Buffer.from(of.map((state) => state.digest).join(""), "hex"),
      missing: of.map((state) => state.missing),
    };
  });
}

export function packHashes(hashes: readonly string[]): Uint8Array {
  return Buffer.from([...hashes].sort().join(""), "hex");
}

export function unpackHashes(packed: Uint8Array): string[] {
  const hex = Buffer.from(packed).toString("hex");
  return Array.from({ length: packed.byteLength / HASH_BYTES }, (_, place) =>
    hex.slice(place * 2 * HASH_BYTES, (place + 1) * 2 * HASH_BYTES),
  );
}

/** Digest of what the last upload had: all known entries but the missing ones. */
export function uploadedDigest(entries: readonly Entry[], missing: ReadonlySet<string>): string {
  return shardDigest(packEntries(entries.filter((entry) => !missing.has(entry.idHash))));
}
