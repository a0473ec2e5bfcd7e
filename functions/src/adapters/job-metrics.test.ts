import type { JobEvent } from "@cadastre/core/jobs/turn";
import { describe, expect, test } from "vitest";
import { toLogLine, writeJobMetrics } from "./job-metrics.ts";

const of = { id: "job_01JD0000000000000000000000", name: "retention" };
const ended = (state: "done" | "failed" | "cancelled"): JobEvent => ({ ...of, type: "ended", state, done: 3 });

describe("what a runner of jobs tells", () => {
  test("is counted when a run ended by itself: over all jobs, and for each", () => {
    const lines: string[] = [];
    const events = [ended("done"), ended("failed"), ended("cancelled"), { ...of, type: "lost" } as const];
    for (const event of events) {
      writeJobMetrics({ deployment: "prod", event, now: new Date(1000), write: (line) => void lines.push(line) });
    }
    const [done, failed, ...more] = lines.map((line) => JSON.parse(line));
    expect(more).toEqual([]);
    expect(done).toMatchObject({ Deployment: "prod", Job: "retention", JobsDone: 1, JobsFailed: 0 });
    expect(failed).toMatchObject({ Job: "retention", JobsDone: 0, JobsFailed: 1 });
    expect(done._aws).toMatchObject({
      Timestamp: 1000,
      CloudWatchMetrics: [{ Namespace: "Cadastre", Dimensions: [["Deployment"], ["Deployment", "Job"]] }],
    });
  });

  test("is logged by how bad it is, a step's error with its cause", () => {
    const error = new Error("outer", { cause: new Error("inner") });
    expect(toLogLine({ ...of, type: "failed", error })).toMatchObject({
      level: "warn",
      job: of.id,
      error: { message: "outer", cause: { message: "inner" } },
    });
    expect(toLogLine(ended("failed")).level).toBe("error");
    expect(toLogLine(ended("done"))).toMatchObject({ level: "info", name: "retention", done: 3 });
  });
});
