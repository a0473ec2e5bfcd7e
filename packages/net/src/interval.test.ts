import { describe, expect, test } from "vitest";
import { type Interval, remainingIntervals } from "./interval.ts";

const four = (first: bigint, last: bigint): Interval => ({ family: 4, first, last });
const six = (first: bigint, last: bigint): Interval => ({ family: 6, first, last });

describe("what remains of intervals", () => {
  test("is never an empty interval, wherever the taken ones begin and end", () => {
    expect(remainingIntervals([four(10n, 20n)], [four(10n, 20n)])).toEqual([]);
    expect(remainingIntervals([four(10n, 20n)], [four(0n, 30n)])).toEqual([]);
    expect(remainingIntervals([four(10n, 20n)], [four(10n, 12n)])).toEqual([four(13n, 20n)]);
    expect(remainingIntervals([four(10n, 20n)], [four(18n, 20n)])).toEqual([four(10n, 17n)]);
    expect(remainingIntervals([four(10n, 20n)], [four(0n, 9n), four(21n, 30n)])).toEqual([four(10n, 20n)]);
  });

  test("is found for each of several, also when one taken interval reaches over more of them, in both families", () => {
    const from = [four(0n, 5n), four(10n, 15n), six(0n, 5n)];
    const taken = [four(4n, 11n), four(13n, 13n), six(0n, 1n), six(5n, 9n)];
    expect(remainingIntervals(from, taken)).toEqual([four(0n, 3n), four(12n, 12n), four(14n, 15n), six(2n, 4n)]);
    expect(remainingIntervals(from, [])).toEqual(from);
    expect(remainingIntervals([], taken)).toEqual([]);
  });
});
