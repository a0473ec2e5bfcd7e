import type { AuditAction } from "@cadastre/contract/audit-actions";
import { newId } from "@cadastre/contract/ids";
import type { AuditRecord } from "@cadastre/contract/view";
import { ConflictError } from "@cadastre/store/errors";
import { create, type Write } from "@cadastre/store/table";
import { type Actor, actorName, type Context } from "../context.ts";
import { ClaimTakenError } from "./claim.ts";
import { AuditItem } from "./items.ts";

export interface AuditEntry {
  readonly action: AuditAction;
  /** What it was done to: an id, a natural id, a scope's name. */
  readonly target: string;
  readonly outcome?: AuditRecord["outcome"];
  /** What changed, each path with its value before and after. Never of a secret. */
  readonly changes?: AuditRecord["changes"];
  /** Small and without secrets. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Of the 100 writes of a commit, those that the record and a claim take. */
export const RECORD_WRITES = 2;

/** The write of a record. It is created, and nothing rewrites it. */
export function recordAs(
  { actor, requestId }: Pick<AuditRecord, "actor" | "requestId">,
  now: Date,
  entry: AuditEntry,
): Write {
  return create(AuditItem, {
    id: newId("audit", now),
    at: now.toISOString(),
    actor,
    action: entry.action,
    target: entry.target,
    outcome: entry.outcome ?? "done",
    requestId,
    changes: [...(entry.changes ?? [])],
    detail: { ...entry.detail },
  });
}

/** The same of what an actor did, or was refused. */
export function recordOf(actor: Actor, now: Date, entry: AuditEntry): Write {
  return recordAs({ actor: actorName(actor), requestId: actor.requestId }, now, entry);
}

/**
 * The one way in which a use case commits: its writes and the record of what was done, all or nothing, with the claim of an
 * Idempotency-Key when the request has one. At most 98 writes; refusals of the table's ConflictError keep their places.
 * Throws ClaimTakenError when another request took the key, and what `table.commit` throws. Writes one audit item.
 */
export async function commitRecorded(
  context: Context,
  actor: Actor,
  writes: readonly Write[],
  entry: AuditEntry,
): Promise<void> {
  const claim = context.claim?.writeFor(entry.target);
  const all = [...writes, recordOf(actor, context.now(), entry), ...(claim ? [claim] : [])];
  try {
    await context.table.commit(all);
  } catch (error) {
    const place = all.length - 1;
    const isLost = (refusal: { index: number; reason: string }) =>
      refusal.index === place && refusal.reason === "exists";
    if (claim && error instanceof ConflictError && error.refusals.some(isLost)) throw new ClaimTakenError();
    throw error;
  }
  if (claim) context.claim?.taken();
  if (context.attempt && (entry.outcome ?? "done") !== "done") context.attempt.isRefusalRecorded = true;
}
