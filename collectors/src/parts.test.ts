import { expect, test } from "vitest";
import { inParts } from "./parts.ts";

const accounts = (count: number) => Array.from({ length: count }, (_, n) => String(100_000_000_000 + n * 7919));
const parts = (of: readonly string[]) => inParts(of, (account) => account, 50);

test("few items are one part, and 500 accounts are parts that each fit a run", () => {
  expect(parts([])).toEqual([]);
  expect(parts(accounts(50))).toEqual([accounts(50)]);
  const split = parts(accounts(500));
  expect(split.length).toBe(16);
  expect(split.flat().sort()).toEqual(accounts(500));
  for (const part of split) expect(part.length * 35 * 5).toBeLessThanOrEqual(20_000);
});

test("an item stays in its part when others come and go", () => {
  const before = parts(accounts(500));
  const after = parts(accounts(540).filter((_, n) => n !== 7));
  for (const part of before) {
    const [first] = part.filter((account) => account !== accounts(540)[7]);
    const now = after.find((one) => one.includes(first as string));
    expect(now).toEqual(expect.arrayContaining(part.filter((account) => account !== accounts(540)[7])));
  }
});
