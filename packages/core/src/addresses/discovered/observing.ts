import type { Write } from "@cadastre/store/table";
import * as z from "zod";
import { type Actor, actorName, type Context } from "../../context.ts";
import { newRun } from "../../jobs/start.ts";

/** How far the job is: which kind, or which part of what is tracked, and where in it. */
export const observing = z.object({ phase: z.int(), cursor: z.string().optional(), done: z.int() });
export type Observing = z.output<typeof observing>;

/** The job that works out which networks and subnets are in which space. */
export const OBSERVE_JOB = "observe-spaces";

/** For the commit that has spaces claim other things, or take over what they did not: the writes of a run of that job. */
export function observingWrites({ now }: Pick<Context, "now">, actor: Actor): readonly Write[] {
  return newRun({ name: OBSERVE_JOB }, { now: now(), createdBy: actorName(actor), state: { phase: 0, done: 0 } })
    .writes;
}
