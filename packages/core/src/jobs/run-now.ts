import { newId } from "@cadastre/contract/ids";
import { type Context, systemActor } from "../context.ts";
import type { Job } from "./define.ts";
import { readRun } from "./read.ts";
import { isOver, takeTurn } from "./turn.ts";

/**
 * Gives a run that was just started its steps at once, until it has ended, cannot go on now, or the time is over; what is left
 * is for whoever runs jobs, who is told. It acts for the service, not in the request that started it: it sees all, and claims
 * nothing. Never throws: what goes wrong is kept with the run where the table allows, and is tried again by others, who report it.
 */
export async function runNow(
  { table, organization, now, holdPolicy, retentionDays, onJobStarted }: Context,
  job: Job,
  id: string,
  until: Date,
): Promise<void> {
  const context: Context = { table, organization, now, holdPolicy, retentionDays };
  const runner = { context, actor: systemActor(newId("request", now())), until };
  const isLeft = async (): Promise<boolean> => {
    for (;;) {
      const run = await readRun(context, id);
      if (!run || run.endedAt !== undefined) return false;
      if (isOver(runner) || !(await takeTurn(runner, job, run)))
        return (await readRun(context, id))?.endedAt === undefined;
    }
  };
  if (await isLeft().catch(() => true)) onJobStarted?.();
}
