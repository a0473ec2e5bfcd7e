import { hash } from "node:crypto";
import type { AuditRecord } from "@cadastre/contract/audit/record";
import { AUDIT_ACTIONS, type AuditAction, factsOf } from "@cadastre/contract/audit-actions";

/** A longer name is in its list's key by its hash: keys have at most 2 KB. */
const MOST_NAME = 512;

const nameIn = (text: string): string => (text.length <= MOST_NAME ? text : hash("sha256", text));

const byEntity = (type: string, id: string) => `entity#${type}#${nameIn(id)}`;
const byActor = (id: string) => `actor#${nameIn(id)}`;
const byAction = (action: string) => `action#${action}`;
const byOutcome = (outcome: AuditRecord["outcome"]) => `outcome#${outcome}`;

/** What machines do day and night, and strangers, is not listed by who it was. */
const UNLISTED_ACTORS: readonly string[] = ["collector", "system", "unknown", "others"];

const isBulk = (action: string): boolean => factsOf(action as AuditAction)?.isBulk === true;

/** Types of things that something is done to in bulk, of which lists would not be whole, and callers, of whom there are as many as strangers like. */
const UNLISTED_TYPES = new Set([
  ...Object.values(AUDIT_ACTIONS)
    .filter((facts) => "isBulk" in facts)
    .map(({ resource }): string => resource),
  "caller",
]);

/**
 * The lists that a record is in, beside the log. What machines do in bulk is in none of them unless it was denied or failed: each list
 * costs two write units a record.
 */
export function listsOf({
  action,
  actor,
  resource,
  outcome,
}: Pick<AuditRecord, "action" | "actor" | "resource" | "outcome">): string[] {
  const ofOutcome = outcome === "done" ? [] : [byOutcome(outcome)];
  if (isBulk(action)) return ofOutcome;
  const ofActor = UNLISTED_ACTORS.includes(actor.type) ? [] : [byActor(actor.id)];
  const ofEntity = UNLISTED_TYPES.has(resource.type) ? [] : [byEntity(resource.type, resource.id)];
  return [...ofEntity, ...ofActor, byAction(action), ...ofOutcome];
}

export interface ListedBy {
  readonly entity?: { readonly type: string; readonly id: string } | undefined;
  readonly actor?: { readonly type: string | undefined; readonly id: string } | undefined;
  readonly action?: string | undefined;
  readonly outcome?: AuditRecord["outcome"] | undefined;
}

/** The shortest list that has all records with these values; none where the log itself has to be looked through. */
export function listFor({ entity, actor, action, outcome }: ListedBy): string | undefined {
  if (entity !== undefined && !UNLISTED_TYPES.has(entity.type)) return byEntity(entity.type, entity.id);
  if (actor?.type !== undefined && !UNLISTED_ACTORS.includes(actor.type)) return byActor(actor.id);
  if (action !== undefined && !isBulk(action)) return byAction(action);
  return outcome === undefined || outcome === "done" ? undefined : byOutcome(outcome);
}
