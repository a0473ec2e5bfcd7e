import type { Hold } from "@cadastre/contract/discovery";
import { ProblemError } from "@cadastre/contract/errors";
import { fromScopeName } from "@cadastre/contract/scope";
import { ConflictError } from "@cadastre/store/errors";
import { check, put, replace } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { isVisible } from "../restriction.ts";
import { BucketItem } from "../scopes/items.ts";
import { bucketOf } from "./buckets.ts";
import { HoldItem, PageItem, ScopeItem } from "./items.ts";
import { readPages } from "./lease.ts";
import { readMissing, retireMissing } from "./retire.ts";
import { EMPTY_DIGEST, toPages, toStates } from "./shards.ts";

type StoredHold = HoldItem & { readonly version: number };

export interface HoldDecision {
  readonly reason?: string | undefined;
  /** The version that the operator saw (If-Match); any when absent. */
  readonly version?: number | undefined;
}

export function toHold(item: StoredHold): Hold {
  const { scope: _, fingerprint: __, ...hold } = item;
  return hold;
}

/** Holds, newest first, all or those in a state. Throws 422 `cursor.invalid`. */
export function listHolds(
  context: Context,
  { limit, cursor, state }: ListOptions & { state?: Hold["state"] | undefined },
): Promise<Listed<Hold>> {
  const isWanted = (item: StoredHold) => isVisible(context, item) && (state === undefined || item.state === state);
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

async function requireHold(context: Context, id: string, decision: HoldDecision): Promise<StoredHold> {
  const hold = await context.table.get(HoldItem, { id }, { consistent: true });
  if (!hold || !isVisible(context, hold)) throw new ProblemError("hold.not_found");
  if (decision.version !== undefined && decision.version !== hold.version)
    throw new ProblemError("request.precondition_failed");
  return hold;
}

async function decide(
  context: Context,
  actor: Actor,
  hold: StoredHold,
  state: "approved" | "rejected",
  decision: HoldDecision,
): Promise<StoredHold> {
  const now = context.now();
  const { version, ...item } = hold;
  const next: HoldItem = {
    ...item,
    state,
    decidedAt: now.toISOString(),
    decidedBy: actorName(actor),
    ...(decision.reason ? { reason: decision.reason } : {}),
  };
  const action = state === "approved" ? "hold.approve" : "hold.reject";
  try {
    await commitRecorded(context, actor, [replace(HoldItem, next, version)], {
      action,
      target: hold.id,
      detail: { scope: `${hold.source}/${hold.scope}`, missing: hold.missing, reason: decision.reason ?? "" },
    });
  } catch (error) {
    if (error instanceof ConflictError)
      throw new ProblemError("request.conflict", "the hold was changed meanwhile; read it again", { cause: error });
    throw error;
  }
  return (await context.table.get(HoldItem, { id: hold.id }, { consistent: true })) ?? hold;
}

/** The missing resources stay. The same losses are not asked about again; others are. Writes hold and audit. */
export async function rejectHold(context: Context, actor: Actor, id: string, decision: HoldDecision): Promise<Hold> {
  const hold = await requireHold(context, id, decision);
  if (hold.state !== "pending") throw new ProblemError("hold.decided", `the hold is ${hold.state}`);
  return toHold(await decide(context, actor, hold, "rejected", decision));
}

/**
 * Retires what the hold is about. The decision is committed first, with its audit record; then a shard at a time is retired.
 * Interrupted, it is approved and unfinished: approving it again goes on (and is recorded again), and so does the scope's
 * next run. Refused with `hold.changed` when the scope misses other resources than the operator was shown.
 */
export async function approveHold(context: Context, actor: Actor, id: string, decision: HoldDecision): Promise<Hold> {
  const { table } = context;
  const hold = await requireHold(context, id, decision);
  if (hold.state !== "pending" && hold.state !== "approved")
    throw new ProblemError("hold.decided", `the hold is ${hold.state}`);
  const scopeId = { source: hold.source, name: hold.scope };
  const scope = await table.get(ScopeItem, scopeId, { consistent: true });
  if (!scope || scope.hold !== hold.id) throw new ProblemError("hold.changed");
  const states = toStates(await readPages(context, hold.source, hold.scope), scope.shardCount);
  const missing = await readMissing(context, scopeId, scope.shardCount, states);
  if (hold.state === "approved") {
    if (!(await isShown(context, hold))) throw new ProblemError("hold.decided", "the hold is approved");
    // What is missing by now may be more than the operator was shown, when a run is at work.
    if (scope.lease)
      throw new ProblemError("request.conflict", "a run has the scope open; approve again when it is done");
  } else if (missing.fingerprint !== hold.fingerprint) {
    throw new ProblemError("hold.changed");
  }
  const decided = await decide(context, actor, hold, "approved", decision);

  const guard = [check(ScopeItem, scopeId, scope.version)];
  const absence = {
    scope: fromScopeName(hold.scope),
    run: hold.id,
    actor,
    at: context.now().toISOString(),
  };
  await retireMissing(context, scopeId, scope.shardCount, missing.shards, absence, guard, new Set(missing.idHashes));
  for (const shard of missing.shards)
    states.set(shard, { digest: states.get(shard)?.digest ?? EMPTY_DIGEST, missing: 0 });
  for (const page of toPages(scopeId, scope.shardCount, states, missing.shards))
    await table.commit([...guard, put(PageItem, page)]);
  await settleEntry(context, hold);
  return toHold(decided);
}

/** Whether the status list still shows the hold: that it no longer does is the last step of an approval. */
async function isShown(context: Context, hold: HoldItem): Promise<boolean> {
  const key = { source: hold.source, bucket: bucketOf(hold.scope) };
  const bucket = await context.table.get(BucketItem, key, { consistent: true });
  return bucket?.scopes.some((entry) => entry.hold === hold.id) ?? false;
}

/** The status list no longer shows the hold. */
async function settleEntry(context: Context, hold: HoldItem): Promise<void> {
  for (let attempt = 1; attempt <= 5; attempt++) {
    const bucket = await context.table.get(
      BucketItem,
      { source: hold.source, bucket: bucketOf(hold.scope) },
      { consistent: true },
    );
    if (!bucket) return;
    const { version, ...item } = bucket;
    const scopes = item.scopes.map((entry) => {
      if (entry.hold !== hold.id) return entry;
      const { hold: _, ...rest } = entry;
      return { ...rest, missing: 0, changeAt: context.now().toISOString() };
    });
    try {
      return await context.table.commit([replace(BucketItem, { ...item, scopes }, version)]);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}
