import { job, jobName } from "@cadastre/contract/job";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import type { Stored } from "@cadastre/store/table";
import * as z from "zod";

export const JobItem = defineEntity({
  type: "job",
  about:
    "A job by its name: the time of its schedule that it was last started for, its unfinished run, its last ended run",
  schema: z.object({
    name: jobName,
    tick: z.iso.datetime().optional(),
    /** When the schedule comes round next, as it was when the run was started. */
    nextAt: z.iso.datetime().optional(),
    /** The unfinished run that a schedule or a person started: there is one at most. */
    unfinished: z.string().optional(),
    last: z.string().optional(),
  }),
  key: { partition: () => "jobs", sort: (of: { name: string }) => of.name },
});
export type JobItem = ItemOf<typeof JobItem>;

export const JOBS_PARTITION = "jobs";

export const JobRunItem = defineEntity({
  type: "job-run",
  about:
    "One run of a job: its state after the last step, its progress, and the lease of who runs it; kept for 90 days",
  schema: job.omit({ cancelling: true }).extend({
    /** What the next step begins with, by the job's own schema. */
    checkpoint: z.unknown().optional(),
    /** Who runs it, until when. Every commit of a runner rests on the item's version, so one that lost its lease writes nothing. */
    lease: z.object({ holder: z.string(), until: z.iso.datetime() }).optional(),
    expiresAtSeconds: z.int().optional(),
    /** Of a job that comes round so often that its runs are no news. */
    isFrequent: z.literal(true).optional(),
  }),
  key: { partition: (of: { id: string }) => `job#${of.id}`, sort: () => "run" },
  expires: "expiresAtSeconds",
});
export type JobRunItem = ItemOf<typeof JobRunItem>;
export type StoredRun = Stored<JobRunItem>;

export const JobCancelItem = defineEntity({
  type: "job-cancel",
  about: "A person wants a run to stop. Apart from the run, so that asking never takes the version from who runs it",
  schema: z.object({
    id: z.string(),
    requestedAt: z.iso.datetime(),
    requestedBy: z.string(),
    expiresAtSeconds: z.int(),
  }),
  key: { partition: (of: { id: string }) => `job#${of.id}`, sort: () => "cancel" },
  expires: "expiresAtSeconds",
});

export const JobEntryItem = defineEntity({
  type: "job-entry",
  about: "A run in the lists of runs: all, by name, by state, and by both; newest last",
  schema: z.object({ list: z.string(), id: z.string(), expiresAtSeconds: z.int().optional() }),
  key: { partition: (of: { list: string }) => of.list, sort: (of: { list: string; id: string }) => of.id },
  expires: "expiresAtSeconds",
});
export type JobEntryItem = ItemOf<typeof JobEntryItem>;

/** Runs that wait or run are in one list: they go to and fro between the two. */
const listedState = (state: JobRunItem["state"]) => (state === "waiting" || state === "running" ? "unfinished" : state);

/** The partition of a list of runs: of a name, of a state, of both, or all. */
export function listOf(name: string | undefined, state: JobRunItem["state"] | undefined): string {
  return `job-list#${name ?? "*"}#${state === undefined ? "*" : listedState(state)}`;
}

/** Where a run is listed. */
export function entriesOf(run: JobRunItem): JobEntryItem[] {
  const { id, name, state, expiresAtSeconds } = run;
  const lists = [undefined, name].flatMap((one) => [listOf(one, undefined), listOf(one, state)]);
  return lists.map((list) => ({ list, id, ...(expiresAtSeconds === undefined ? {} : { expiresAtSeconds }) }));
}
