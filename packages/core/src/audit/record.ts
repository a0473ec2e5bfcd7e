import { newId } from "@cadastre/contract/ids";
import type { AuditRecord } from "@cadastre/contract/view";
import { create, type Write } from "@cadastre/store/table";
import type { Actor } from "../context.ts";
import { AuditItem } from "./items.ts";

export interface AuditEntry {
  /** `area.verb`, such as `credential.reveal`. */
  readonly action: string;
  /** What it was done to: an id, a natural id, a scope's name. */
  readonly target: string;
  readonly outcome?: AuditRecord["outcome"];
  /** Small and without secrets. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** The write that records an action; it belongs in the same commit as the action's own writes. */
export function audit(actor: Actor, now: Date, entry: AuditEntry): Write {
  return create(AuditItem, {
    id: newId("audit", now),
    at: now.toISOString(),
    actor: actor.id,
    action: entry.action,
    target: entry.target,
    outcome: entry.outcome ?? "done",
    requestId: actor.requestId,
    detail: { ...entry.detail },
  });
}
