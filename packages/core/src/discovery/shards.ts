import { type Entry, HASH_BYTES, packEntries, shardDigest, shardOf, unpackEntries } from "@cadastre/contract/digest";
import { put } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { ManifestItem, PAGE_SHARDS, PageItem } from "./items.ts";

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
    page.missing.forEach((missing, at) => {
      states.set(page.page * PAGE_SHARDS + at, {
        digest: hex.slice(at * 2 * HASH_BYTES, (at + 1) * 2 * HASH_BYTES),
        missing,
      });
    });
  }
  return states;
}

/** The pages that hold the given shards, with all of their shards' states. */
export function toPages(scope: ScopeId, shardCount: number, states: ShardStates, shards: Iterable<number>): PageItem[] {
  const pages = new Set([...shards].map((shard) => Math.floor(shard / PAGE_SHARDS)));
  return [...pages].map((page) => {
    const numbers = Array.from({ length: Math.min(PAGE_SHARDS, shardCount) }, (_, at) => page * PAGE_SHARDS + at);
    const of = numbers.map((shard) => states.get(shard) ?? NEVER_UPLOADED);
    return {
      ...scope,
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
  return Array.from({ length: packed.byteLength / HASH_BYTES }, (_, at) =>
    hex.slice(at * 2 * HASH_BYTES, (at + 1) * 2 * HASH_BYTES),
  );
}

/** Digest of what the last upload had: all known entries but the missing ones. */
function uploadedDigest(entries: readonly Entry[], missing: ReadonlySet<string>): string {
  return shardDigest(packEntries(entries.filter((entry) => !missing.has(entry.idHash))));
}

/**
 * Cuts a scope's manifests anew, for a scope that has grown or shrunk. The caller has the scope open (so nobody else writes
 * manifests) and switches the scope to the new count afterwards; until then the old manifests count, so a crash in between
 * leaves nothing wrong. Reads and writes every manifest of the scope. Answers the new states.
 */
export async function recut(
  context: Context,
  scope: ScopeId,
  from: number,
  to: number,
): Promise<Map<number, ShardState>> {
  const { table } = context;
  const states = new Map<number, ShardState>();
  const span = Math.max(1, from / to);
  for (let first = 0; first < from; first += span) {
    const keys = Array.from({ length: span }, (_, at) => ({ ...scope, shardCount: from, shard: first + at }));
    const old = (await table.getMany(ManifestItem, keys, { consistent: true })).filter((item) => item !== undefined);
    const entries = old.flatMap((item) => unpackEntries(item.entries));
    const missing = new Set(old.flatMap((item) => unpackHashes(item.missing)));
    const grown = Math.max(1, to / from);
    const firstNew = Math.floor((first * to) / from);
    const writes = Array.from({ length: grown }, (_, at) => {
      const shard = firstNew + at;
      const own = entries.filter((entry) => shardOf(entry.idHash, to) === shard);
      if (own.length === 0)
        return { op: "remove" as const, entity: ManifestItem, key: { ...scope, shardCount: to, shard } };
      const lost = own.filter((entry) => missing.has(entry.idHash)).map((entry) => entry.idHash);
      const digest = uploadedDigest(own, missing);
      states.set(shard, { digest, missing: lost.length });
      return put(ManifestItem, {
        ...scope,
        shardCount: to,
        shard,
        digest,
        entries: packEntries(own),
        missing: packHashes(lost),
        run: "",
        created: 0,
        updated: 0,
        unchanged: 0,
      });
    });
    await table.load(writes);
  }
  const every = Array.from({ length: to }, (_, shard) => shard);
  await table.load(toPages(scope, to, states, every).map((page) => put(PageItem, page)));
  return states;
}

/** Removes the manifests and pages of a cut that no longer counts. */
export async function dropCut(context: Context, scope: ScopeId, shardCount: number): Promise<void> {
  const shards = Array.from({ length: shardCount }, (_, shard) => ({ ...scope, shardCount, shard }));
  const pages = Array.from({ length: Math.ceil(shardCount / PAGE_SHARDS) }, (_, page) => ({
    ...scope,
    shardCount,
    page,
  }));
  await context.table.load([
    ...shards.map((key) => ({ op: "remove" as const, entity: ManifestItem, key })),
    ...pages.map((key) => ({ op: "remove" as const, entity: PageItem, key })),
  ]);
}
