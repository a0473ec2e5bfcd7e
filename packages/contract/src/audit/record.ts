import * as z from "zod";
import { AUDIT_FLAGS } from "../audit-actions.ts";
import { change } from "../change.ts";
import { idSchema } from "../ids.ts";
import { namedValues } from "../names.ts";

export const auditActor = z.object({
  type: z.string().meta({
    description:
      "user, service-account, token, collector or system; unknown and others are callers of whom only refusals are counted",
  }),
  id: z.string(),
  name: z.string().meta({ description: "As it was called then; the id when it had no name, or when it was erased" }),
});
export type AuditActor = z.output<typeof auditActor>;

const auditResource = z.object({
  type: z.string().meta({ description: "What the action is done to, such as account or token" }),
  id: z.string(),
});

export const AUDIT_OUTCOMES = ["done", "denied", "failed"] as const;

/** One record of the audit log. */
export const auditRecord = z.object({
  id: idSchema("audit"),
  at: z.iso.datetime(),
  organization: z.string(),
  actor: auditActor,
  session: z.string().optional(),
  strength: z
    .int()
    .optional()
    .meta({ description: "How the actor proved who it is: 1 one factor, 2 two, 3 resistant to phishing" }),
  address: z.string().optional().meta({ description: "Where the request came from" }),
  userAgent: z.string().optional(),
  requestId: z.string(),
  action: z.string().meta({ description: "area.verb, such as credential.reveal" }),
  resource: auditResource,
  outcome: z.enum(AUDIT_OUTCOMES),
  decision: z
    .object({ policies: z.array(z.string()) })
    .optional()
    .meta({ description: "Which policies decided that it may, or may not, be done" }),
  flags: z.array(z.enum(AUDIT_FLAGS)).meta({ description: "Which rules ask for this record, by its action" }),
  changes: z.array(change).meta({
    description:
      "What changed, each path with its value before and after; of a secret a keyed hash and never the value",
  }),
  detail: namedValues(),
  personal: z
    .array(z.object({ person: z.string(), sealed: z.string() }))
    .optional()
    .meta({
      description:
        "As it is stored, sealed and exported: what is a person's (name, address, userAgent; of a user as the resource, changes and detail), under a key of that person. Lists show it opened",
    }),
  erased: z.boolean().optional().meta({ description: "In lists: a person's data in it was erased" }),
});
export type AuditRecord = z.output<typeof auditRecord>;
