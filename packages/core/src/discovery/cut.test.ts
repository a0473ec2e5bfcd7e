import { describe, expect, it } from "vitest";
import { decideCut, type StoredCut } from "./cut.ts";

const shards = (count: number) => Array.from({ length: count }, () => "");
const cut = (stored: StoredCut | undefined, count: number, status: "complete" | "partial" = "complete") =>
  decideCut(stored, { status, shards: shards(count) });
const of = (shardCount: number, mostMissing = 0): StoredCut => ({ shardCount, mostMissing });

describe("how a scope is cut", () => {
  it.each([
    ["that is new is as the collector has cut it", undefined, 8, { act: "compare", shardCount: 8 }],
    ["that is new and says nothing is one shard", undefined, 0, { act: "compare", shardCount: 1 }],
    ["that says nothing stays as it is", of(16), 0, { act: "compare", shardCount: 16 }],
    ["that is cut as before is compared", of(16), 16, { act: "compare", shardCount: 16 }],
    ["that has grown is cut at once", of(16), 32, { act: "recut", shardCount: 32 }],
    ["that has shrunk to half is not yet", of(16), 8, { act: "reshard", shardCount: 16 }],
    ["that has shrunk to a quarter is", of(16), 4, { act: "recut", shardCount: 4 }],
  ] as const)("one %s", (_, stored, count, expected) => {
    expect(cut(stored, count)).toEqual(expected);
  });

  it("shrinks only when all of it was seen", () => {
    expect(cut(of(16), 4, "partial")).toEqual({ act: "reshard", shardCount: 16 });
  });

  it("is cut finer before what is missing does not fit in an item, and not coarser until that is gone", () => {
    expect(cut(of(16, 4000), 16)).toEqual({ act: "compare", shardCount: 16 });
    expect(cut(of(16, 4001), 16)).toEqual({ act: "reshard", shardCount: 32 });
    expect(cut(of(4096, 4001), 4096)).toEqual({ act: "compare", shardCount: 4096 });
    expect(cut(of(16, 4001), 32)).toEqual({ act: "recut", shardCount: 32 });
    expect(cut(of(16, 4001), 8)).toEqual({ act: "reshard", shardCount: 16 });
    expect(cut(of(16, 4001), 0)).toEqual({ act: "compare", shardCount: 16 });
    expect(cut(of(16, 1000), 4)).toEqual({ act: "recut", shardCount: 4 });
    expect(cut(of(16, 1001), 4)).toEqual({ act: "reshard", shardCount: 16 });
  });
});
