import type { AuditAction } from "@cadastre/contract/audit-actions";
import { recordAs, recordOf } from "../audit/commit-recorded.ts";
import type { Who } from "../audit/who.ts";
import type { Actor, Context } from "../context.ts";

export interface FailedLogin {
  readonly action: AuditAction;
  /** What was tried: a session, or a name by its keyed hash, since people type passwords where a name belongs. */
  readonly target: string;
  /** It was not even tried, because too many failed before. */
  readonly isLocked: boolean;
  /** It was the one that locks. */
  readonly locks: boolean;
}

/** Nobody has proved who it is. */
interface Unknown {
  readonly requestId: string;
}

/** Who has not proved who it is, in records. */
export const unknownBy = ({ requestId }: Unknown): Who => ({
  actor: { type: "unknown", id: "unknown", name: "unknown" },
  requestId,
});

/**
 * Records that somebody did not prove who it is, in a commit of its own. Of a locked name nothing is recorded but that it was locked: the
 * rest is counted by source, as all refusals of unknown callers are. Costs the same whether there is such a user or not.
 */
export async function recordFailedLogin(
  context: Context,
  by: Actor | Unknown,
  { action, target, isLocked, locks }: FailedLogin,
): Promise<void> {
  if (isLocked) return;
  const entry = {
    action,
    target,
    outcome: "failed",
    detail: { code: "auth.invalid", ...(locks ? { locks } : {}) },
  } as const;
  const record = "principal" in by ? recordOf(context, by, entry) : recordAs(context, unknownBy(by), entry);
  await context.table.commit(await record);
  if (context.attempt) context.attempt.isRefusalRecorded = true;
}
