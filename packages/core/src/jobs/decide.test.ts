import { execFileSync } from "node:child_process";
import { ProblemError } from "@cadastre/contract/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JOBS } from "../jobs.ts";
import { decideRetry, decideStep, decideTake, decideTaken, MOST_ATTEMPTS, pauseSeconds, toJobError } from "./decide.ts";
import { decideDue } from "./decide-due.ts";
import type { JobRunItem } from "./items.ts";
import { lastTick, nextTick } from "./ticks.ts";

const SCHEDULES = ["* * * * *", "*/15 * * * *", "17 3 * * *", "0 0 * * 1", "30 2 1 * *"];
const at = (text: string) => new Date(text);
const MONTH_SECONDS = 31 * 86_400;

/** Starts and marks as the clock goes, by seconds forward and back. */
function follow(schedule: string, moves: readonly number[]): Date[] {
  let now = at("2026-03-28T12:00:30.000Z");
  let tick: string | undefined;
  const starts: Date[] = [];
  for (const seconds of [0, ...moves]) {
    now = new Date(now.getTime() + seconds * 1000);
    const due = decideDue(schedule, tick === undefined ? undefined : { tick }, now);
    if (!due) continue;
    const time = "start" in due ? due.start : due.mark;
    if ("start" in due) starts.push(time);
    tick = time.toISOString();
  }
  return starts;
}

describe("a schedule", () => {
  test("starts once for each time at which the clock has arrived, and never for one twice, while the clock goes forward", () => {
    const forward = fc.array(fc.integer({ min: 0, max: MONTH_SECONDS }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.constantFrom(...SCHEDULES), forward, (schedule, moves) => {
        let now = at("2026-03-28T12:00:30.000Z");
        const times = [0, ...moves].map((seconds) => {
          now = new Date(now.getTime() + seconds * 1000);
          return lastTick(schedule, now)?.toISOString();
        });
        expect(follow(schedule, moves).map((start) => start.toISOString())).toEqual([...new Set(times)]);
      }),
    );
  });

  test("starts within two periods, however the clock was moved before", () => {
    const any = fc.array(fc.integer({ min: -MONTH_SECONDS, max: MONTH_SECONDS }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.constantFrom(...SCHEDULES), any, (schedule, moves) => {
        const before = follow(schedule, moves).length;
        const end = new Date(
          at("2026-03-28T12:00:30.000Z").getTime() + moves.reduce((sum, one) => sum + one, 0) * 1000,
        );
        const first = nextTick(schedule, end);
        const second = nextTick(schedule, first);
        const wait = [first, second].map((time, n) => (time.getTime() - (n === 0 ? end : first).getTime()) / 1000);
        expect(follow(schedule, [...moves, ...wait]).length).toBeGreaterThan(before);
      }),
    );
  });

  test("does not start again what it started, when the clock goes back by less than a period", () => {
    expect(follow("0 * * * *", [3600, -60, 60])).toHaveLength(2);
    expect(follow("17 3 * * *", [86_400, -11 * 3600, 3 * 3600])).toHaveLength(2);
  });

  test("is in UTC, and its time counts from its very second", () => {
    expect(lastTick("17 3 * * *", at("2026-03-29T03:17:00.000Z"))).toEqual(at("2026-03-29T03:17:00.000Z"));
    expect(lastTick("17 3 * * *", at("2026-03-29T03:16:59.999Z"))).toEqual(at("2026-03-28T03:17:00.000Z"));
    expect(nextTick("17 3 * * *", at("2026-03-29T03:17:00.000Z"))).toEqual(at("2026-03-30T03:17:00.000Z"));
  });

  test("is in UTC wherever the process runs", () => {
    // A process of its own: the zone of a thread is that of its process.
    const ticks = JSON.stringify(new URL("./ticks.ts", import.meta.url).href);
    const now = 'new Date("2026-03-29T12:00:00.000Z")';
    const script = `import { lastTick, nextTick } from ${ticks};
      const of = (tick) => tick("17 3 * * *", ${now}).toISOString();
      console.log(new Date(0).getHours(), of(lastTick), of(nextTick));`;
    const said = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
      env: { ...process.env, TZ: "Asia/Kolkata" },
      encoding: "utf8",
    });
    expect(said.trim()).toBe("5 2026-03-29T03:17:00.000Z 2026-03-30T03:17:00.000Z");
  });

  test("of every job comes round", () => {
    for (const { schedule, name } of JOBS) {
      if (schedule !== undefined)
        expect(nextTick(schedule, at("2026-03-29T03:17:00.000Z")).getTime(), name).toBeGreaterThan(0);
    }
    for (const wrong of ["", "nonsense", "61 * * * *", "* * * * * *", "0 0 30 2 *"]) {
      expect(() => nextTick(wrong, at("2026-03-29T03:17:00.000Z")), wrong).toThrow();
    }
  });
});

