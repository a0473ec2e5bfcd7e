import * as z from "zod";
import { forgetTokens } from "../access/forget-tokens.ts";
import type { Context } from "../context.ts";
import { forgetHolds } from "../discovery/forget-holds.ts";
import { defineJob } from "../jobs/define.ts";
import type { Forget, Forgotten } from "../jobs/forget.ts";
import { forgetResources } from "../register/forget-resources.ts";

/** What is kept for a time after its end and has no expiry of its own, one after the other. */
const KEPT: readonly {
  readonly noun: string;
  readonly forget: (context: Context, of: Forget) => Promise<Forgotten>;
}[] = [
  { noun: "holds", forget: forgetHolds },
  { noun: "tokens", forget: forgetTokens },
  { noun: "retired resources", forget: forgetResources },
];

const state = z.object({
  /** Place in KEPT. */
  phase: z.int().min(0),
  after: z.string().optional(),
  removed: z.int().min(0),
  /** Fixed when the run begins, so that each of its steps looks at the same time. */
  endedBefore: z.iso.datetime().optional(),
});

/**
 * Removes what ended longer ago than `context.retentionDays` and has no expiry by itself. A step is one page in one commit; its
 * repetition finds what is left of it.
 */
export const retention = defineJob({
  name: "retention",
  about: "Removes decided holds, ended tokens and retired resources once they have been kept for the time that is set",
  schedule: "17 3 * * *",
  initial: { phase: 0, removed: 0 },
  leaseSeconds: 60,
  state,
  async step(context, { state: before, guard }) {
    const retentionMilliseconds = context.retentionDays * 86_400_000;
    const endedBefore = before.endedBefore ?? new Date(context.now().getTime() - retentionMilliseconds).toISOString();
    const { forget } = KEPT[before.phase] as (typeof KEPT)[number];
    const { removed, next } = await forget(context, {
      endedBefore: new Date(endedBefore),
      after: before.after,
      guard,
    });
    const sum = before.removed + removed;
    const phase = next === undefined ? before.phase + 1 : before.phase;
    const done = phase === KEPT.length;
    return {
      state: { phase, removed: sum, endedBefore, ...(next === undefined ? {} : { after: next }) },
      progress: {
        done: sum,
        unit: "items",
        ...(done ? {} : { message: `looking through ${KEPT[phase]?.noun}` }),
      },
      done,
    };
  },
});
