import { expect, test } from "vitest";
import { dayOfAll, lineThrough } from "./line.ts";

const points = (...shares: number[]) => shares.map((share, day) => ({ day, share }));

test("a line is made of three days at least", () => {
  expect(lineThrough(points(0.1, 0.2))).toBeUndefined();
});

test("what grows evenly has no error, and ends when it is all", () => {
  const line = lineThrough(points(0.1, 0.2, 0.3));
  expect(line?.slope).toBeCloseTo(0.1);
  expect(line?.error).toBeCloseTo(0);
  expect(line && dayOfAll(line, 0.1)).toBe(9);
});

test("what shrinks, stands still, or takes longer than a century does not end; what is full has", () => {
  const line = lineThrough(points(0.3, 0.2, 0.1));
  expect(line && dayOfAll(line, line.slope)).toBeUndefined();
  const still = lineThrough(points(0.5, 0.5, 0.5));
  expect(still && dayOfAll(still, still.slope)).toBeUndefined();
  expect(still && dayOfAll(still, 0.000_001)).toBeUndefined();
  const full = lineThrough(points(1, 1, 1));
  expect(full && dayOfAll(full, 0)).toBe(2);
});

test("days that are missing count as days, and the error is that of the textbook", () => {
  // Slope 0.6 and standard error √(0.4 / 2 / 5), of (1, 1), (2, 2), (3, 2), (4, 3).
  const line = lineThrough([1, 2, 2, 3].map((share, at) => ({ day: at + 1, share })));
  expect(line?.slope).toBeCloseTo(0.6);
  expect(line?.error).toBeCloseTo(Math.sqrt(0.2 / 2 / 5));
  const gap = lineThrough([
    { day: 0, share: 0 },
    { day: 10, share: 0.1 },
    { day: 20, share: 0.2 },
  ]);
  expect(gap?.slope).toBeCloseTo(0.01);
});
