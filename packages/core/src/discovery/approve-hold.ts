import { ProblemError } from "@cadastre/contract/errors";
import type { JobProgress } from "@cadastre/contract/job";
import { check, type Stored, type Write } from "@cadastre/store/table";
import * as z from "zod";
import { type AskedBy, askedBy, fromAskedBy } from "../asked-by.ts";
import type { Actor, Context } from "../context.ts";
import { defineJob, type Step, type StepResult } from "../jobs/define.ts";
import { GuardError } from "../register/apply.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { type Approval, absenceOf, finishApproval, readApproval, requireNoRun } from "./approval.ts";
import { HoldItem, ScopeItem } from "./items.ts";
import { type Missing, readMissingOf, retireMissing } from "./retire.ts";

/** A step takes shards until it has so many resources. */
const STEP_RESOURCES = 500;

const shownShard = z.object({
  shard: z.int(),
  missing: z.int(),
  /** Over the ids of what it is missing. */
  fingerprint: z.string(),
});

const approving = z.object({
  hold: z.string(),
  /** Of the scope as it was when the shards were read. */
  scopeVersion: z.int(),
  /** What is left to do, as it was shown. */
  shards: z.array(shownShard),
  total: z.int(),
  /** Who approved. */
  actor: askedBy,
});
type Approving = z.output<typeof approving>;

/** What a run that finishes an approval begins with. */
export function toApproving(hold: Pick<HoldItem, "id">, { scope, missing }: Approval, actor: AskedBy): Approving {
  return {
    hold: hold.id,
    scopeVersion: scope.version,
    shards: missing.of.map(({ shard, idHashes, fingerprint }) => ({ shard, missing: idHashes.length, fingerprint })),
    total: missing.idHashes.length,
    actor,
  };
}

const progressOf = ({ shards, total }: Pick<Approving, "shards" | "total">): JobProgress => ({
  done: total - shards.reduce((sum, { missing }) => sum + missing, 0),
  total,
  unit: "resources",
});

/** How many shards, from the first on, one step takes: at least one, and no more than have about 500 resources together. */
export function decideStepShards(shards: readonly { readonly missing: number }[]): number {
  let resources = 0;
  const most = shards.findIndex(({ missing }) => {
    resources += missing;
    return resources > STEP_RESOURCES;
  });
  return most < 0 ? shards.length : Math.max(1, most);
}

/** Whether what the shards are missing is what was shown, but for those that are done already. */
function requireShown(shown: Approving["shards"], missing: Missing): void {
  const known = new Map(shown.map(({ shard, fingerprint }) => [shard, fingerprint]));
  const isOther = missing.of.some(
    ({ shard, idHashes, fingerprint }) => idHashes.length > 0 && fingerprint !== known.get(shard),
  );
  if (isOther) throw new ProblemError("request.conflict", "a run is changing what the scope is missing");
}

interface Standing {
  readonly hold: Stored<HoldItem>;
  readonly scope: Stored<ScopeItem>;
}

/** The hold and the scope that it stands on; nothing when a run has seen to the scope, or it waits for another decision. */
async function readStanding(context: Context, id: string): Promise<Standing | undefined> {
  const hold = await context.table.get(HoldItem, { id }, { consistent: true });
  if (!hold) return undefined;
  const scope = await context.table.get(ScopeItem, { source: hold.source, name: hold.scope }, { consistent: true });
  return scope?.hold === hold.id ? { hold, scope } : undefined;
}

async function retireSome(
  context: Context,
  { hold, scope }: Standing,
  shown: Approving["shards"],
  actor: Actor,
  guard: readonly Write[],
): Promise<void> {
  const missing = await readMissingOf(
    context,
    scope,
    shown.map(({ shard }) => shard),
  );
  requireShown(shown, missing);
  await retireMissing(context, scope, missing, absenceOf(context, actor, hold), guard);
}

/** One step, from what is stored now. */
async function tryStep(
  context: Context,
  { id, state: before, guard: runGuard }: Step<Approving>,
): Promise<StepResult<Approving>> {
  const standing = await readStanding(context, before.hold);
  if (!standing) return { state: { ...before, shards: [] }, progress: progressOf(before), done: true };
  const { hold, scope } = standing;
  await requireNoRun(context, scope);
  const state =
    scope.version === before.scopeVersion
      ? before
      : { ...toApproving(hold, await readApproval(context, hold, scope), before.actor), total: before.total };
  const actor = fromAskedBy(context, state.actor, id);
  const guard = [runGuard, check(ScopeItem, scope, scope.version)];
  if (state.shards.length === 0) {
    await finishApproval(context, actor, hold, scope, { guard, also: [runGuard] });
    return { state, progress: progressOf(state), done: true };
  }
  const count = decideStepShards(state.shards);
  await retireSome(context, standing, state.shards.slice(0, count), actor, guard);
  const next = { ...state, shards: state.shards.slice(count) };
  return { state: next, progress: progressOf(next), done: false };
}

/**
 * Retires what an approved hold is about, some shards a step, and last lets the scope show it no more. It waits while a run has the
 * scope open, and each commit rests on the scope as it was read: a run that opens it meanwhile goes first, and then has seen to it,
 * or asks anew. What was retired stays retired, whoever stops it.
 */
export const approveHoldJob = defineJob({
  name: "approve-hold",
  about: "Retires the resources of an approved hold; until then they are shown as active",
  leaseSeconds: 60,
  state: approving,
  step: (context, step) =>
    retryOnConflict(() => tryStep(context, step), {
      detail: "runs keep changing the scope",
      also: (error) => error instanceof GuardError,
    }),
});
