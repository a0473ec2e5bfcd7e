import { ProblemError } from "@cadastre/contract/errors";
import { check, create } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { endRun, KEPT_SECONDS } from "./end.ts";
import { JobCancelItem, JobRunItem } from "./items.ts";
import { isCancelWanted, readRun } from "./read.ts";

/**
 * Stops a run: at once when nobody has it in hand, else after the step that is under way. What it did stays, each step complete in
 * itself. Asked for again while it is stopping, nothing changes. Throws 404 `job.not_found`, 409 `job.ended`. Writes the end
 * of the run or a cancel item, and one audit record.
 */
export async function cancelJob(context: Context, actor: Actor, id: string): Promise<void> {
  await retryOnConflict(async () => {
    const run = await readRun(context, id);
    if (!run) throw new ProblemError("job.not_found");
    if (run.endedAt !== undefined) throw new ProblemError("job.ended", `the run is ${run.state}`);
    if (run.lease === undefined) {
      await endRun(context, actor, run, { state: "cancelled" }, "job.cancel");
      return;
    }
    if (await isCancelWanted(context, id)) return;
    const now = context.now();
    const cancel = {
      id,
      requestedAt: now.toISOString(),
      requestedBy: actorName(actor),
      expiresAtSeconds: Math.floor(now.getTime() / 1000) + KEPT_SECONDS,
    };
    await commitRecorded(context, actor, [create(JobCancelItem, cancel), check(JobRunItem, { id }, "present")], {
      action: "job.cancel",
      target: id,
      detail: { name: run.name, progress: run.progress },
    });
  });
}
