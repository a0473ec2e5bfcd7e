import type { JobError, JobProgress } from "@cadastre/contract/job";
import { ConflictError } from "@cadastre/store/errors";
import { put, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { entriesOf, JobEntryItem, JobItem, JobRunItem, type StoredRun } from "./items.ts";
import { jobWrite } from "./start.ts";

/** How long a run that ended is kept. */
export const KEPT_SECONDS = 90 * 86_400;
/** The same of one that is no news. */
const QUIET_KEPT_SECONDS = 600;

const MOST_TRIES = 8;

export type Ending =
  | { readonly state: "done"; readonly progress: JobProgress }
  | { readonly state: "failed"; readonly error: JobError }
  | { readonly state: "cancelled" };

/** The run as it is kept: how far it came, without what only a runner needs. */
function decideEnd(run: JobRunItem, ending: Ending, now: Date): JobRunItem {
  const { lease: _, retryAt: __, checkpoint: ___, error, ...rest } = run;
  const at = now.toISOString();
  const ended: JobRunItem = {
    ...rest,
    ...(ending.state === "done" ? { attempts: 0 } : {}),
    ...(ending.state === "cancelled" && error ? { error } : {}),
    ...ending,
    updatedAt: at,
    endedAt: at,
  };
  const keptSeconds = ended.isFrequent && isQuiet(ended) ? QUIET_KEPT_SECONDS : KEPT_SECONDS;
  return { ...ended, expiresAtSeconds: Math.floor(now.getTime() / 1000) + keptSeconds };
}

/** The job's own item once the run has ended: the next one may start. */
function jobAfter(run: JobRunItem, stored: Stored<JobItem> | undefined): Write {
  const { version: _, unfinished, ...rest } = stored ?? { name: run.name, version: 0 };
  const others = unfinished === undefined || unfinished === run.id ? {} : { unfinished };
  return jobWrite(stored, { ...rest, ...others, last: run.id });
}

function isOfRun(error: ConflictError): boolean {
  return error.refusals.some(({ index, reason }) => index === 0 && reason !== "busy");
}

/** A run of the schedule that found nothing to do, or does something every minute: it is in the list of runs, and need not fill the audit log. */
const isQuiet = ({ scheduledFor, state, progress, isFrequent }: JobRunItem): boolean =>
  scheduledFor !== undefined && state === "done" && (progress.done === 0 || isFrequent === true);

/**
 * Ends a run at the version that was read, with one audit record of the actor unless it did nothing, and makes room for the job's next one. Throws
 * ConflictError when another has changed the run. Answers the run as it is kept. Writes run, entries, job and audit record.
 */
export async function endRun(
  context: Context,
  actor: Actor,
  stored: StoredRun,
  ending: Ending,
  action: "job.end" | "job.cancel",
): Promise<JobRunItem> {
  const { version, ...run } = stored;
  const next = decideEnd(run, ending, context.now());
  const lists = new Set(entriesOf(next).map(({ list }) => list));
  const own = [
    replace(JobRunItem, next, version),
    ...entriesOf(next).map((entry) => put(JobEntryItem, entry)),
    ...entriesOf(run).flatMap((entry) => (lists.has(entry.list) ? [] : [remove(JobEntryItem, entry)])),
  ];
  const code = next.error === undefined ? {} : { code: next.error.code };
  // Several runs of one name may end at once; each of them has its turn.
  for (let attempt = 1; ; attempt++) {
    const job = await context.table.get(JobItem, { name: run.name }, { consistent: true });
    try {
      const all = [...own, jobAfter(run, job)];
      if (isQuiet(next)) await context.table.commit(all);
      else
        await commitRecorded(context, actor, all, {
          action,
          target: run.id,
          outcome: ending.state === "failed" ? "failed" : "done",
          detail: { name: run.name, state: ending.state, progress: next.progress, ...code },
        });
      return next;
    } catch (error) {
      if (!(error instanceof ConflictError) || isOfRun(error) || attempt === MOST_TRIES) throw error;
    }
  }
}
