import { packEntries, shardDigest, unpackEntries } from "@cadastre/contract/digest";
import type { ScopeKey } from "@cadastre/contract/scope";
import { replace, type Write } from "@cadastre/store/table";
import { type Actor, actorName, type Context } from "../context.ts";
import { inGroups, inParallel } from "../in-parallel.ts";
import { applyChanges, type ChangeCounts } from "../register/apply.ts";
import { decideAbsence } from "../register/decide.ts";
import { ResourceItem } from "../register/items.ts";
import { ManifestItem } from "./items.ts";
import { retiredBy } from "./manifests.ts";
import { packHashes, type ScopeId, type ShardStates, unpackHashes } from "./shards.ts";

const SAMPLE = 20;
const MANIFESTS_AT_ONCE = 100;

export interface Absence {
  readonly scope: ScopeKey;
  readonly run: string;
  readonly actor: Actor;
  readonly at: string;
  /** Under which the run has the scope open: the manifests keep for it how many it has retired. An approval tells no number. */
  readonly generation?: number;
}

/** A scope as it is cut. */
export interface CutScope extends ScopeId {
  readonly shardCount: number;
}

interface MissingIds {
  readonly idHashes: readonly string[];
  /** Over the ids of all that is missing, so that a decision holds for exactly these. */
  readonly fingerprint: string;
}

/** What shards are missing, by their manifests, and what each of them is. */
export interface Missing extends MissingIds {
  readonly of: readonly ({ readonly shard: number } & MissingIds)[];
}

const fingerprintOf = (idHashes: readonly string[]): string => shardDigest(packHashes(idHashes));

/**
 * Retires what is missing, and nothing else that a shard may be missing by now: a shard at a time, its resources first, its
 * manifest last. Every commit carries the guard. Interrupted and done again, it goes on where it stopped. Answers how many
 * resources were retired beyond those that the manifests tell of already. Throws GuardError when the guard does not hold, ConflictError when the shard is written to meanwhile.
 */
export async function retireMissing(
  context: Context,
  { source, name, shardCount }: CutScope,
  missing: Missing,
  absence: Absence,
  guard: readonly Write[],
): Promise<number> {
  const { generation } = absence;
  const meant = new Set(missing.idHashes);
  let retired = 0;
  for (const { shard } of missing.of) {
    const key = { source, name, shardCount, shard };
    const manifest = await context.table.get(ManifestItem, key, { consistent: true });
    if (!manifest || manifest.missing.byteLength === 0) continue;
    const all = unpackHashes(manifest.missing);
    const gone = new Set(all.filter((hash) => meant.has(hash)));
    const { version, ...item } = manifest;
    const next: ManifestItem = {
      ...item,
      entries: packEntries(unpackEntries(manifest.entries).filter((entry) => !gone.has(entry.idHash))),
      missing: packHashes(all.filter((hash) => !gone.has(hash))),
    };
    // Those that were retired before this was interrupted are counted, too.
    const before = new Set<string>();
    const retiredOf = (counts: ChangeCounts) => counts.retired + before.size;
    const counts = await applyChanges(context, {
      actor: absence.actor,
      idHashes: [...gone],
      guard,
      source,
      decide: (hash, stored, ended) => {
        const change = decideAbsence(stored, { ...absence, actor: actorName(absence.actor), source }, ended);
        const { lastChange } = stored ?? {};
        const isOwn = lastChange?.run === absence.run && lastChange.scope === name;
        if (!change && isOwn && lastChange.type === "retired") before.add(hash);
        return change;
      },
      finish: (counts) => {
        const count = retiredBy(generation, manifest) + retiredOf(counts);
        const told = generation === undefined ? {} : { retired: { generation, count } };
        return { writes: [replace(ManifestItem, { ...next, ...told }, version)] };
      },
    });
    retired += retiredOf(counts);
  }
  return retired;
}

/** What the shards are missing that are known to miss something, by their manifests. */
export function readMissing(context: Context, scope: CutScope, states: ShardStates): Promise<Missing> {
  const shards = [...states].flatMap(([shard, state]) => (state.missing > 0 ? [shard] : [])).sort((a, b) => a - b);
  return readMissingOf(context, scope, shards);
}

/** What these shards are missing, by their manifests. */
export async function readMissingOf(
  context: Context,
  { source, name, shardCount }: CutScope,
  shards: readonly number[],
): Promise<Missing> {
  const groups = await inParallel(inGroups(shards, MANIFESTS_AT_ONCE), 1, async (group) => {
    const keys = group.map((shard) => ({ source, name, shardCount, shard }));
    const manifests = await context.table.getMany(ManifestItem, keys, { consistent: true });
    return group.map((shard, place) => {
      const manifest = manifests[place];
      const idHashes = manifest ? unpackHashes(manifest.missing) : [];
      return { shard, idHashes, fingerprint: fingerprintOf(idHashes) };
    });
  });
  const of = groups.flat();
  const idHashes = of.flatMap((one) => one.idHashes);
  return { of, idHashes, fingerprint: fingerprintOf(idHashes) };
}

/** A few of the missing resources, to show to an operator; also of those that were made a moment ago. */
export async function sampleOf(context: Context, missing: Missing): Promise<{ id: string; name: string }[]> {
  const resources = await context.table.getMany(
    ResourceItem,
    missing.idHashes.slice(0, SAMPLE).map((idHash) => ({ idHash })),
    { consistent: true },
  );
  return resources.flatMap((resource) => (resource ? [{ id: resource.id, name: resource.name }] : []));
}