describe("taking a run", () => {
  const now = at("2026-03-28T12:00:00.000Z");
  const inSeconds = (seconds: number) => new Date(now.getTime() + seconds * 1000).toISOString();
  const held = (seconds: number, attempts = 0) => ({ attempts, lease: { holder: "other", until: inSeconds(seconds) } });

  test("leaves what another holds to the very end of its lease, also with clocks a little apart", () => {
    for (const seconds of [0.001, 60, 62, 120]) expect(decideTake(held(seconds), 60, now)).toBe("leave");
    for (const seconds of [0, -1, -86_400, 121]) expect(decideTake(held(seconds), 60, now)).toBe("take over");
    expect(decideTake({ attempts: 3 }, 60, now)).toBe("take");
  });

  test("gives up what so many have died of, and never takes what has ended", () => {
    expect(decideTake(held(-1, MOST_ATTEMPTS - 2), 60, now)).toBe("take over");
    expect(decideTake(held(-1, MOST_ATTEMPTS - 1), 60, now)).toBe("give up");
    expect(decideTake({ attempts: 0, endedAt: inSeconds(-1) }, 60, now)).toBe("leave");
  });

  test("waits for the time of the next attempt", () => {
    const waiting = (seconds: number) => ({ attempts: 2, retryAt: inSeconds(seconds) });
    expect(decideTake(waiting(pauseSeconds(2)), 60, now)).toBe("leave");
    expect(decideTake(waiting(0), 60, now)).toBe("take");
    expect(decideTake(waiting(86_400), 60, now)).toBe("take");
  });
});

describe("a run", () => {
  const now = at("2026-03-28T12:00:00.000Z");
  const lease = { holder: "me", until: "2026-03-28T12:01:00.000Z" };
  const error = { code: "service.unavailable", message: "no" } as const;
  const run = (more: Partial<JobRunItem> = {}): JobRunItem => ({
    id: "job_1",
    name: "retention",
    state: "waiting",
    createdAt: "2026-03-28T11:00:00.000Z",
    createdBy: "system",
    updatedAt: "2026-03-28T11:00:00.000Z",
    progress: { done: 1, unit: "items" },
    attempts: 2,
    checkpoint: { page: 1 },
    ...more,
  });

  test("that failed waits fourfold longer each time, without its lease, and has no attempt after the fifth", () => {
    let failing: JobRunItem | undefined = run({ attempts: 0, lease, state: "running" });
    const waits: number[] = [];
    while (failing) {
      const next: JobRunItem | undefined = decideRetry(failing, error, now);
      if (next) {
        expect(next).toMatchObject({
          state: "waiting",
          error,
          attempts: failing.attempts + 1,
          checkpoint: { page: 1 },
        });
        expect(next).not.toHaveProperty("lease");
        waits.push((Date.parse(next.retryAt as string) - now.getTime()) / 1000);
      }
      failing = next;
    }
    expect(waits).toEqual([30, 120, 480, 1920]);
  });

  test("that is taken is in its runner's hands, with its first start and where it was; being taken over is an attempt", () => {
    const taken = decideTaken(run({ retryAt: now.toISOString(), error }), "take", lease, now);
    expect(taken).toMatchObject({ state: "running", attempts: 2, lease, startedAt: now.toISOString(), error });
    expect(taken).toMatchObject({ checkpoint: { page: 1 } });
    expect(taken).not.toHaveProperty("retryAt");
    const earlier = "2026-03-28T11:30:00.000Z";
    expect(decideTaken(run({ startedAt: earlier }), "take over", lease, now)).toMatchObject({
      attempts: 3,
      startedAt: earlier,
    });
  });

  test("whose step succeeded goes on from it, and what failed before is made good", () => {
    const progress = { done: 3, unit: "items" };
    const next = decideStep(
      run({ error, state: "running" }),
      { state: { page: 2 }, progress, done: false },
      lease,
      now,
    );
    expect(next).toMatchObject({
      state: "running",
      attempts: 0,
      checkpoint: { page: 2 },
      progress,
      lease,
      updatedAt: now.toISOString(),
    });
    expect(next).not.toHaveProperty("error");
  });

  test("says of an error only what was meant to be read", () => {
    expect(toJobError(new ProblemError("service.unavailable", "try later"))).toEqual({
      code: "service.unavailable",
      message: "try later",
    });
    const other = toJobError(new Error("canary"));
    expect(other.code).toBe("service.internal");
    expect(other.message).not.toContain("canary");
    expect(other.message.length).toBeGreaterThan(0);
  });
});
