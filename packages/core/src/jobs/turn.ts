import type { JobState } from "@cadastre/contract/job";
import { ConflictError } from "@cadastre/store/errors";
import { check, replace } from "@cadastre/store/table";
import type { Actor, Context } from "../context.ts";
import { DIED, decideRetry, decideStep, decideTake, decideTaken, toJobError } from "./decide.ts";
import type { Job } from "./define.ts";
import { type Ending, endRun } from "./end.ts";
import { JobRunItem, type StoredRun } from "./items.ts";
import { isCancelWanted, readRun } from "./read.ts";

/** What a runner tells as it goes; an error is whole, for a log. */
export type JobEvent = { readonly id: string; readonly name: string } & (
  | { readonly type: "ended"; readonly state: JobState; readonly done: number }
  | { readonly type: "failed"; readonly error: unknown }
  | { readonly type: "lost" }
);

export interface RunOptions {
  /** No step begins after that. */
  readonly until: Date;
  /** Asks to stop between steps. */
  readonly signal?: AbortSignal;
  readonly report?: (event: JobEvent) => void;
}

export interface Runner extends RunOptions {
  readonly context: Context;
  /** Its request id names the holder of this runner's leases. */
  readonly actor: Actor;
}

/** So many steps of one run, then another has its turn. */
const STEPS_IN_TURN = 20;

/** The lease went to another runner, or the run has ended. */
class LeaseLostError extends Error {}

export const isOver = ({ context, until, signal }: Runner): boolean =>
  signal?.aborted === true || context.now() >= until;

/**
 * Takes the run, gives it a few steps and lays it down again. Answers whether there is more to do for this runner. Never throws:
 * what goes wrong is reported, and kept with the run where the table allows.
 */
export async function takeTurn(runner: Runner, job: Job | undefined, run: StoredRun): Promise<boolean> {
  const { id, name } = run;
  try {
    return job ? await steps(runner, job, run) : await leaveUnknown(runner, run);
  } catch (error) {
    runner.report?.(error instanceof LeaseLostError ? { type: "lost", id, name } : { type: "failed", id, name, error });
    return false;
  }
}

async function steps(runner: Runner, job: Job, run: StoredRun): Promise<boolean> {
  const { context } = runner;
  if (!(await take(runner, job, run))) return false;
  for (let step = 0; step < STEPS_IN_TURN && !isOver(runner); step++) {
    const mine = await readMine(runner, run.id);
    if (await isCancelWanted(context, run.id)) return end(runner, mine, { state: "cancelled" });
    if (!(await oneStep(runner, job, mine))) return false;
  }
  // Without a lease whoever comes next need not wait for its end.
  const { version, lease: _, ...rest } = await readMine(runner, run.id);
  await commitRun(context, rest, version);
  return true;
}

/** A run of a job that this version does not know waits for one that does, or for somebody who cancels it. */
async function leaveUnknown(runner: Runner, run: StoredRun): Promise<boolean> {
  const isHeld = run.lease !== undefined && Date.parse(run.lease.until) > runner.context.now().getTime();
  if (!isHeld && (await isCancelWanted(runner.context, run.id))) await end(runner, run, { state: "cancelled" });
  return false;
}

/** Whether the run is this runner's now. */
async function take({ context, actor, ...runner }: Runner, job: Job, run: StoredRun): Promise<boolean> {
  const decision = decideTake(run, job.leaseSeconds, context.now());
  if (decision === "leave") return false;
  if (decision === "give up") return end({ context, actor, ...runner }, run, { state: "failed", error: DIED });
  const { version, ...item } = run;
  try {
    await commitRun(context, decideTaken(item, decision, leaseOf(context, actor, job), context.now()), version);
    return true;
  } catch (error) {
    // Another runner was faster.
    if (error instanceof ConflictError) return false;
    throw error;
  }
}

const leaseOf = (context: Context, actor: Actor, job: Job) => ({
  holder: actor.requestId,
  until: new Date(context.now().getTime() + job.leaseSeconds * 1000).toISOString(),
});

/** The run at the version that all that follows rests on. Throws LeaseLostError when it is another's. */
async function readMine({ context, actor }: Runner, id: string): Promise<StoredRun> {
  const run = await readRun(context, id);
  if (run?.lease?.holder !== actor.requestId) throw new LeaseLostError();
  return run;
}

const commitRun = (context: Context, run: JobRunItem, version: number) =>
  context.table.commit([replace(JobRunItem, run, version)]);

/** One step and the commit of its state. Answers whether the run goes on. */
async function oneStep(runner: Runner, job: Job, mine: StoredRun): Promise<boolean> {
  const { context, actor } = runner;
  const { version, ...run } = mine;
  try {
    const result = await job.advance(context, {
      id: run.id,
      state: run.checkpoint,
      guard: check(JobRunItem, { id: run.id }, version),
    });
    if (result.done) return await end(runner, mine, { state: "done", progress: result.progress });
    await commitRun(context, decideStep(run, result, leaseOf(context, actor, job), context.now()), version);
    return true;
  } catch (error) {
    return failed(runner, await readMine(runner, run.id), error);
  }
}

/** Lays the run down until its next attempt, or ends it. */
async function failed(runner: Runner, mine: StoredRun, error: unknown): Promise<false> {
  const { id, name, version, ...rest } = mine;
  runner.report?.({ type: "failed", id, name, error });
  const shown = toJobError(error);
  const next = decideRetry({ id, name, ...rest }, shown, runner.context.now());
  if (!next) return end(runner, mine, { state: "failed", error: shown });
  await commitRun(runner.context, next, version);
  return false;
}

async function end({ context, actor, report }: Runner, run: StoredRun, ending: Ending): Promise<false> {
  const { progress } = await endRun(context, actor, run, ending, "job.end");
  report?.({ type: "ended", id: run.id, name: run.name, state: ending.state, done: progress.done });
  return false;
}
