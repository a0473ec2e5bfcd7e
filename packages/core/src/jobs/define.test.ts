import { check } from "@cadastre/store/table";
import { expect, it } from "vitest";
import * as z from "zod";
import { aContext } from "../audit/testing.ts";
import { defineJob, type JobOptions, type StepResult } from "./define.ts";
import { JobRunItem } from "./items.ts";

interface Counted {
  readonly n: number;
}

const progress = { done: 0, unit: "steps" };
const aJob = (more: Partial<JobOptions<Counted>> = {}) =>
  defineJob<Counted>({
    name: "count",
    about: "counts",
    leaseSeconds: 60,
    state: z.object({ n: z.int() }),
    step: async (_, { state }) => ({ state: { n: state.n + 1 }, progress, done: false }),
    ...more,
  });
const advance = (state: unknown, job = aJob()) =>
  job.advance(aContext(), { id: "job_1", state, guard: check(JobRunItem, { id: "job_1" }, "present") });

it("a job that could not be started is refused when it is defined", () => {
  expect(() => aJob({ schedule: "0 0 * * *" })).toThrow("initial");
  expect(() => aJob({ name: "No Name" })).toThrow("name");
  expect(() => aJob({ initial: { n: 0.5 } })).toThrow();
});

it("a job is one with a schedule, one that is started by its name, or one that only its own use case starts", () => {
  expect(aJob({ schedule: "0 0 * * *", initial: { n: 0 } })).toMatchObject({
    schedule: "0 0 * * *",
    initial: { n: 0 },
  });
  expect(aJob({ initial: { n: 0 } })).not.toHaveProperty("schedule");
  expect(aJob()).not.toHaveProperty("initial");
});

it("a step begins with a state of its job's own, and leaves one", async () => {
  expect(await advance({ n: 1 })).toEqual({ state: { n: 2 }, progress, done: false });
  await expect(advance({ word: "" })).rejects.toThrow(z.ZodError);
  const lost = async () => ({ state: {}, progress, done: false }) as StepResult<never>;
  await expect(advance({ n: 1 }, aJob({ step: lost }))).rejects.toThrow(z.ZodError);
});
