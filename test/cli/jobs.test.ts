import type { Job, JobDefinition } from "@cadastre/contract/job";
import { JOBS } from "@cadastre/core/jobs";
import { runDueJobs } from "@cadastre/core/jobs/run-due";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, type World } from "./support.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.end());

const runDue = () => runDueJobs(world.context, JOBS, { until: new Date(Date.now() + 60_000) });

test("a job is started, watched to its end, listed, and shown with its schedule and last result", async () => {
  expect(await world.run("jobs", "list")).toMatchObject({ code: 0, stderr: "no runs of jobs\n" });
  const watching = world.start(["jobs", "run", "retention", "--watch"]);
  await watching.stderrHas("retention waiting");
  await runDue();
  const { code, stdout, stderr } = await watching.ended;
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining("state: done") });
  expect(stderr).toContain("retention done · 0 items");

  const [, ours] = (await world.json(["jobs", "list", "--name", "retention", "--state", "done"])) as [Job, Job];
  expect(ours.createdBy).toMatch(/^user:/);
  expect(await world.json(["jobs", "show", ours.id])).toEqual(ours);
  const [definition] = (await world.json(["jobs", "schedule"])) as [JobDefinition];
  expect(definition).toMatchObject({ name: "retention", startable: true, last: { state: "done" } });
  const { stdout: table } = await world.run("jobs", "schedule");
  expect(table).toMatch(/^NAME +SCHEDULE +NEXT +LAST +ENDED +ABOUT/);
});

test("a run that waits is cancelled at once; what is watched and cancelled ends with code 1", async () => {
  const made = (await world.json(["jobs", "run", "retention"])) as Job;
  expect(await world.run("jobs", "run", "retention")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("job.unfinished"),
  });
  const watching = world.start(["jobs", "show", made.id, "--watch"]);
  await watching.stderrHas("retention waiting");
  expect(await world.run("jobs", "cancel", made.id)).toEqual({
    code: 0,
    stdout: "",
    stderr: `${made.id}: cancelled\n`,
  });
  expect((await watching.ended).code).toBe(1);
  expect(await world.run("jobs", "cancel", made.id)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("job.ended"),
  });
});

test("watching is left by Ctrl-C, and the job goes on", async () => {
  const made = (await world.json(["jobs", "run", "retention"])) as Job;
  const watching = world.start(["jobs", "show", made.id, "--watch"]);
  await watching.stderrHas("retention waiting");
  watching.child.kill("SIGINT");
  expect(await watching.ended).toMatchObject({ code: 0, stdout: expect.stringContaining("state: waiting") });
  await runDue();
  expect(await world.json(["jobs", "show", made.id])).toMatchObject({ state: "done" });
});

test("names and ids of nothing are said to be that", async () => {
  expect(await world.run("jobs", "run", "nothing")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("there is no job of the name"),
  });
  expect(await world.run("jobs", "show", "job_01JD0000000000000000000000")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("job.not_found"),
  });
});
