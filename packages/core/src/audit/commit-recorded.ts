import type { AuditRecord } from "@cadastre/contract/audit/record";
import { type AuditAction, factsOf } from "@cadastre/contract/audit-actions";
import { newIdAt } from "@cadastre/contract/ids";
import { ConflictError } from "@cadastre/store/errors";
import { create, type Write } from "@cadastre/store/table";
import type { Actor, Context } from "../context.ts";
import { ClaimTakenError } from "./claim.ts";
import { AuditEntryItem, AuditOpenItem, toStored } from "./items.ts";
import { listsOf } from "./lists.ts";
import { sealPersonal } from "./personal.ts";
import { type Who, whoIs } from "./who.ts";

export interface AuditEntry {
  readonly action: AuditAction;
  /** What it was done to: an id, a natural id, a scope's name. Its type follows from the action. */
  readonly target: string;
  readonly outcome?: AuditRecord["outcome"];
  /** What changed, each path with its value before and after. Never of a secret. */
  readonly changes?: AuditRecord["changes"];
  /** Small and without secrets. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

type RecordContext = Pick<Context, "table" | "organization" | "now">;

/** Of the 100 writes of a commit, those that the record of something in bulk and a claim take. */
export const RECORD_WRITES = 2;

/** The record as it is read again: without members that JSON leaves out. */
const plain = (record: AuditRecord): AuditRecord => JSON.parse(JSON.stringify(record)) as AuditRecord;

/** The writes of a record: itself, which nothing rewrites, and its entries in lists. At most five. */
export async function recordAs(context: RecordContext, who: Who, entry: AuditEntry): Promise<Write[]> {
  const { table, organization } = context;
  const now = context.now();
  const { resource, flags = [] } = factsOf(entry.action);
  const whole = plain({
    id: newIdAt("audit", now),
    at: now.toISOString(),
    organization,
    ...who,
    action: entry.action,
    resource: { type: resource, id: entry.target },
    outcome: entry.outcome ?? "done",
    flags: [...flags],
    changes: [...(entry.changes ?? [])],
    detail: { ...entry.detail },
  });
  const record = await sealPersonal(table, whole);
  const { id, at } = record;
  return [
    create(AuditOpenItem, toStored(record)),
    ...listsOf(record).map((list) => create(AuditEntryItem, { list, id, at })),
  ];
}

/** The same of what an actor did, or was refused. */
export function recordOf(context: RecordContext, actor: Actor, entry: AuditEntry): Promise<Write[]> {
  return recordAs(context, whoIs(actor), entry);
}

/**
 * The one way in which a use case commits: its writes and the record of what was done, all or nothing, with the claim of an
 * Idempotency-Key when the request has one. At most 94 writes, or 98 of what is done in bulk; refusals of the table's ConflictError keep
 * their places. Throws ClaimTakenError when another request took the key, and what `table.commit` throws. Writes one record
 * among the open ones, and one entry for each list that it is in.
 */
export async function commitRecorded(
  context: Context,
  actor: Actor,
  writes: readonly Write[],
  entry: AuditEntry,
): Promise<void> {
  const claim = context.claim?.writeFor(entry.target);
  const all = [...writes, ...(await recordOf(context, actor, entry)), ...(claim ? [claim] : [])];
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
