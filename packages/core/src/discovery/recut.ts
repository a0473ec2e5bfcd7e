import { type Entry, packEntries, shardDigest, shardOf, unpackEntries } from "@cadastre/contract/digest";
import { ConflictError } from "@cadastre/store/errors";
import { type BulkWrite, put, replace, type Stored } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { ManifestItem, PAGE_SHARDS, PageItem, ScopeItem } from "./items.ts";
import { type Incoming, type Known, type Opener, toLease } from "./lease.ts";
import { packHashes, type ScopeId, type ShardState, toPages, unpackHashes } from "./shards.ts";

/** Digest of what the last upload had: all known entries but the missing ones. */
function uploadedDigest(entries: readonly Entry[], missing: ReadonlySet<string>): string {
  return shardDigest(packEntries(entries.filter((entry) => !missing.has(entry.idHash))));
}

/** A manifest of the new cut, out of what the old ones have; nothing where they have nothing. */
function toManifest(
  key: ScopeId & { readonly shardCount: number; readonly shard: number },
  entries: readonly Entry[],
  missing: ReadonlySet<string>,
): ManifestItem | undefined {
  const own = entries.filter((entry) => shardOf(entry.idHash, key.shardCount) === key.shard);
  if (own.length === 0) return undefined;
  const lost = own.filter((entry) => missing.has(entry.idHash)).map((entry) => entry.idHash);
  return {
    ...key,
    digest: uploadedDigest(own, missing),
    entries: packEntries(own),
    missing: packHashes(lost),
    run: "",
    created: 0,
    updated: 0,
    unchanged: 0,
  };
}

/**
 * Writes a scope's manifests and pages as they are when it is cut into `to` shards instead of `from`. Until the scope is
 * switched to the new count the old ones count, so a crash in between leaves nothing wrong. Reads and writes every manifest
 * of the scope. Answers the new states.
 */
async function writeCut(context: Context, scope: ScopeId, from: number, to: number): Promise<Map<number, ShardState>> {
  const { table } = context;
  const states = new Map<number, ShardState>();
  const merged = Math.max(1, from / to);
  const split = Math.max(1, to / from);
  for (let first = 0; first < from; first += merged) {
    const keys = Array.from({ length: merged }, (_, n) => ({ ...scope, shardCount: from, shard: first + n }));
    const old = (await table.getMany(ManifestItem, keys, { consistent: true })).filter((item) => item !== undefined);
    const entries = old.flatMap((item) => unpackEntries(item.entries));
    const missing = new Set(old.flatMap((item) => unpackHashes(item.missing)));
    const writes = Array.from({ length: split }, (_, n): BulkWrite => {
      const key = { ...scope, shardCount: to, shard: Math.floor((first * to) / from) + n };
      const manifest = toManifest(key, entries, missing);
      if (!manifest) return { op: "remove", entity: ManifestItem, key };
      states.set(key.shard, { digest: manifest.digest, missing: unpackHashes(manifest.missing).length });
      return put(ManifestItem, manifest);
    });
    await table.load(writes);
  }
  const every = Array.from({ length: to }, (_, shard) => shard);
  await table.load(toPages(scope, to, states, every).map((page) => put(PageItem, page)));
  return states;
}

/** Removes the manifests and pages of a cut that no longer counts. */
async function dropCut(context: Context, scope: ScopeId, shardCount: number): Promise<void> {
  const shards = Array.from({ length: shardCount }, (_, shard) => ({ ...scope, shardCount, shard }));
  const pages = Array.from({ length: Math.ceil(shardCount / PAGE_SHARDS) }, (_, page) => ({
    ...scope,
    shardCount,
    page,
  }));
  await context.table.load([
    ...shards.map((key): BulkWrite => ({ op: "remove", entity: ManifestItem, key })),
    ...pages.map((key): BulkWrite => ({ op: "remove", entity: PageItem, key })),
  ]);
}

/**
 * Cuts a scope that has grown or shrunk anew, for the run that opens it. The run takes the scope first, so that no older run
 * still writes manifests of the old cut; it switches the scope when those of the new cut are written. No resource is
 * written, so the scope's digest in the ledger stays true until the run's own opening blanks it. Throws ConflictError.
 */
export async function cutAnew(
  context: Context,
  opener: Opener,
  known: Known & { readonly scope: Stored<ScopeItem> },
  incoming: Incoming,
  shardCount: number,
): Promise<Known> {
  const { table } = context;
  const { version, ...scope } = known.scope;
  const id = { source: scope.source, name: scope.name };
  const lease = toLease(opener, { ...incoming, shards: [] }, known);
  const taken: ScopeItem = { ...scope, generation: lease.generation, lease };
  await table.commit([replace(ScopeItem, taken, version)]);
  const held = await requireTaken(context, id, opener.run);
  const states = await writeCut(context, id, scope.shardCount, shardCount);
  const cut: ScopeItem = { ...taken, shardCount, lease: { ...lease, wanted: [], digests: new Uint8Array() } };
  await table.commit([replace(ScopeItem, cut, held.version)]);
  await dropCut(context, id, scope.shardCount);
  return { scope: await requireTaken(context, id, opener.run), states };
}

/** The scope as this run has just written it; another run in between is a conflict like any other. */
async function requireTaken(context: Context, id: ScopeId, run: string): Promise<Stored<ScopeItem>> {
  const scope = await context.table.get(ScopeItem, id, { consistent: true });
  if (scope?.lease?.run === run) return scope;
  throw new ConflictError([{ index: 0, reason: "version" }]);
}
