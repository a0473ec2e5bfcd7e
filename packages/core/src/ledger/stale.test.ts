import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideInterval, decideStale } from "./stale.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const learn = (gaps: readonly number[]) => gaps.reduce<number | undefined>(decideInterval, undefined);

describe("a usual interval", () => {
  it("is that of a steady source, and lies between the shortest and the longest that was seen", () => {
    const gap = fc.integer({ min: MINUTE, max: 40 * 24 * HOUR });
    fc.assert(
      fc.property(fc.array(gap, { minLength: 1, maxLength: 50 }), (gaps) => {
        const known = learn(gaps) as number;
        const seen = gaps.map((one) => Math.max(one, 15 * MINUTE));
        expect(known).toBeGreaterThanOrEqual(Math.min(...seen) - 1);
        expect(known).toBeLessThanOrEqual(Math.max(...seen) + 1);
      }),
    );
    expect(learn(Array.from({ length: 9 }, () => HOUR))).toBe(HOUR);
    expect(learn([5 * MINUTE])).toBe(15 * MINUTE);
  });

  it("is not learnt from a run that is opened again", () => {
    expect(learn([MINUTE - 1])).toBeUndefined();
    expect(learn([MINUTE])).toBe(15 * MINUTE);
    expect(learn([HOUR, MINUTE - 1, 0, -HOUR])).toBe(HOUR);
  });

  it("outlives a few runs by hand, and is learnt anew when a schedule changes", () => {
    const daily = learn([24 * HOUR, 24 * HOUR, ...Array.from({ length: 5 }, () => 2 * MINUTE)]);
    expect(decideStale({ at: 0, interval: daily }, 25 * HOUR)).toBe(false);
    const seldomer = learn([15 * MINUTE, 24 * HOUR]);
    expect(decideStale({ at: 0, interval: seldomer }, 25 * HOUR)).toBe(false);
    const oftener = learn([24 * HOUR, ...Array.from({ length: 48 }, () => HOUR)]);
    expect(decideStale({ at: 0, interval: oftener }, 4 * HOUR)).toBe(true);
  });
});

describe("what is known", () => {
  it.each([
    [10_000, 5 * MINUTE],
    [2 * MINUTE, 6 * MINUTE],
    [15 * MINUTE, 45 * MINUTE],
    [24 * HOUR, 72 * HOUR],
  ])("of an announced interval of %i ms is stale after more than %i ms, whatever was learnt", (announced, limit) => {
    for (const interval of [undefined, HOUR]) {
      expect(decideStale({ at: 1000, interval, announced }, 1000 + limit)).toBe(false);
      expect(decideStale({ at: 1000, interval, announced }, 1001 + limit)).toBe(true);
    }
  });

  it.each([
    [undefined, 24 * HOUR],
    [15 * MINUTE, HOUR],
    [HOUR, 3 * HOUR],
    [24 * HOUR, 72 * HOUR],
  ])("of an interval of %s ms is stale after more than %i ms", (interval, limit) => {
    expect(decideStale({ at: 1000, interval }, 1000 + limit)).toBe(false);
    expect(decideStale({ at: 1000, interval }, 1001 + limit)).toBe(true);
  });
});
