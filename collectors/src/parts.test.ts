import { MOST_SCOPES } from "@cadastre/contract/discovery";
import fc from "fast-check";
import { expect, test } from "vitest";
import { inParts } from "./parts.ts";

const accounts = (count: number) => Array.from({ length: count }, (_, n) => String(100_000_000_000 + n * 7919));
const parts = (of: readonly string[]) => inParts(of, (account) => account, 50);
/** For each account the others that it is reported with. */
const mates = (of: readonly string[]) => new Map(parts(of).flatMap((part) => part.map((one) => [one, part.join()])));

test("few items are one part, and 500 accounts in 17 regions are each in exactly one part that fits a run", () => {
  expect(parts([])).toEqual([]);
  expect(parts(accounts(50))).toEqual([accounts(50)]);
  const split = parts(accounts(500));
  expect(split.length).toBeLessThanOrEqual(20);
  expect(split.flat().sort()).toEqual(accounts(500));
  for (const part of split) expect(part.length * 17 * 5).toBeLessThanOrEqual(MOST_SCOPES);
});

test("however many there are, each is in exactly one part, none is too large, and the order does not matter", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 300 }), fc.integer({ min: 1, max: 20 }), (names, most) => {
      const split = inParts(names, (name) => name, most);
      expect(split.flat().sort()).toEqual(names.toSorted());
      for (const part of split) expect(part.length).toSatisfy((size: number) => size > 0 && size <= most);
      const reversed = inParts(names.toReversed(), (name) => name, most);
      expect(reversed.map((part) => part.toReversed())).toEqual(split);
    }),
  );
});

test("a new account changes one part, or halves it when it is full; one that goes changes its own, or joins the halves", () => {
  for (let count = 100; count < 600; count++) {
    const [before, after] = [mates(accounts(count)), mates(accounts(count + 1))];
    const moved = accounts(count).filter((account) => before.get(account) !== after.get(account));
    // All of them were together without the new one.
    expect(new Set(moved.map((account) => before.get(account))).size).toBeLessThanOrEqual(1);
    expect(moved.length).toBeLessThanOrEqual(50);
  }
});
