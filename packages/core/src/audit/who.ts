import type { AuditActor, AuditRecord } from "@cadastre/contract/audit/record";
import type { Actor, Principal } from "../context.ts";

/** Who acts, as records name it. */
export function toAuditActor({ type, id }: Pick<Principal, "type" | "id">): AuditActor {
  return { type, id, name: id };
}

/** Whose doing something is, and by which request. */
export type Who = Pick<AuditRecord, "organization" | "actor" | "address" | "userAgent" | "requestId">;

/** The same of an actor, with where its request came from. */
export function whoIs({ principal, requestId, address, userAgent }: Actor): Who {
  return {
    organization: principal.organization,
    actor: toAuditActor(principal),
    requestId,
    ...(address === undefined ? {} : { address }),
    ...(userAgent === undefined ? {} : { userAgent }),
  };
}
