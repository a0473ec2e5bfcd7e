import { packEntries, shardDigest, unpackEntries } from "@cadastre/contract/digest";
import { describe, expect, it } from "vitest";
import type { ManifestItem } from "./items.ts";
import type { Seen } from "./parse-resources.ts";
import { packHashes } from "./shards.ts";
import { decideShard } from "./upload.ts";

const hash = (n: number) => n.toString(16).padStart(32, "0");
const entry = (id: number, content = 1) => ({ idHash: hash(id), contentHash: hash(content) });
const seen = (id: number, content = 1) => entry(id, content) as unknown as Seen;

function aManifest(entries: readonly ReturnType<typeof entry>[], missing: readonly number[] = []): ManifestItem {
  const packed = packEntries(entries);
  return {
    source: "s",
    name: "aws/1/r/instance",
    shardCount: 1,
    shard: 0,
    digest: shardDigest(packed),
    entries: packed,
    missing: packHashes(missing.map(hash)),
    run: "run_1",
    created: 0,
    updated: 0,
    unchanged: 0,
  };
}

const differing = (manifest: ManifestItem | undefined, of: readonly Seen[]) => [
  ...decideShard(manifest, of).differing.keys(),
];

describe("a shard beside its manifest", () => {
  it("differs in all that it has when nothing is known", () => {
    expect(differing(undefined, [seen(1), seen(2)])).toEqual([hash(1), hash(2)]);
  });

  it("differs in what is new and in what has other content", () => {
    const manifest = aManifest([entry(1), entry(2)]);
    expect(differing(manifest, [seen(1), seen(2, 9), seen(3)])).toEqual([hash(2), hash(3)]);
  });

  it("differs in what was missing, whatever its content: it may have been retired meanwhile", () => {
    expect(differing(aManifest([entry(1), entry(2)], [2]), [seen(1), seen(2)])).toEqual([hash(2)]);
  });

  it("keeps what it no longer has, as missing, with the content that was known", () => {
    const { missing, entries } = decideShard(aManifest([entry(1, 5), entry(2)]), [seen(2)]);
    expect(missing).toEqual([hash(1)]);
    expect(unpackEntries(entries)).toEqual(expect.arrayContaining([entry(1, 5), entry(2)]));
  });
});
