import type { Hold } from "@cadastre/contract/discovery";
import { JOBS } from "@cadastre/core/jobs";
import { runDueJobs } from "@cadastre/core/jobs/run-due";
import { afterEach, beforeEach, expect, test } from "vitest";
import { anInstance, aRun, instanceScope } from "../support/estate.ts";
import { createWorld, runHere, type World } from "./support.ts";

let world: World;
let hold: Hold;
beforeEach(async () => {
  world = await createWorld();
  const instances = Array.from({ length: 240 }, (_, n) => anInstance(n));
  await aRun([{ key: instanceScope(), resources: instances }]).deliver(world.context);
  await aRun([{ key: instanceScope(), resources: instances.slice(0, 10) }]).deliver(world.context);
  [hold] = (await world.json(["holds", "list"])) as [Hold];
});
afterEach(() => world.end());

const runDue = () => runDueJobs(world.context, JOBS, { until: new Date(Date.now() + 60_000) });

const onTerminal = (...args: string[]) => runHere(world, args, { columns: 100 });

test("a large approval shows a person how far it is until it is done", async () => {
  const approving = onTerminal("holds", "approve", hold.id, "--reason", "switched off");
  while (((await world.json(["holds", "show", hold.id])) as Hold).state === "pending");
  await runDue();
  const { code, stdout, stderr } = await approving;
  expect(code).toBe(0);
  expect(stderr).toMatch(/approve-hold done · 230 of 230 resources \(100 %\)\n$/);
  expect(stdout).toContain("state: approved");
});

test("a large approval is not waited for when nobody watches, or nobody wants to", async () => {
  expect(await world.json(["holds", "approve", hold.id])).toMatchObject({ state: "approved", job: expect.any(String) });
  const again = await onTerminal("holds", "approve", hold.id, "--no-wait");
  expect(again.stdout).toContain("job: job_");
  expect(again.stderr).toBe("");
});

test("scopes that are not reported any more can be asked for", async () => {
  expect(await world.json(["scopes", "--stale"])).toEqual([]);
  expect(await world.json(["scopes"])).toMatchObject([{ stale: false }]);
});
