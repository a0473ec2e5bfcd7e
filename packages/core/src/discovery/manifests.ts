import { HASH_BYTES } from "@cadastre/contract/digest";
import type { KeyOf } from "@cadastre/store/entity";
import { ConflictError } from "@cadastre/store/errors";
import { create, replace, type Stored, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { inGroups, inParallel } from "../in-parallel.ts";
import { type Lease, ManifestItem, PageItem, type ScopeItem } from "./items.ts";
import { EMPTY_DIGEST, pageCountOf, type ShardState, toStates } from "./shards.ts";

/** Manifests that are read at a time: each may have 300 KB. */
const MOST_MANIFESTS = 100;
const GROUPS_AT_ONCE = 4;
const SCOPES_AT_ONCE = 16;

/** The announced digest of the shard at this place of the lease's list. */
export function announcedDigest(lease: Lease, place: number): string {
  return Buffer.from(lease.digests)
    .subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES)
    .toString("hex");
}

/** What a manifest says of its shard; one that was never written is that of an empty shard. */
export function stateOf(manifest: ManifestItem | undefined): ShardState {
  return {
    digest: manifest?.digest ?? EMPTY_DIGEST,
    missing: (manifest?.missing.byteLength ?? 0) / HASH_BYTES,
  };
}

/** How many of its resources a run has retired so far: the one that has the scope open under this generation. */
export function retiredBy(generation: number | undefined, manifest: ManifestItem | undefined): number {
  return manifest?.retired?.generation === generation ? (manifest?.retired?.count ?? 0) : 0;
}

export interface LeasedShard<Scope> {
  readonly scope: Scope;
  readonly shard: number;
  /** What the run announced of it. */
  readonly announced: string;
  readonly manifest: ManifestItem | undefined;
}

/** Reads the manifests of all shards that scopes' leases name, strongly and some at a time; `take` gets each of them. */
export async function readManifests<Scope extends ScopeItem>(
  context: Context,
  scopes: readonly Scope[],
  take: (shard: LeasedShard<Scope>) => void,
): Promise<void> {
  const shards = scopes.flatMap((scope) => {
    const { lease } = scope;
    if (!lease) return [];
    return lease.wanted.map((shard, place) => ({ scope, shard, announced: announcedDigest(lease, place) }));
  });
  await inParallel(inGroups(shards, MOST_MANIFESTS), GROUPS_AT_ONCE, async (group) => {
    const keys = group.map(({ scope: { source, name, shardCount }, shard }) => ({ source, name, shardCount, shard }));
    const manifests = await context.table.getMany(ManifestItem, keys, { consistent: true });
    for (const [place, one] of group.entries()) take({ ...one, manifest: manifests[place] });
  });
}

/** All shard pages of a scope, of whatever cut. */
async function queryPages(context: Context, { source, name }: { source: string; name: string }): Promise<PageItem[]> {
  const pages: PageItem[] = [];
  let cursor: string | undefined;
  do {
    const query = { partition: `scope#${source}/${name}`, sort: { beginsWith: "page#" }, cursor, consistent: true };
    const page = await context.table.query(PageItem, query);
    pages.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return pages;
}

/** The states of scopes that have one shard, by its manifest. */
async function readSingleShards(
  { table }: Context,
  scopes: readonly ScopeItem[],
): Promise<Map<ScopeItem, Map<number, ShardState>>> {
  const keys = scopes.map(({ source, name, shardCount }) => ({ source, name, shardCount, shard: 0 }));
  const manifests = await table.getMany(ManifestItem, keys, { consistent: true });
  return new Map(scopes.map((scope, place) => [scope, new Map([[0, stateOf(manifests[place])]])]));
}

/** The states of scopes that have one page, by it. */
async function readSinglePages(
  { table }: Context,
  scopes: readonly ScopeItem[],
): Promise<Map<ScopeItem, Map<number, ShardState>>> {
  const keys = scopes.map(({ source, name, shardCount }) => ({ source, name, shardCount, page: 0 }));
  const pages = await table.getMany(PageItem, keys, { consistent: true });
  return new Map(scopes.map((scope, place) => [scope, toStates(pages[place] ? [pages[place]] : [], scope.shardCount)]));
}

/**
 * The known state of the scopes' shards by their pages, at the same places. Pages are written when a run completes: what a run
 * that has a lease has sent is in the manifests alone.
 */
export async function readStates(context: Context, scopes: readonly ScopeItem[]): Promise<Map<number, ShardState>[]> {
  const ofPages = Map.groupBy(scopes, ({ shardCount }) => pageCountOf(shardCount));
  const known = new Map([
    ...(await readSingleShards(context, ofPages.get(0) ?? [])),
    ...(await readSinglePages(context, ofPages.get(1) ?? [])),
  ]);
  return inParallel(scopes, SCOPES_AT_ONCE, async (scope) => {
    return known.get(scope) ?? toStates(await queryPages(context, scope), scope.shardCount);
  });
}

/**
 * Writes a shard's manifest, several times one after the other in commits of the caller's, each at the version of the one before.
 * Throws ConflictError when somebody else has written it in between.
 */
export function createManifestWrites(
  { table }: Context,
  key: KeyOf<typeof ManifestItem>,
  read: Stored<ManifestItem> | undefined,
) {
  let last = read;
  let written: ManifestItem | undefined;
  return async function toWrite(next: ManifestItem): Promise<Write> {
    if (written) {
      const now = await table.get(ManifestItem, key, { consistent: true });
      const isOwn = now?.run === written.run && now.digest === written.digest;
      // The commit of the one before may have been refused for another reason.
      if (!isOwn && now?.version !== last?.version) throw new ConflictError([{ index: 0, reason: "version" }]);
      last = now;
    }
    written = next;
    return last ? replace(ManifestItem, next, last.version) : create(ManifestItem, next);
  };
}
