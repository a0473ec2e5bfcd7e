import type { Hold } from "@cadastre/contract/discovery";
import { ProblemError } from "@cadastre/contract/errors";
import { check, replace, type Stored, type Write } from "@cadastre/store/table";
import { toAskedBy } from "../asked-by.ts";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { readRun } from "../jobs/read.ts";
import { runNow } from "../jobs/run-now.ts";
import { newRun } from "../jobs/start.ts";
import { followHold } from "../ledger/gaps.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { isVisible } from "../restriction.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { readApproval } from "./approval.ts";
import { approveHoldJob, toApproving } from "./approve-hold.ts";
import { HoldItem, ScopeItem } from "./items.ts";
import { recordHold } from "./record-turns.ts";

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
    context,
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
  const gap = followHold({ source: hold.source, name: hold.scope }, false, at);
  await commitRecorded(context, actor, [replace(HoldItem, next, version), ...also, ...told, gap], {
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

/** Up to so many resources are retired while whoever approves waits. */
const MOST_AT_ONCE = 200;
/** How long they may take: what is left then goes on in the background. */
const MOST_SECONDS_AT_ONCE = 15;

/** Whether a job is at work on what was approved, or waits for its runner. */
async function isUnderWay(context: Context, { state, job }: HoldItem): Promise<boolean> {
  if (state !== "approved" || job === undefined) return false;
  const run = await readRun(context, job);
  return run !== undefined && run.endedAt === undefined;
}

/**
 * Decides that what the hold is about is to be retired. One commit has the decision, its audit record and a run of the job
 * `approve-hold`, which does it: it is the hold's `job`, and holds only if the scope is still as it was read. Up to 200 resources
 * are retired by it before this answers, more of them afterwards. Whatever interrupts it, the run goes on by itself; once it has
 * failed or was cancelled the hold is approved and unfinished, and approving it again starts another. While one is at work it
 * answers the hold. Errors: `hold.not_found`, `hold.decided`, `hold.changed` when the scope misses other resources than the
 * operator was shown, `request.precondition_failed`, `request.conflict` when runs keep changing the scope: nothing is decided
 * then. Writes hold, job and audit items; the job writes resource, event, feed, index, manifest, page and scope items.
 */
export async function approveHold(context: Context, actor: Actor, id: string, decision: HoldDecision): Promise<Hold> {
  const { hold, started } = await retryOnConflict(() => tryApprove(context, actor, id, decision), {
    detail: "a run is at work on the scope; approve again when it is done",
  });
  if (started && started.resources <= MOST_AT_ONCE) {
    const until = new Date(context.now().getTime() + MOST_SECONDS_AT_ONCE * 1000);
    await runNow(context, approveHoldJob, started.job, until);
  } else if (started) context.onJobStarted?.();
  return hold;
}

interface Approved {
  readonly hold: Hold;
  /** Absent when a run was at work already. */
  readonly started?: { readonly job: string; readonly resources: number };
}

async function tryApprove(context: Context, actor: Actor, id: string, decision: HoldDecision): Promise<Approved> {
  const hold = await readHold(context, id);
  requireSeen(hold, decision);
  if (await isUnderWay(context, hold)) return { hold: toHold(hold) };
  const key = { source: hold.source, name: hold.scope };
  const scope = await context.table.get(ScopeItem, key, { consistent: true });
  const approval = await readApproval(context, hold, scope);
  const { run, writes } = newRun(approveHoldJob, {
    now: context.now(),
    createdBy: actorName(actor),
    state: toApproving(hold, approval, toAskedBy(actor)),
  });
  const decided = { ...decision, state: "approved", job: run.id } as const;
  const guard = check(ScopeItem, key, approval.scope.version);
  return {
    hold: await commitDecision(context, actor, hold, decided, [guard, ...writes]),
    started: { job: run.id, resources: approval.missing.idHashes.length },
  };
}
