import type { LookResult } from "@cadastre/collectors/session/look";
import { beforeEach, describe, expect, it } from "vitest";
import { createSchedule, type Schedule } from "./schedule.ts";

let seconds: number;
let schedule: Schedule;
beforeEach(() => {
  seconds = 1_000_000;
  schedule = createSchedule({
    names: ["clouds", "endpoints"],
    intervalSeconds: 900,
    now: () => seconds * 1000,
  });
});

const NOBODY: ReadonlySet<string> = new Set();

function run(collector: string, ...codes: readonly string[]) {
  const errors = codes.map((code) => ({ code, message: "" }));
  const result = { failures: [], scopes: [{ errors: [] }, { errors }] } as unknown as LookResult;
  return { collector, result };
}

describe("the local run", () => {
  it("begins with every collector, and then runs each at its interval", () => {
    expect(schedule.due(NOBODY)).toEqual(["clouds", "endpoints"]);
    seconds += 20;
    schedule.ended([run("clouds"), run("endpoints")]);
    expect(schedule.due(NOBODY)).toEqual([]);
    expect(schedule.untilNext()).toBe(900_000);
    seconds += 900;
    expect(schedule.untilNext()).toBe(0);
    expect(schedule.due(NOBODY)).toEqual(["clouds", "endpoints"]);
  });

  it("looks again within a minute at what may well be seen then, and not at the rest", () => {
    schedule.ended([run("clouds", "denied"), run("endpoints", "endpoints_unreachable")]);
    expect(schedule.untilNext()).toBeLessThanOrEqual(60_000);
    seconds += schedule.untilNext() / 1000;
    expect(schedule.due(NOBODY)).toEqual(["endpoints"]);
    schedule.ended([run("endpoints")]);
    expect(schedule.untilNext()).toBe(870_000);
  });

  it("waits twice as long after each further look in vain, up to the interval, and begins anew after a good one", () => {
    const waits = [];
    for (let look = 0; look < 7; look += 1) {
      schedule.ended([run("clouds"), run("endpoints", "network")]);
      waits.push(schedule.untilNext() / 1000);
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900]);
    schedule.ended([run("endpoints")]);
    schedule.ended([run("endpoints", "timeout")]);
    expect(schedule.untilNext()).toBe(30_000);
  });

  it("looks again after a collector that ended with an error of its own", () => {
    schedule.ended([run("clouds"), { collector: "endpoints", result: new Error("no disk") }]);
    expect(schedule.untilNext()).toBe(30_000);
  });

  it("runs whom it was asked for at once", () => {
    schedule.ended([run("clouds"), run("endpoints")]);
    expect(schedule.due(new Set(["clouds"]))).toEqual(["clouds"]);
  });
});
