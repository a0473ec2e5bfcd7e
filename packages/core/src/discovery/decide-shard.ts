import { packEntries, shardDigest, unpackEntries } from "@cadastre/contract/digest";
import type { ManifestItem } from "./items.ts";
import type { Seen } from "./parse-resources.ts";
import { packHashes, unpackHashes } from "./shards.ts";

/** A shard beside what is known of it. */
interface ShardChanges {
  readonly differing: ReadonlyMap<string, Seen>;
  readonly entries: Uint8Array;
  readonly missing: readonly string[];
}

/**
 * What of a shard differs from its manifest, and what it no longer has. What the very run wrote before it was interrupted is
 * looked at again, since it counts as its own.
 */
export function decideShard(manifest: ManifestItem | undefined, seen: readonly Seen[], run: string): ShardChanges {
  const known = new Map(manifest ? unpackEntries(manifest.entries).map((entry) => [entry.idHash, entry]) : []);
  // What was missing may have been retired by a run that died before it could write the manifest: it is looked at again.
  const doubtful = new Set(manifest ? unpackHashes(manifest.missing) : []);
  const isKnown = (one: Seen) =>
    manifest?.run !== run && known.get(one.idHash)?.contentHash === one.contentHash && !doubtful.has(one.idHash);
  const present = new Set(seen.map((one) => one.idHash));
  const missing = [...known.values()].filter((entry) => !present.has(entry.idHash));
  return {
    differing: new Map(seen.filter((one) => !isKnown(one)).map((one) => [one.idHash, one])),
    entries: packEntries([...seen, ...missing]),
    missing: missing.map((entry) => entry.idHash),
  };
}

/** Over so many bytes no shard has its digest. */
const UNFINISHED = Uint8Array.of(0);

/**
 * What is known of a shard once all that was seen is committed but what is `left`, and before it is known what is missing. Its
 * digest is that of no shard: should the run end there, whatever the next one announces is compared with it, and should it be
 * opened again, it is asked for the shard and tells all that it did.
 */
export function decideStep(
  manifest: ManifestItem | undefined,
  seen: readonly Seen[],
  left: ReadonlySet<string>,
): Pick<ManifestItem, "digest" | "entries" | "missing"> {
  const done = seen.filter(({ idHash }) => !left.has(idHash));
  const isDone = new Set(done.map(({ idHash }) => idHash));
  const known = (manifest ? unpackEntries(manifest.entries) : []).filter(({ idHash }) => !isDone.has(idHash));
  const missing = (manifest ? unpackHashes(manifest.missing) : []).filter((idHash) => !isDone.has(idHash));
  const entries = packEntries([...done, ...known]);
  return { digest: shardDigest(Buffer.concat([entries, UNFINISHED])), entries, missing: packHashes(missing) };
}
