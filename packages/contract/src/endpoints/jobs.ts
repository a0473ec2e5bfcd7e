import * as z from "zod";
import { idSchema } from "../ids.ts";
import { job, jobDefinition, jobName, jobState } from "../job.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { paging } from "./query.ts";

const byId = z.object({ id: idSchema("job") });

export const jobs = defineArea("jobs", {
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/jobs",
    access: operator("jobs:read", "job"),
    summary: "Runs of jobs, newest first, and what can run with its schedule and its last result",
    description: "Runs are kept for 90 days after their end. The first page also has `definitions`.",
    query: z.strictObject({ ...paging, name: jobName.optional(), state: jobState.optional() }),
    answer: page(job).extend({ definitions: z.array(jobDefinition).optional() }),
    example: { query: { state: "failed" } },
  }),
  get: defineEndpoint({
    method: "GET",
    path: "/api/v1/jobs/{id}",
    access: operator("jobs:read", "job"),
    summary: "One run of a job, with how far it is",
    params: byId,
    answer: job,
    errors: ["job.not_found"],
    example: { params: { id: exampleId("job") } },
  }),
  run: defineEndpoint({
    method: "POST",
    path: "/api/v1/jobs/{name}/run",
    access: operator("jobs:write", "job"),
    summary: "Start a job now; it runs in the background",
    description: "A job has one unfinished run at most: while there is one, the answer is 409 with its id as `job`.",
    params: z.object({ name: jobName }),
    idempotent: true,
    status: 202,
    answer: job,
    mutates: "job.run",
    errors: ["job.not_found", "job.not_startable", "job.unfinished", "request.conflict"],
    example: { params: { name: "nothing" } },
  }),
  cancel: defineEndpoint({
    method: "POST",
    path: "/api/v1/jobs/{id}/cancel",
    access: operator("jobs:write", "job"),
    summary: "Stop a run after the step that is under way; what it did stays",
    params: byId,
    status: 202,
    answer: job,
    mutates: "job.cancel",
    errors: ["job.not_found", "job.ended", "request.conflict"],
    example: { params: { id: exampleId("job") } },
  }),
});
