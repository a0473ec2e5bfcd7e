import type { Context } from "@cadastre/core/context";
import { defineJob, type Job, type JobOptions, type Step } from "@cadastre/core/jobs/define";
import { defineEntity } from "@cadastre/store/entity";
import { create } from "@cadastre/store/table";
import * as z from "zod";

const state = z.object({ next: z.int() });
type State = z.output<typeof state>;

/** What a step did, one for each time that it was done. */
const MarkItem = defineEntity({
  type: "mark",
  about: "For tests: a step that took effect",
  schema: z.object({ run: z.string(), n: z.int(), time: z.int() }),
  key: {
    partition: ({ run }: { run: string; n: number; time: number }) => `marks#${run}`,
    sort: ({ n, time }: { run: string; n: number; time: number }) => `${n}#${time}`,
  },
});

interface Counting extends Partial<Pick<JobOptions<State>, "name" | "schedule" | "leaseSeconds">> {
  readonly steps?: number;
  /** Happens in the step, before or after its effect. */
  readonly before?: (n: number, context: Context, step: Step<State>) => Promise<void> | void;
  readonly after?: (n: number, context: Context) => Promise<void> | void;
}

let times = 0;

/** A job that counts: each step leaves a mark, in a commit of its own, under the runner's guard. */
export function aCountingJob({ name = "count", steps = 5, before, after, ...more }: Counting = {}): Job {
  return defineJob<State>({
    name,
    about: "counts",
    initial: { next: 0 },
    leaseSeconds: 60,
    ...more,
    state,
    async step(context, step) {
      const n = step.state.next;
      await before?.(n, context, step);
      times++;
      await context.table.commit([step.guard, create(MarkItem, { run: step.id, n, time: times })]);
      await after?.(n, context);
      return {
        state: { next: n + 1 },
        progress: { done: n + 1, total: steps, unit: "numbers" },
        done: n + 1 === steps,
      };
    },
  });
}

/** The numbers of the steps that took effect, in order, each as often as it did. */
export async function marksOf({ table }: Context, run: string): Promise<number[]> {
  const { items } = await table.query(MarkItem, { partition: `marks#${run}`, consistent: true });
  return items.map(({ n }) => n);
}
