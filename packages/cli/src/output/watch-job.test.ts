import type { Job } from "@cadastre/contract/job";
import { expect, test } from "vitest";
import { aScreen } from "./testing.ts";
import { watchJob } from "./watch-job.ts";

const AT = "2026-03-01T00:00:00.000Z";
const aJob = (done: number, more: Partial<Job> = {}): Job => ({
  id: "job_01JD0000000000000000000000",
  name: "approve-hold",
  state: "running",
  progress: { done, total: 4000, unit: "resources" },
  attempts: 0,
  cancelling: false,
  createdAt: AT,
  createdBy: "system",
  updatedAt: AT,
  ...more,
});
const END = { state: "done", endedAt: AT } as const;

/** Watches what is seen one after the other; stopped after the last. */
function watch(screen: ReturnType<typeof aScreen>, seen: readonly Job[]) {
  const left = [...seen];
  const read = async () => left.shift() as Job;
  return watchJob({ read, screen, pause: async () => undefined, isStopped: () => left.length === 0 });
}

test("outside of a terminal each change is a line, until the run ends", async () => {
  const screen = aScreen();
  const last = await watch(screen, [
    aJob(0, { state: "waiting" }),
    aJob(1200),
    aJob(1200),
    aJob(1200, { error: { code: "service.unavailable", message: "busy\u001b[2J" }, retryAt: AT }),
    aJob(1200, { cancelling: true }),
    aJob(4000, END),
    aJob(9999),
  ]);
  expect(last).toMatchObject(END);
  expect(screen.written().split("\n")).toEqual([
    "approve-hold waiting · 0 of 4,000 resources (0 %)",
    "approve-hold running · 1,200 of 4,000 resources (30 %)",
    "approve-hold running · 1,200 of 4,000 resources (30 %) · service.unavailable: busy\\u001b[2J; again at 2026-03-01 00:00:00Z",
    "approve-hold running · 1,200 of 4,000 resources (30 %) · ends after this step",
    "approve-hold done · 4,000 of 4,000 resources (100 %)",
    "",
  ]);
});

test("on a terminal it is one line, drawn again, cut to its width and taken away at the end", async () => {
  const screen = aScreen({ columns: 30 });
  await watch(screen, [aJob(1200), aJob(2400), aJob(4000, END)]);
  expect(screen.written()).toBe(
    "\r\u001b[Kapprove-hold running · 1,200…\r\u001b[Kapprove-hold running · 2,400…\r\u001b[K",
  );
});

test("what has no known end says how much was done, and watching can be left", async () => {
  const screen = aScreen();
  const progress = { done: 12, unit: "items", message: "looking through tokens" };
  const last = await watch(screen, [aJob(0, { progress }), aJob(0, { progress })]);
  expect(last.state).toBe("running");
  expect(screen.written()).toBe("approve-hold running · 12 items · looking through tokens\n");
});
