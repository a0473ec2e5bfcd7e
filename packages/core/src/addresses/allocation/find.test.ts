import { commonIntervals, prefixInterval, remainingIntervals, toIntervals } from "@cadastre/net/interval";
import { addressCount, formatPrefix, overlaps, parsePrefix, prefixOf } from "@cadastre/net/prefix";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findBlocks, largestBlock, type Strategy } from "./find.ts";

const WHOLE = prefixInterval(parsePrefix("10.0.0.0/16"));
const freeBeside = (...taken: string[]) =>
  remainingIntervals([WHOLE], toIntervals(taken.map((text) => parsePrefix(text))));
const find = (strategy: Strategy, taken: string[], length = 24, count = 1) =>
  findBlocks(freeBeside(...taken), { length, count, strategy }, WHOLE).map(formatPrefix);

describe("a block is taken", () => {
  test.each<[Strategy, string[], string]>([
    ["first-fit", [], "10.0.0.0/24"],
    ["first-fit", ["10.0.0.0/25"], "10.0.1.0/24"],
    ["last-fit", [], "10.0.255.0/24"],
    ["last-fit", ["10.0.255.255/32"], "10.0.254.0/24"],
    ["best-fit", ["10.0.0.0/17", "10.0.129.0/24", "10.0.132.0/22"], "10.0.128.0/24"],
    ["spread", [], "10.0.0.0/24"],
    ["spread", ["10.0.0.0/24"], "10.0.128.0/24"],
    ["spread", ["10.0.0.0/24", "10.0.128.0/24"], "10.0.64.0/24"],
  ])("by %s beside %j at %s", (strategy, taken, expected) => expect(find(strategy, taken)).toEqual([expected]));

  test("as often as there is room", () => expect(find("first-fit", ["10.0.0.0/17"], 18, 5)).toHaveLength(2));
});

const aTaken = fc
  .tuple(fc.integer({ min: 0, max: 65535 }), fc.integer({ min: 17, max: 32 }))
  .map(([last, length]) => prefixOf({ family: 4, value: 0x0a000000n + BigInt(last) }, length));

test("blocks are free, do not overlap, and there is none when none is found", () => {
  const wishes = fc.record({
    length: fc.integer({ min: 16, max: 32 }),
    count: fc.integer({ min: 1, max: 20 }),
    strategy: fc.constantFrom<Strategy>("first-fit", "best-fit", "last-fit", "spread"),
  });
  fc.assert(
    fc.property(fc.array(aTaken, { maxLength: 30 }), wishes, (taken, wish) => {
      const free = remainingIntervals([WHOLE], toIntervals(taken));
      const found = findBlocks(free, wish, WHOLE);
      for (const [at, block] of found.entries()) {
        expect(commonIntervals(free, [prefixInterval(block)])).toEqual([prefixInterval(block)]);
        expect(found.slice(at + 1).filter((other) => overlaps(block, other))).toEqual([]);
      }
      const rest = largestBlock(remainingIntervals(free, toIntervals(found)));
      if (found.length < wish.count) expect(rest === undefined || rest.length > wish.length).toBe(true);
    }),
  );
});

test("the largest block is the first of the largest", () => {
  const largest = largestBlock(freeBeside("10.0.0.0/24", "10.0.64.0/18"));
  expect(largest && formatPrefix(largest)).toBe("10.0.128.0/17");
  expect(largest && addressCount(largest)).toBe(32768n);
  expect(largestBlock([])).toBeUndefined();
});
