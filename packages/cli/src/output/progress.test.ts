import { expect, test } from "vitest";
import { createProgress } from "./progress.ts";
import { aScreen } from "./testing.ts";

const scope = { provider: "aws", account: "1", region: "eu-west-1", kind: "subnet" } as const;
const now = () => new Date("2026-03-01T00:00:00Z");

test("outside of a terminal each scope and step is a plain line", () => {
  const screen = aScreen();
  const progress = createProgress({ screen, now, verbose: false });
  progress.onProgress({ type: "run-started", run: "run_1" });
  progress.onProgress({ type: "scope-started", scope });
  progress.onProgress({ type: "scope-finished", scope, status: "complete", resources: 1200 });
  progress.log({ level: "debug", message: "not of interest" });
  progress.log({ level: "warn", message: "no answer\u001b[2J", attempt: 2, region: "eu" });
  progress.onProgress({ type: "run-opened", run: "run_1", shards: 1 });
  progress.onProgress({ type: "run-ended", run: "run_1", state: "closed" });
  progress.end();
  expect(screen.written().split("\n")).toEqual([
    "observing as run_1",
    "complete  aws/1/eu-west-1/subnet  1,200 resources",
    "warn: no answer\\u001b[2J (attempt=2, region=eu)",
    "delivering run_1: 1 shard",
    "run_1: closed",
    "",
  ]);
});

test("with verbose, what is of use only when something is looked into is shown too", () => {
  const screen = aScreen();
  createProgress({ screen, now, verbose: true }).log({ level: "debug", message: "left out" });
  expect(screen.written()).toBe("debug: left out\n");
});

test("on a terminal only what is not complete stays, and the block is taken away at the end", async () => {
  const screen = aScreen({ columns: 80 }, { NO_COLOR: "1" });
  const progress = createProgress({ screen, now, verbose: false });
  progress.onProgress({ type: "scope-started", scope });
  progress.onProgress({ type: "scope-started", scope: { ...scope, kind: "network" } });
  await expect.poll(screen.written).toContain("2 scopes under way · 0 resources · 0 s\n  aws/1/eu-west-1/subnet  0\n");
  progress.onProgress({ type: "scope-finished", scope, status: "complete", resources: 3 });
  progress.onProgress({ type: "scope-finished", scope: { ...scope, kind: "network" }, status: "failed", resources: 0 });
  expect(screen.written()).toContain("\u001b[3A\r\u001b[0Jfailed    aws/1/eu-west-1/network  0 resources\n");
  await expect.poll(screen.written).toContain("0 scopes under way · 1 complete, 1 failed · 3 resources · 0 s\n");
  progress.onProgress({ type: "run-spooled", run: "run_1", scopes: 2, resources: 3 });
  await expect.poll(screen.written).toContain("delivering\n");
  // Of a collector whose estate is several runs.
  progress.onProgress({ type: "run-started", run: "run_2" });
  progress.onProgress({ type: "scope-started", scope: { ...scope, account: "2" } });
  await expect.poll(screen.written).toContain("1 scope under way · 1 complete, 1 failed · 3 resources · 0 s\n  aws/2");
  progress.end();
  expect(screen.written().endsWith("\u001b[2A\r\u001b[0J")).toBe(true);
  expect(screen.written()).not.toContain("complete  aws");
});
