import { describe, expect, it } from "vitest";
import { isInSpan, readAskedTime, TimeRefused } from "./asked-time.ts";

const NOW = new Date("2026-11-30T12:00:00Z");
const iso = (time: number | undefined) => (time === undefined ? undefined : new Date(time).toISOString());
const of = (text: string, ahead = true) => {
  const { from, before } = readAskedTime(text, { now: NOW, ahead });
  return [iso(from), iso(before)];
};
const day = (text: string) => `${text}T00:00:00.000Z`;

describe("a time that is asked for", () => {
  it.each<[string, string, string]>([
    ["2026", day("2026-01-01"), day("2027-01-01")],
    ["2026-01", day("2026-01-01"), day("2026-02-01")],
    ["2026-12", day("2026-12-01"), day("2027-01-01")],
    ["2026-12-31", day("2026-12-31"), day("2027-01-01")],
    ["=2026-12-31", day("2026-12-31"), day("2027-01-01")],
    ["today", day("2026-11-30"), day("2026-12-01")],
    ["Tomorrow", day("2026-12-01"), day("2026-12-02")],
    ["now", "2026-11-30T12:00:00.000Z", "2026-11-30T12:00:00.001Z"],
    ["2026-12-31T08:00:00Z", "2026-12-31T08:00:00.000Z", "2026-12-31T08:00:00.001Z"],
    ["+30d", "2026-12-30T12:00:00.000Z", "2026-12-30T12:00:00.001Z"],
    ["-1h", "2026-11-30T11:00:00.000Z", "2026-11-30T11:00:00.001Z"],
    ["+30 days", "2026-12-30T12:00:00.000Z", "2026-12-30T12:00:00.001Z"],
  ])("is as long as what it names: %s", (text, from, before) => {
    expect(of(text)).toEqual([from, before]);
    expect(of(text, false)).toEqual([from, before]);
  });

  it.each<[string, string | undefined, string | undefined]>([
    ["<2026-12-31", undefined, day("2026-12-31")],
    ["<=2026-12-31", undefined, day("2027-01-01")],
    [">2026-12-31", day("2027-01-01"), undefined],
    [">=2026-12-31", day("2026-12-31"), undefined],
    ["<60d", undefined, "2027-01-29T12:00:00.000Z"],
    ["<=60d", undefined, "2027-01-29T12:00:00.000Z"],
    [">60d", "2027-01-29T12:00:00.000Z", undefined],
    ["<30s", undefined, "2026-11-30T12:00:30.000Z"],
    ["<5m", undefined, "2026-11-30T12:05:00.000Z"],
    ["<2h", undefined, "2026-11-30T14:00:00.000Z"],
    ["<1w", undefined, "2026-12-07T12:00:00.000Z"],
    ["<1y", undefined, "2027-11-30T12:00:00.000Z"],
    ["<2 weeks", undefined, "2026-12-14T12:00:00.000Z"],
    ["<1 hour", undefined, "2026-11-30T13:00:00.000Z"],
    ["<2 years", undefined, "2028-11-29T12:00:00.000Z"],
    ["<1 day", undefined, "2026-12-01T12:00:00.000Z"],
    ["<60D", undefined, "2027-01-29T12:00:00.000Z"],
    ["<-7d", undefined, "2026-11-23T12:00:00.000Z"],
    [">+7d", "2026-12-07T12:00:00.001Z", undefined],
  ])("is compared with, where it lies ahead: %s", (text, from, before) => {
    expect(of(text)).toEqual([from, before]);
  });

  it("lies ahead however far that is", () => {
    const { from, before } = readAskedTime("<999999d", { now: NOW, ahead: true });
    expect([from, before]).toEqual([undefined, NOW.getTime() + 999_999 * 86_400_000]);
  });

  it("that is behind is compared by its age: what is less than 7 days old is after that day", () => {
    expect(of("<7d", false)).toEqual(["2026-11-23T12:00:00.000Z", undefined]);
    expect(of("<=7d", false)).toEqual(["2026-11-23T12:00:00.000Z", undefined]);
    expect(of(">7d", false)).toEqual([undefined, "2026-11-23T12:00:00.000Z"]);
    expect(of("<2026-11-20", false)).toEqual([undefined, day("2026-11-20")]);
    expect(of("<-7d", false)).toEqual([undefined, "2026-11-23T12:00:00.000Z"]);
  });

  it("is a range with both ends in it, in the order of time, open where an end is left out", () => {
    expect(of("2026-12-01..2026-12-31")).toEqual([day("2026-12-01"), day("2027-01-01")]);
    expect(of("2026-12-01..2026-12-01")).toEqual([day("2026-12-01"), day("2026-12-02")]);
    for (const open of ["", "*"]) {
      expect(of(`2026-12-01..${open}`)).toEqual([day("2026-12-01"), undefined]);
      expect(of(`${open}..2026-12-31`)).toEqual([undefined, day("2027-01-01")]);
    }
    expect(of("30d..60d")).toEqual(["2026-12-30T12:00:00.000Z", "2027-01-29T12:00:00.000Z"]);
    expect(of("1d..7d", false)).toEqual(["2026-11-23T12:00:00.000Z", "2026-11-29T12:00:00.000Z"]);
    expect(of("2026-11-01..1d", false)).toEqual([day("2026-11-01"), "2026-11-29T12:00:00.000Z"]);
    expect(of("7d..", false)).toEqual(["2026-11-23T12:00:00.000Z", undefined]);
  });
});

