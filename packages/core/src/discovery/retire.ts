import { packEntries, shardDigest, unpackEntries } from "@cadastre/contract/digest";
import type { ScopeKey } from "@cadastre/contract/scope";
import { replace, type Write } from "@cadastre/store/table";
import { type Actor, actorName, type Context } from "../context.ts";
import { applyChanges } from "../register/apply.ts";
import { decideAbsence } from "../register/decide.ts";
import { ResourceItem } from "../register/items.ts";
import { ManifestItem } from "./items.ts";
import { packHashes, type ScopeId, type ShardState, unpackHashes } from "./shards.ts";

const SAMPLE = 20;

export interface Absence {
  readonly scope: ScopeKey;
  readonly run: string;
  readonly actor: Actor;
  readonly at: string;
}

/**
 * Retires what the given shards are missing, a shard at a time: its resources first, its manifest last. Every commit carries
 * the guard. With `only`, what else is missing by now stays missing. Interrupted and done again, it goes on where it stopped.
 * Answers how many resources were retired.
 */
export async function retireMissing(
  context: Context,
  id: ScopeId,
  shardCount: number,
  shards: readonly number[],
  absence: Absence,
  guard: readonly Write[],
  only?: ReadonlySet<string>,
): Promise<number> {
  let retired = 0;
  for (const shard of shards) {
    const manifest = await context.table.get(ManifestItem, { ...id, shardCount, shard }, { consistent: true });
    if (!manifest || manifest.missing.byteLength === 0) continue;
    const all = unpackHashes(manifest.missing);
    const missing = all.filter((hash) => only?.has(hash) ?? true);
    const gone = new Set(missing);
    const { version, ...item } = manifest;
    const next: ManifestItem = {
      ...item,
      entries: packEntries(unpackEntries(manifest.entries).filter((entry) => !gone.has(entry.idHash))),
      missing: packHashes(all.filter((hash) => !gone.has(hash))),
    };
    const before = new Set<string>();
    const counts = await applyChanges(context, {
      actor: absence.actor,
      idHashes: missing,
      guard,
      decide: (hash, stored) => {
        const change = decideAbsence(stored, { ...absence, actor: actorName(absence.actor), source: id.source });
        if (!change && stored?.lastChange.run === absence.run && stored.lastChange.type === "retired") before.add(hash);
        return change;
      },
      finish: () => ({ writes: [replace(ManifestItem, next, version)] }),
    });
    retired += counts.retired + before.size;
  }
  return retired;
}

export interface Missing {
  readonly shards: readonly number[];
  readonly idHashes: readonly string[];
  /** Over the ids of all that is missing, so that a decision holds for exactly these. */
  readonly fingerprint: string;
}

/** What the given shards are missing, by their manifests. */
export async function readMissing(
  context: Context,
  id: ScopeId,
  shardCount: number,
  states: ReadonlyMap<number, ShardState>,
): Promise<Missing> {
  const shards = [...states].filter(([, state]) => state.missing > 0).map(([shard]) => shard);
  shards.sort((a, b) => a - b);
  const idHashes: string[] = [];
  for (const shard of shards) {
    const manifest = await context.table.get(ManifestItem, { ...id, shardCount, shard }, { consistent: true });
    if (manifest) idHashes.push(...unpackHashes(manifest.missing));
  }
  return { shards, idHashes, fingerprint: shardDigest(packHashes(idHashes)) };
}

/** A few of the missing resources, to show to an operator. */
export async function sampleOf(context: Context, missing: Missing): Promise<{ id: string; name: string }[]> {
  const resources = await context.table.getMany(
    ResourceItem,
    missing.idHashes.slice(0, SAMPLE).map((idHash) => ({ idHash })),
  );
  return resources.flatMap((resource) => (resource ? [{ id: resource.id, name: resource.name }] : []));
}
