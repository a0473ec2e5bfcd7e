import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noteSize, type Sizes, sizeAWeekBefore } from "./sizes.ts";

const HOUR = 3_600_000;
const START = Date.parse("2026-03-02T00:00:00.000Z");
const WEEK = 7 * 24 * HOUR;

const noted = (all: readonly (readonly [hours: number, known: number])[]): Sizes =>
  all.reduce<Sizes>((sizes, [hours, known]) => noteSize(sizes, START + hours * HOUR, known), []);

describe("sizes of a scope", () => {
  it("a week ago are what it had then, by steps of six hours; nothing of a scope that is younger", () => {
    const sizes = noted([
      [0, 10],
      [5, 12],
      [6, 20],
      [100, 5],
    ]);
    const at = (hours: number) => sizeAWeekBefore(sizes, START + hours * HOUR + WEEK);
    expect([-1, 0, 5, 6, 95, 96, 500].map(at)).toEqual([undefined, 12, 12, 20, 20, 5, 5]);
  });

  it("are noted only where they differ, and by a clock that goes back in the last step", () => {
    expect(
      noted([
        [0, 10],
        [12, 10],
        [48, 11],
        [30, 12],
        [48, 10],
      ]),
    ).toHaveLength(1);
  });

  it("are written over within the last of several steps", () => {
    const first = START / (6 * HOUR);
    const of = (...all: readonly (readonly [number, number])[]) => noted([[0, 10], [6, 20], [12, 30], ...all]);
    expect(of([13, 31])).toEqual([
      [first, 10],
      [first + 1, 20],
      [first + 2, 31],
    ]);
    expect(of([1, 31])).toEqual(of([13, 31]));
    expect(of([13, 20])).toEqual(of().slice(0, 2));
  });

  it("are those of a whole list, however often and long they are noted, and never more than a week has steps", () => {
    const some = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 4 })), {
      maxLength: 80,
      // Else no list has more than some ten.
      size: "max",
    });
    fc.assert(
      fc.property(some, (gaps) => {
        let [at, sizes] = [START, [] as Sizes];
        const whole: (readonly [number, number])[] = [];
        for (const [hours, known] of gaps) {
          at += hours * HOUR;
          sizes = noteSize(sizes, at, known);
          whole.push([Math.floor(at / (6 * HOUR)), known]);
          const limit = Math.floor(at / (6 * HOUR)) - 28;
          expect(sizeAWeekBefore(sizes, at)).toBe(whole.findLast(([step]) => step <= limit)?.[1]);
          expect(sizes.length).toBeLessThanOrEqual(29);
        }
      }),
    );
  });
});