describe("what is no time is refused with what was meant", () => {
  it.each<[string, string]>([
    ["60d", "write <60d for what is less than that away, or >60d"],
    ["=60d", "write <60d"],
    ["<2026-01-01..2026-02-01", "a range has no comparison before it; write from..to"],
    ["=2026..2027", "a range has no comparison before it"],
    ["..", "a range has at least one end"],
    ["*..*", "a range has at least one end"],
    ["..*", "a range has at least one end"],
    ["2026-12-31..2026-12-01", "the range ends before it begins"],
    ["60d..30d", "the range ends before it begins"],
    ["31.12.2026", "write 2026-12-31; "],
    ["1.2.2026", "write 2026-02-01; "],
    ["2026/12/31", "write 2026-12-31; "],
    ["20261231", "write 2026-12-31; "],
    ["2026.12.31", "write 2026-12-31; "],
    ["2026_12_31", "write 2026-12-31; "],
    ["12/31/2026", "a day is written year-month-day, such as 2026-12-31"],
    ["31-12-26", "a day is written year-month-day"],
    ["60", "a number has a unit: 60d for days"],
    ["12345", "a number has a unit: 12345d for days"],
    ["in", "what lies before is <60d"],
    ["Until", "what lies before is <60d"],
    ["since", "what came later is >2026-11-20"],
    ["past", "what came later is"],
    ["last-week", "write <7d, or a month"],
    ["next_day", "write <1d, or a month"],
    ["thismonth", "write <30d, or a month"],
    ["past-year", "write <1y, or a month"],
    ["soon", "write <30d; "],
    ["expiring", "write <30d"],
    ["<soon", "write <30d"],
  ])("%s", (text, meant) => {
    expect(() => of(text)).toThrow(TimeRefused);
    expect(() => of(text)).toThrow(meant);
  });

  it.each([
    "",
    "<",
    "whatever",
    "2026-13",
    "2026-00",
    "2026-02-30",
    "123456",
    "x31.12.2026",
    "60dd",
    "9999999d",
    "soonish",
    "31.12.20261",
    "120261231",
    "202612311",
    "112/31/2026",
    "12/31/20261",
    "x60",
    "60x",
    "begin",
    "thesince",
    "notlast-week",
    "last-weekend",
    "monsoon",
  ])("or with the forms that there are: %s", (text) => {
    const forms = /^a .*; a month such as 2026-12, a year, now, tomorrow, \+30d, and with < > <= >= before it/;
    let message = "";
    try {
      of(text);
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toMatch(forms);
  });
});

describe("a time", () => {
  it("is in a stretch from its first moment on, and before its end", () => {
    const span = { from: Date.parse(day("2026-12-01")), before: Date.parse(day("2026-12-02")) };
    const isIn = (at: string) => isInSpan(at, span);
    expect([isIn(day("2026-12-01")), isIn("2026-12-01T23:59:59.999Z")]).toEqual([true, true]);
    expect([isIn("2026-11-30T23:59:59.999Z"), isIn(day("2026-12-02"))]).toEqual([false, false]);
    expect(isInSpan(day("2026-12-01"), {})).toBe(true);
    expect(isInSpan(day("2026-12-01"), { before: span.from })).toBe(false);
    expect(isInSpan(day("2026-12-01"), { from: span.before })).toBe(false);
  });
});
