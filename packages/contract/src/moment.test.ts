import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tryParseMoment } from "./moment.ts";

/** A Monday. */
const now = new Date("2026-11-30T08:41:58.123Z");
const read = (text: string, zoneOffsetMinutes?: (at: Date) => number) =>
  tryParseMoment(text, { now, ...(zoneOffsetMinutes ? { zoneOffsetMinutes } : {}) })?.toISOString();

describe("a moment", () => {
  it.each([
    ["now", "2026-11-30T08:41:58.123Z"],
    ["today", "2026-11-30T00:00:00.000Z"],
    ["yesterday", "2026-11-29T00:00:00.000Z"],
    ["friday", "2026-11-27T00:00:00.000Z"],
    ["Fri", "2026-11-27T00:00:00.000Z"],
    ["monday", "2026-11-30T00:00:00.000Z"],
    ["tuesday", "2026-11-24T00:00:00.000Z"],
    ["24h", "2026-11-29T08:41:58.123Z"],
    ["90m", "2026-11-30T07:11:58.123Z"],
    ["2w", "2026-11-16T08:41:58.123Z"],
    ["2026-11-01", "2026-11-01T00:00:00.000Z"],
    ["2026-11-01T10:00Z", "2026-11-01T10:00:00.000Z"],
    ["2026-11-01T10:00:00+02:00", "2026-11-01T08:00:00.000Z"],
  ])("said as %s is %s", (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each([
    "",
    "soon",
    "fr",
    "5",
    "5 days",
    "-5d",
    "1e3h",
    "2026-02-30",
    "2026-13-01",
    "2026-11-01T25:00:00Z",
    "2026-11-01T10:00:00",
    "20261101",
  ])("is not said as %j", (text) => {
    expect(read(text)).toBeUndefined();
  });

  it("begins its days in the reader's zone", () => {
    const inBerlin = () => -60;
    expect(read("today", inBerlin)).toBe("2026-11-29T23:00:00.000Z");
    expect(read("2026-11-01", inBerlin)).toBe("2026-10-31T23:00:00.000Z");
    const late = new Date("2026-11-30T23:30:00Z");
    expect(tryParseMoment("friday", { now: late, zoneOffsetMinutes: inBerlin })?.toISOString()).toBe(
      "2026-11-26T23:00:00.000Z",
    );
  });

  it("that is an ISO time is that time", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("1970-01-01"), max: new Date("2100-01-01"), noInvalidDate: true }),
        (date) => {
          expect(read(date.toISOString())).toBe(date.toISOString());
        },
      ),
    );
  });
});
