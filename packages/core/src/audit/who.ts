import type { AuditActor, AuditRecord } from "@cadastre/contract/audit/record";
import type { Actor, Principal } from "../context.ts";

/** Who acts, as records name it. */
const toAuditActor = ({ type, id, name }: Pick<Principal, "type" | "id" | "name">): AuditActor => ({ type, id, name });

/** Whose doing something is, and by which request. */
export type Who = Pick<
  AuditRecord,
  "actor" | "session" | "strength" | "address" | "userAgent" | "requestId" | "decision"
>;

/** The same of an actor, with where its request came from. */
export function whoIs({ principal, requestId, address, userAgent, decision }: Actor): Who {
  return {
    actor: toAuditActor(principal),
    requestId,
    ...(principal.session === undefined ? {} : { session: principal.session.id, strength: principal.session.strength }),
    ...(address === undefined ? {} : { address }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(decision === undefined ? {} : { decision: { policies: [...decision.policies] } }),
  };
}
