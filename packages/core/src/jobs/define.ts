import { type JobProgress, jobName } from "@cadastre/contract/job";
import type { Write } from "@cadastre/store/table";
import type * as z from "zod";
import type { Context } from "../context.ts";

export interface Step<State> {
  /** Of the run. */
  readonly id: string;
  readonly state: State;
  /** Goes first into each commit that the step makes by itself: it holds only while the runner has the lease. */
  readonly guard: Write;
}

export interface StepResult<State> {
  /** What the next step begins with. Small, and JSON. */
  readonly state: State;
  readonly progress: JobProgress;
  readonly done: boolean;
}

export interface JobOptions<State> {
  readonly name: string;
  /** One line for people: what it does, and what lasts longer when it does not run. */
  readonly about: string;
  /** Cron text of five fields, in UTC. Without it the job runs on demand alone. */
  readonly schedule?: string;
  /** It comes round so often that its runs are no news: those of the schedule that succeed leave no audit record and are kept for minutes alone. */
  readonly isFrequent?: true;
  /** What a run begins with, of jobs that can be started by their name. Others are started by the use case they belong to. */
  readonly initial?: State;
  /** How long one step may take: after that another runner takes the run over. */
  readonly leaseSeconds: number;
  readonly state: z.ZodType<State>;
  readonly step: (context: Context, step: Step<State>) => Promise<StepResult<State>>;
}

/** A job of any state, as the runner knows it. */
export interface Job extends Omit<JobOptions<unknown>, "step" | "state"> {
  /** Checks the stored state, takes one step, checks the new state. */
  readonly advance: (context: Context, step: Step<unknown>) => Promise<StepResult<unknown>>;
}

/**
 * Describes a job: a chain of steps. A step is bounded (seconds, not minutes), leaves everything it touched complete, and **may
 * be repeated**: its state is committed after it, so who dies in between takes the step once more with the state from before.
 * Commits of its own carry `guard`, so that a runner which was thought dead changes nothing any more. An error is retried with
 * growing pauses, then the run fails. Registers nothing and writes nothing. Throws a TypeError for a definition that cannot run.
 */
export function defineJob<State>(options: JobOptions<State>): Job {
  const { name, schedule, initial, state, step, ...rest } = options;
  if (!jobName.safeParse(name).success) throw new TypeError(`${JSON.stringify(name)} is no name of a job`);
  if (schedule !== undefined && initial === undefined)
    throw new TypeError(`${name}: what is scheduled needs an initial state`);
  return {
    name,
    ...rest,
    ...(schedule === undefined ? {} : { schedule }),
    ...(initial === undefined ? {} : { initial: state.parse(initial) }),
    async advance(context, given) {
      const result = await step(context, { ...given, state: state.parse(given.state) });
      return { ...result, state: state.parse(result.state) };
    },
  };
}

/**
 * The same of a job whose steps, and what they need, are loaded with the first of them: a process that lists jobs begins without. `load` answers the
 * job as it is defined, with the same name.
 */
export function defineJobOnDemand(head: Omit<Job, "advance">, load: () => Promise<Job>): Job {
  return { ...head, advance: async (context, step) => (await load()).advance(context, step) };
}
