import { describe, expect, it } from "vitest";
import { decideStepShards } from "./approve-hold.ts";

const shards = (...missing: number[]) => missing.map((one) => ({ missing: one }));

describe("a step of an approval", () => {
  it.each([
    [[500], 1],
    [[501], 1],
    [[4000, 1], 1],
    [[200, 300, 1], 2],
    [[200, 301], 1],
    [[1, 1, 1], 3],
    [[], 0],
  ])("of shards that are missing %j takes %i: at least one, and no more than have 500 together", (missing, count) => {
    expect(decideStepShards(shards(...missing))).toBe(count);
  });
});
