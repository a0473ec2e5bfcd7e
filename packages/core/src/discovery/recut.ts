import { type Entry, packEntries, shardOf, unpackEntries } from "@cadastre/contract/digest";
import { ConflictError } from "@cadastre/store/errors";
import { COMMIT_LIMIT, check, put, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { inGroups } from "../in-parallel.ts";
import { type Lease, ManifestItem, PageItem, ScopeItem } from "./items.ts";
import { type Incoming, type Known, type Opener, toLease } from "./lease.ts";
import {
  packHashes,
  pageCountOf,
  type ScopeId,
  type ShardState,
  toPages,
  unpackHashes,
  uploadedDigest,
} from "./shards.ts";

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
 * Writes in commits of several, each while the scope is at its version: who was paused while another opening cut the scope, too,
 * and is done with it, would else write over what counts by now. Throws ConflictError.
 */
async function commitGuarded(context: Context, { source, name, version }: Guard, writes: readonly Write[]) {
  const guard = check(ScopeItem, { source, name }, version);
  for (const group of inGroups(writes, COMMIT_LIMIT - 1)) await context.table.commit([guard, ...group]);
}

/** A scope as it was read. */
type Guard = ScopeId & { readonly version: number };

/**
 * Writes a scope's manifests and pages as they are when it is cut into `to` shards instead of `from`. Until the scope is
 * switched to the new count the old ones count, so a crash in between leaves nothing wrong. Reads and writes every manifest
 * of the scope. Answers the new states.
 */
async function writeCut(
  context: Context,
  scope: ScopeId,
  guard: Guard,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Map<number, ShardState>> {
  const { table } = context;
  const states = new Map<number, ShardState>();
  const merged = Math.max(1, from / to);
  const split = Math.max(1, to / from);
  for (let first = 0; first < from; first += merged) {
    const keys = Array.from({ length: merged }, (_, n) => ({ ...scope, shardCount: from, shard: first + n }));
    const old = (await table.getMany(ManifestItem, keys, { consistent: true })).filter((item) => item !== undefined);
    const entries = old.flatMap((item) => unpackEntries(item.entries));
    const missing = new Set(old.flatMap((item) => unpackHashes(item.missing)));
    const writes = Array.from({ length: split }, (_, n): Write => {
      const key = { ...scope, shardCount: to, shard: Math.floor((first * to) / from) + n };
      const manifest = toManifest(key, entries, missing);
      if (!manifest) return remove(ManifestItem, key);
      states.set(key.shard, { digest: manifest.digest, missing: unpackHashes(manifest.missing).length });
      return put(ManifestItem, manifest);
    });
    await commitGuarded(context, guard, writes);
  }
  const every = Array.from({ length: to }, (_, shard) => shard);
  const pages = toPages(scope, to, states, every);
  await commitGuarded(
    context,
    guard,
    pages.map((page) => put(PageItem, page)),
  );
  return states;
}

/** Removes the manifests and pages of a cut that no longer counts. */
async function dropCut(context: Context, scope: ScopeId, guard: Guard, shardCount: number): Promise<void> {
  const shards = Array.from({ length: shardCount }, (_, shard) => ({ ...scope, shardCount, shard }));
  const pages = Array.from({ length: pageCountOf(shardCount) }, (_, page) => ({
    ...scope,
    shardCount,
    page,
  }));
  await commitGuarded(context, guard, [
    ...shards.map((key) => remove(ManifestItem, key)),
    ...pages.map((key) => remove(PageItem, key)),
  ]);
}

/**
 * Cuts a scope that has grown or shrunk anew, for the run that opens it. The run takes the scope first, so that no older run
 * still writes manifests of the old cut; it switches the scope when those of the new cut are written. Each commit rests on the
 * scope as it was taken. No resource is
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
  const held = await requireTaken(context, id, lease, scope.shardCount);
  const states = await writeCut(context, id, held, { from: scope.shardCount, to: shardCount });
  const cut: ScopeItem = { ...taken, shardCount, lease: { ...lease, wanted: [], digests: new Uint8Array() } };
  await table.commit([replace(ScopeItem, cut, held.version)]);
  const switched = await requireTaken(context, id, lease, shardCount);
  await dropCut(context, id, switched, scope.shardCount);
  return { scope: switched, states };
}

/**
 * The scope as this run has just written it, cut as it then was. Another run in between is a conflict like any other. So is another
 * opening of this one that has switched the scope already, since the old manifests are gone by then, and one that has taken it
 * anew after others: what was read before them would be written over what they made.
 */
async function requireTaken(
  context: Context,
  id: ScopeId,
  { run, generation }: Lease,
  shardCount: number,
): Promise<Stored<ScopeItem>> {
  const scope = await context.table.get(ScopeItem, id, { consistent: true });
  const isOwn = scope?.lease?.run === run && scope.generation === generation;
  if (isOwn && scope.shardCount === shardCount) return scope;
  throw new ConflictError([{ index: 0, reason: "version" }]);
}
