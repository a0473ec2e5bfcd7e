import { type Entry, HASH_BYTES, packEntries, shardDigest, unpackEntries } from "@cadastre/contract/digest";
import { describe, expect, it } from "vitest";
import { decideShard as decideShardOf, decideStep } from "./decide-shard.ts";
import type { ManifestItem } from "./items.ts";
import type { Seen } from "./parse-resources.ts";
import { packHashes } from "./shards.ts";

const hashOf = (n: number) => String(n).repeat(2 * HASH_BYTES);
const entry = (id: number, content = 1): Entry => ({ idHash: hashOf(id), contentHash: hashOf(content) });
const seen = (id: number, content = 1): Seen => ({
  ...entry(id, content),
  resource: { id: String(id), name: "", tags: {}, attributes: {} },
});
const manifest = (entries: readonly Entry[], missing: readonly number[] = []): ManifestItem => ({
  source: "s",
  name: "aws/111122223333/us-east-1/instance",
  shardCount: 1,
  shard: 0,
  run: "run_1",
  digest: hashOf(0),
  entries: packEntries(entries),
  missing: packHashes(missing.map(hashOf)),
  created: 0,
  updated: 0,
  unchanged: 0,
});
const decideShard = (known: ManifestItem | undefined, of: readonly Seen[]) => decideShardOf(known, of, "run_2");
const idsOf = (differing: ReadonlyMap<string, Seen>) => [...differing.keys()];

describe("a shard beside what is known of it", () => {
  it("differs whole when nothing is known", () => {
    const { differing, missing, entries } = decideShard(undefined, [seen(2), seen(1)]);
    expect(idsOf(differing).sort()).toEqual([hashOf(1), hashOf(2)]);
    expect(missing).toEqual([]);
    expect(unpackEntries(entries)).toEqual([entry(1), entry(2)]);
  });

  it("differs in what is new and in what has another content, and not in what is as it was", () => {
    const { differing, missing } = decideShard(manifest([entry(1), entry(2)]), [seen(1), seen(2, 5), seen(3)]);
    expect([...differing]).toEqual([
      [hashOf(2), seen(2, 5)],
      [hashOf(3), seen(3)],
    ]);
    expect(missing).toEqual([]);
  });

  it("keeps what it no longer has, with the content that it had, among its entries until that is retired", () => {
    const { differing, missing, entries } = decideShard(manifest([entry(1, 7), entry(2)]), [seen(2)]);
    expect(idsOf(differing)).toEqual([]);
    expect(missing).toEqual([hashOf(1)]);
    expect(unpackEntries(entries)).toEqual([entry(1, 7), entry(2)]);
  });

  it("looks again at what was missing and is back: it may have been retired meanwhile", () => {
    const { differing, missing } = decideShard(manifest([entry(1), entry(2)], [1]), [seen(1), seen(2)]);
    expect(idsOf(differing)).toEqual([hashOf(1)]);
    expect(missing).toEqual([]);
  });

  it("that is empty misses all that is known", () => {
    expect(decideShard(manifest([entry(1), entry(2)], [1]), []).missing).toEqual([hashOf(1), hashOf(2)]);
  });

  it("is looked at whole by the run that wrote the manifest: what it did before it was interrupted counts as its own", () => {
    const { differing } = decideShardOf(manifest([entry(1), entry(2)]), [seen(1), seen(2)], "run_1");
    expect(idsOf(differing)).toEqual([hashOf(1), hashOf(2)]);
  });
});

describe("a shard of which some is left", () => {
  const step = (known: ManifestItem | undefined, of: readonly Seen[], left: readonly number[]) => {
    const { entries, missing, digest } = decideStep(known, of, new Set(left.map(hashOf)));
    return { entries: unpackEntries(entries), missing: Buffer.from(missing).toString("hex"), digest };
  };

  it("has what is committed as it was seen, and what is left as it was known", () => {
    const { entries } = step(manifest([entry(1), entry(2)]), [seen(1, 5), seen(2, 6), seen(3), seen(4)], [2, 4]);
    expect(entries).toEqual([entry(1, 5), entry(2), entry(3)]);
  });

  it("misses what it missed before, but what came back with what is committed", () => {
    const known = manifest([entry(1), entry(2), entry(3), entry(4)], [1, 2]);
    const { entries, missing } = step(known, [seen(1), seen(2), seen(3, 5)], [2]);
    expect(entries).toEqual([entry(1), entry(2), entry(3, 5), entry(4)]);
    expect(missing).toBe(hashOf(2));
  });

  it("has the digest of no shard, also where all of it is known from before the run was interrupted", () => {
    const all = [seen(1), seen(2)];
    const { digest } = step(manifest(all), all, [2]);
    for (const some of [all, all.slice(0, 1), all.slice(1), []]) {
      expect(digest).not.toBe(shardDigest(packEntries(some)));
    }
  });
});
