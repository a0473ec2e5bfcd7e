import type { Hold } from "@cadastre/contract/discovery";
import { ProblemError } from "@cadastre/contract/errors";
import { check, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { readRun } from "../jobs/read.ts";
import { newRun } from "../jobs/start.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { GuardError } from "../register/apply.ts";
import { isVisible } from "../restriction.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { absenceOf, finishApproval, readApproval } from "./approval.ts";
import { approveHoldJob, toApproving } from "./approve-hold.ts";
import { HoldItem, ScopeItem } from "./items.ts";
import { recordHold } from "./record-turns.ts";
import { retireMissing } from "./retire.ts";

export interface HoldDecision {
  readonly reason?: string | undefined;
  /** The version that the operator saw (If-Match); any when absent. */
  readonly version?: number | undefined;
}

function toHold(item: Stored<HoldItem>): Hold {
  const { scope: _, fingerprint: __, ...hold } = item;
  return hold;
}

/** Holds, newest first, all or those in a state. Throws 422 `cursor.invalid`. */
export function listHolds(
  context: Context,
  { limit, cursor, state }: ListOptions & { readonly state?: Hold["state"] | undefined },
): Promise<Listed<Hold>> {
  const isWanted = (item: HoldItem) => isVisible(context, item) && (state === undefined || item.state === state);
  return selectPage(
    context.table,
    {
      list: "holds",
      filters: { state },
      entity: HoldItem,
      partition: "holds",
      reverse: true,
      select: async (items) => items.map((item) => (isWanted(item) ? toHold(item) : undefined)),
    },
    { limit, cursor },
  );
}

async function readHold(context: Context, id: string): Promise<Stored<HoldItem>> {
  const hold = await context.table.get(HoldItem, { id }, { consistent: true });
  if (!hold || !isVisible(context, hold)) throw new ProblemError("hold.not_found");
  return hold;
}

/** Throws `request.precondition_failed` when the operator saw another version. */
function requireSeen(hold: Stored<HoldItem>, { version }: HoldDecision): void {
  if (version !== undefined && version !== hold.version) throw new ProblemError("request.precondition_failed");
}

interface Decided extends Pick<HoldDecision, "reason"> {
  readonly state: "approved" | "rejected";
  /** The run that does what was decided. */
  readonly job?: string;
}

/** Commits a decision with its record, together with what it relies on. Answers the hold as it is decided. */
async function commitDecision(
  context: Context,
  actor: Actor,
  hold: Stored<HoldItem>,
  { state, reason, job }: Decided,
  also: readonly Write[] = [],
): Promise<Hold> {
  const { version, job: _, ...item } = hold;
  const at = context.now().toISOString();
  const next: HoldItem = {
    ...item,
    state,
    decidedAt: at,
    decidedBy: actorName(actor),
    ...(reason ? { reason } : {}),
    ...(job === undefined ? {} : { job }),
  };
  // What is approved again, because it was interrupted, was told already.
  const told = hold.state === "pending" ? recordHold(context, actor, next, { type: state, at }) : [];
  await commitRecorded(context, actor, [replace(HoldItem, next, version), ...also, ...told], {
    action: state === "approved" ? "hold.approve" : "hold.reject",
    target: hold.id,
    detail: {
      scope: `${hold.source}/${hold.scope}`,
      missing: hold.missing,
      reason: reason ?? "",
      ...(job === undefined ? {} : { job }),
    },
  });
  return toHold(await readHold(context, hold.id));
}

/**
 * The missing resources stay. The same losses are not asked about again; others are. Errors: `hold.not_found`,
 * `hold.decided`, `request.precondition_failed`, `request.conflict`. Writes hold and audit items.
 */
export async function rejectHold(context: Context, actor: Actor, id: string, decision: HoldDecision): Promise<Hold> {
  return retryOnConflict(async () => {
    const hold = await readHold(context, id);
    requireSeen(hold, decision);
    if (hold.state !== "pending") throw new ProblemError("hold.decided", `the hold is ${hold.state}`);
    return commitDecision(context, actor, hold, { ...decision, state: "rejected" });
  });
}

/** Up to so many resources are retired while whoever approves waits; more of them by a job. */
const MOST_AT_ONCE = 200;

/** Whether a job is at work on what was approved, or waits for its runner. */
async function isUnderWay(context: Context, { state, job }: HoldItem): Promise<boolean> {
  if (state !== "approved" || job === undefined) return false;
  const run = await readRun(context, job);
  return run !== undefined && run.endedAt === undefined;
}

/**
 * Retires what the hold is about. The decision is committed first, with its audit record and only if the scope is still as it
 * was read; then a shard at a time is retired; last the scope shows the hold no more. More than 200 resources are retired by
 * a run of the job `approve-hold`, which is started in the decision's own commit, and is the hold's `job`. Interrupted, failed
 * or cancelled, the hold is approved and unfinished: approving it again goes on (and is recorded again), and so does the
 * scope's next run; while the job is at work it answers the hold. Beside a run on the scope it either goes through or is
 * refused. Errors: `hold.not_found`, `hold.decided`, `hold.changed` when the scope misses other resources than the operator
 * was shown, `request.precondition_failed`, `request.conflict`. Writes hold, job, audit, resource, event, feed, index,
 * manifest, page and scope items.
 */
export async function approveHold(context: Context, actor: Actor, id: string, decision: HoldDecision): Promise<Hold> {
  let decided: Hold | undefined;
  const attempt = async () => {
    const hold = await readHold(context, id);
    if (!decided) requireSeen(hold, decision);
    if (await isUnderWay(context, hold)) return toHold(hold);
    const key = { source: hold.source, name: hold.scope };
    const scope = await context.table.get(ScopeItem, key, { consistent: true });
    // Decided a moment ago, and a run that was completed meanwhile has seen to it.
    if (decided && scope?.hold !== hold.id) return decided;
    const approval = await readApproval(context, hold, scope);
    const guard = [check(ScopeItem, key, approval.scope.version)];
    if (approval.missing.idHashes.length > MOST_AT_ONCE) {
      const { run, writes } = newRun(approveHoldJob, {
        now: context.now(),
        createdBy: actorName(actor),
        state: toApproving(hold, approval, actor.principal),
      });
      const started = { ...decision, state: "approved", job: run.id } as const;
      const underWay = await commitDecision(context, actor, hold, started, [...guard, ...writes]);
      context.onJobStarted?.();
      return underWay;
    }
    decided ??= await commitDecision(context, actor, hold, { ...decision, state: "approved" }, guard);
    await retireMissing(context, approval.scope, approval.missing, absenceOf(context, actor, hold), guard);
    await finishApproval(context, actor, decided, approval.scope, { guard });
    return decided;
  };
  return retryOnConflict(attempt, {
    detail: "a run is at work on the scope; approve again when it is done",
    also: (error) => error instanceof GuardError,
  });
}
