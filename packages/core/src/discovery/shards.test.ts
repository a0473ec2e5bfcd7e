import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PAGE_SHARDS } from "./items.ts";
import { EMPTY_DIGEST, packHashes, type ShardState, toPages, toStates, unpackHashes } from "./shards.ts";

const ID = { source: "s", name: "aws/1/us-east-1/instance" };
const digest = (n: number) => n.toString(16).padStart(32, "0");
const SHARDS = 4 * PAGE_SHARDS;

describe("the pages of a scope's shards", () => {
  it("bring back what each shard is, and that those between are empty", () => {
    const aState = fc.record({
      digest: fc.integer({ min: 1, max: 2 ** 30 }).map(digest),
      missing: fc.nat({ max: 4000 }),
    });
    const states = fc.dictionary(fc.nat({ max: SHARDS - 1 }).map(String), aState, { maxKeys: 8 });
    fc.assert(
      fc.property(states, (some) => {
        const known = new Map<number, ShardState>(Object.entries(some).map(([shard, state]) => [Number(shard), state]));
        const read = toStates(toPages(ID, SHARDS, known, known.keys()), SHARDS);
        for (const [shard, state] of known) expect(read.get(shard)).toEqual(state);
        for (const [shard, state] of read)
          if (!known.has(shard)) expect(state).toEqual({ digest: EMPTY_DIGEST, missing: 0 });
      }),
    );
  });

  it("are those that have the given shards, each once and whole", () => {
    const states = new Map([[PAGE_SHARDS + 1, { digest: digest(7), missing: 3 }]]);
    const pages = toPages(ID, SHARDS, states, [PAGE_SHARDS + 1, PAGE_SHARDS + 2, 0]);
    expect(new Set(pages.map(({ page }) => page))).toEqual(new Set([0, 1]));
    expect(pages).toHaveLength(2);
    for (const page of pages) {
      expect(page).toMatchObject({ ...ID, shardCount: SHARDS });
      expect(page.missing).toHaveLength(PAGE_SHARDS);
      expect(page.digests.byteLength).toBe(16 * PAGE_SHARDS);
    }
    expect(pages.find(({ page }) => page === 1)?.missing[1]).toBe(3);
  });

  it("of a scope of few shards has no more than these", () => {
    const [page] = toPages(ID, 2, new Map([[1, { digest: digest(7), missing: 3 }]]), [1]);
    expect(page?.missing).toEqual([0, 3]);
    expect([...toStates(page ? [page] : [], 2).keys()]).toEqual([0, 1]);
  });

  it("of another cut say nothing", () => {
    const pages = toPages(ID, 2, new Map([[1, { digest: digest(7), missing: 3 }]]), [1]);
    expect(toStates(pages, 4).size).toBe(0);
  });
});

it("hashes are packed in their order, and come back whole", () => {
  const hashes = [digest(3), digest(1), digest(2)];
  expect(packHashes(hashes).byteLength).toBe(48);
  expect(unpackHashes(packHashes(hashes))).toEqual([digest(1), digest(2), digest(3)]);
  expect(unpackHashes(new Uint8Array())).toEqual([]);
});
