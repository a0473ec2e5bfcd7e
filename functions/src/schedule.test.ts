import { expect, it } from "vitest";
import { isSchedule, longestInterval } from "./schedule.ts";

const now = new Date("2026-11-20T12:07:00Z");

it.each([
  ["*/15 * * * *", 900],
  ["7 * * * *", 3600],
  ["0 8-18 * * *", 14 * 3600],
  ["0 8-18 * * 1-5", 62 * 3600],
  ["30 2 1 * *", 31 * 86_400],
  ["0 0 29 2 *", undefined],
])("the longest time between two runs by %s is %s seconds", (schedule, seconds) => {
  expect(isSchedule(schedule)).toBe(true);
  expect(longestInterval(schedule, now)).toBe(seconds);
});

it.each(["every 15 minutes", "* * * *", "0 0 31 2 *", "61 * * * *", ""])("%j is no schedule", (text) => {
  expect(isSchedule(text)).toBe(false);
});
