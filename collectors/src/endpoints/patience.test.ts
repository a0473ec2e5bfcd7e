import { beforeEach, expect, test } from "vitest";
import { afterPatiently } from "./patience.ts";
import { aManualClock, type ManualClock } from "./testing/clock.ts";

let clock: ManualClock;
let ended: number[];
beforeEach(() => {
  clock = aManualClock();
  ended = [];
});

const wait = (milliseconds: number) => afterPatiently(milliseconds, () => ended.push(clock.now()), clock);

test("a process that is awake waits as long as it is told to", () => {
  wait(1_050);
  clock.advance(1_049);
  expect(ended).toEqual([]);
  clock.advance(1);
  expect(ended).toEqual([1_050]);
  expect(clock.waiting).toBe(0);
});

test("time in which the process was not awake does not count", () => {
  wait(1_000);
  clock.advance(450);
  clock.pause(2_000);
  expect(ended).toEqual([]);
  clock.advance(449);
  expect(ended).toEqual([]);
  clock.advance(51);
  expect(ended).toHaveLength(1);
});

test("a pause at the very end leaves one more turn, in which what has arrived is read", () => {
  wait(1_000);
  clock.advance(950);
  clock.pause(500);
  expect(ended).toEqual([]);
  clock.advance(1);
  expect(ended).toHaveLength(1);
});

test("four times the time is the end, however busy the machine", () => {
  wait(1_000);
  for (let pauses = 0; pauses < 7; pauses += 1) clock.pause(500);
  expect(ended).toEqual([]);
  clock.pause(500);
  expect(ended).toEqual([4_000]);
});

test("what was called off is not done", () => {
  const callOff = wait(1_000);
  clock.advance(500);
  callOff();
  clock.advance(10_000);
  expect(ended).toEqual([]);
  expect(clock.waiting).toBe(0);
});
