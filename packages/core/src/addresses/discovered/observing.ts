import type { Write } from "@cadastre/store/table";
import { type Actor, actorName, type Context } from "../../context.ts";
import { newRun } from "../../jobs/start.ts";

/** The job that works out which networks and subnets are in which space. */
export const OBSERVE_JOB = "observe-spaces";

/** For the commit that has spaces claim other things, or take over what they did not: the writes of a run of that job. */
export function observingWrites({ now }: Pick<Context, "now">, actor: Actor): readonly Write[] {
  return newRun({ name: OBSERVE_JOB }, { now: now(), createdBy: actorName(actor), state: { phase: 0, done: 0 } })
    .writes;
}
