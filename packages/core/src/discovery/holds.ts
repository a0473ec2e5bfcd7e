import type { Hold } from "@cadastre/contract/discovery";
import { ProblemError } from "@cadastre/contract/errors";
import { fromScopeName } from "@cadastre/contract/scope";
import { COMMIT_LIMIT, check, put, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { inGroups } from "../in-parallel.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { GuardError } from "../register/apply.ts";
import { isVisible } from "../restriction.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { HoldItem, PageItem, ScopeItem } from "./items.ts";
import { readStates } from "./manifests.ts";
import { type Missing, readMissing, retireMissing } from "./retire.ts";
import { EMPTY_DIGEST, type ShardState, toPages } from "./shards.ts";

export interface HoldDecision {
  readonly reason?: string | undefined;
  /** The version that the operator saw (If-Match); any when absent. */
  readonly version?: number | undefined;
}

export function toHold(item: Stored<HoldItem>): Hold {
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

/** Commits a decision with its record, together with what it relies on. Answers the hold as it is decided. */
async function commitDecision(
  context: Context,
  actor: Actor,
  hold: Stored<HoldItem>,
  state: "approved" | "rejected",
  { reason }: HoldDecision,
  guard: readonly Write[] = [],
): Promise<Hold> {
  const { version, ...item } = hold;
  const next: HoldItem = {
    ...item,
    state,
    decidedAt: context.now().toISOString(),
    decidedBy: actorName(actor),
    ...(reason ? { reason } : {}),
  };
  await commitRecorded(context, actor, [replace(HoldItem, next, version), ...guard], {
    action: state === "approved" ? "hold.approve" : "hold.reject",
    target: hold.id,
    detail: { scope: `${hold.source}/${hold.scope}`, missing: hold.missing, reason: reason ?? "" },
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
    return commitDecision(context, actor, hold, "rejected", decision);
  });
}

/**
 * Retires what the hold is about. The decision is committed first, with its audit record and only if the scope is still as it
 * was read; then a shard at a time is retired; last the scope shows the hold no more. Interrupted, it is approved and
 * unfinished: approving it again goes on (and is recorded again), and so does the scope's next run. Beside a run on the scope
 * it either goes through or is refused. Errors: `hold.not_found`, `hold.decided`, `hold.changed` when the scope misses other
 * resources than the operator was shown, `request.precondition_failed`, `request.conflict`. Writes hold, audit, resource,
 * event, index, manifest, page and scope items.
 */
export async function approveHold(context: Context, actor: Actor, id: string, decision: HoldDecision): Promise<Hold> {
  let decided: Hold | undefined;
  const attempt = async () => {
    const hold = await readHold(context, id);
    if (!decided) requireSeen(hold, decision);
    const key = { source: hold.source, name: hold.scope };
    const scope = await context.table.get(ScopeItem, key, { consistent: true });
    // Decided a moment ago, and a run that was completed meanwhile has seen to it.
    if (decided && scope?.hold !== hold.id) return decided;
    const approval = await readApproval(context, hold, scope);
    const guard = [check(ScopeItem, key, approval.scope.version)];
    decided ??= await commitDecision(context, actor, hold, "approved", decision, guard);
    await finishApproval(context, actor, hold, approval, guard);
    return decided;
  };
  return retryOnConflict(attempt, {
    detail: "a run is at work on the scope; approve again when it is done",
    also: (error) => error instanceof GuardError,
  });
}

/** The scope that a hold stands on, and what it is missing. */
interface Approval {
  readonly scope: Stored<ScopeItem>;
  readonly states: Map<number, ShardState>;
  readonly missing: Missing;
}

/** Reads what an approval is about. Throws unless that is what the operator was shown, or the rest of it. */
async function readApproval(
  context: Context,
  hold: Stored<HoldItem>,
  scope: Stored<ScopeItem> | undefined,
): Promise<Approval> {
  const isStanding = scope?.hold === hold.id;
  if (hold.state !== "pending" && !(hold.state === "approved" && isStanding))
    throw new ProblemError("hold.decided", `the hold is ${hold.state}`);
  if (!scope || !isStanding) throw new ProblemError("hold.changed");
  const [states = new Map<number, ShardState>()] = await readStates(context, [scope]);
  const missing = await readMissing(context, scope, states);
  const isShown = missing.fingerprint === hold.fingerprint;
  if (hold.state === "pending" && !isShown) throw new ProblemError("hold.changed");
  // Of an approval that was interrupted a part is left, and it is not known which, when a run may have added to it.
  if (!isShown && scope.lease)
    throw new ProblemError("request.conflict", "a run has the scope open; approve again when it is done");
  return { scope, states, missing };
}

async function finishApproval(
  context: Context,
  actor: Actor,
  hold: HoldItem,
  { scope, states, missing }: Approval,
  guard: readonly Write[],
): Promise<void> {
  const at = context.now().toISOString();
  const absence = { scope: fromScopeName(hold.scope), run: hold.id, actor, at };
  await retireMissing(context, scope, missing, absence, guard);
  for (const shard of missing.shards)
    states.set(shard, { digest: states.get(shard)?.digest ?? EMPTY_DIGEST, missing: 0 });
  const pages = toPages(scope, scope.shardCount, states, missing.shards).map((page) => put(PageItem, page));
  const { version, hold: _, ...item } = scope;
  const outcome = item.outcome && { ...item.outcome, missing: 0, changeAt: at };
  const last = replace(ScopeItem, { ...item, ...(outcome ? { outcome } : {}) }, version);
  const [first = [], ...rest] = inGroups(pages, COMMIT_LIMIT - 1);
  for (const group of rest) await context.table.commit([...guard, ...group]);
  await context.table.commit([last, ...first]);
}
