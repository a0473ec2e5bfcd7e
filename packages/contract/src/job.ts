import * as z from "zod";
import { idSchema } from "./ids.ts";

/** What a job is called: the same in code, in the API and at the command line. */
export const jobName = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, "lower-case letters, digits and hyphens");

export const jobState = z.enum(["waiting", "running", "done", "failed", "cancelled"]);
export type JobState = z.output<typeof jobState>;

export const jobProgress = z.object({
  done: z.int().min(0),
  total: z.int().min(0).optional().meta({ description: "Absent when nobody knows it before the end" }),
  unit: z.string().meta({ description: "What is counted, such as resources" }),
  message: z.string().optional(),
});
export type JobProgress = z.output<typeof jobProgress>;

export const jobError = z.object({
  code: z.string().meta({ description: "A code of the API, or service.internal, which says nothing more" }),
  message: z.string(),
});
export type JobError = z.output<typeof jobError>;

/** One run of a job. */
export const job = z.object({
  id: idSchema("job"),
  name: jobName,
  state: jobState.meta({
    description: "waiting: for a runner, or for another attempt after an error. What ended is kept for 90 days",
  }),
  progress: jobProgress,
  attempts: z.int().meta({ description: "How often the step that is next has failed; a step that succeeds resets it" }),
  error: jobError.optional().meta({ description: "Of the last attempt that failed, while it was not made good" }),
  retryAt: z.iso.datetime().optional().meta({ description: "Not tried again before" }),
  cancelling: z.boolean().meta({ description: "A cancel was asked for; the step that is under way is finished first" }),
  scheduledFor: z.iso.datetime().optional().meta({ description: "The time of the schedule that it was started for" }),
  createdAt: z.iso.datetime(),
  createdBy: z.string().meta({ description: "user:… or service-account:… of who asked for it, or system" }),
  startedAt: z.iso.datetime().optional(),
  updatedAt: z.iso.datetime().meta({ description: "Last step that was committed" }),
  endedAt: z.iso.datetime().optional(),
});
export type Job = z.output<typeof job>;

/** What can run, and how it went the last time. */
export const jobDefinition = z.object({
  name: jobName,
  about: z.string(),
  schedule: z.string().optional().meta({ description: "Cron text, in UTC; without it the job runs on demand" }),
  nextAt: z.iso
    .datetime()
    .optional()
    .meta({ description: "When the schedule comes round next; absent until a runner has looked at it" }),
  startable: z.boolean().meta({ description: "Whether it can be asked for by its name alone" }),
  unfinished: job.optional().meta({ description: "The run that waits or runs" }),
  last: job.optional().meta({ description: "The last run that ended" }),
});
export type JobDefinition = z.output<typeof jobDefinition>;
