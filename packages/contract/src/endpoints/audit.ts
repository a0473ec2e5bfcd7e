import * as z from "zod";
import { AUDIT_ACTIONS } from "../audit-actions.ts";
import { auditRecord, page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { paging } from "./query.ts";

const text = z.string().min(1).max(1024).optional();
/** Who is called otherwise is nobody. */
const actor = z
  .string()
  .regex(
    /^(?:user:usr_[0-9A-Z]{26}|service-account:sva_[0-9A-Z]{26}|collector:col_[0-9A-Z]{26}|system|unknown|others)$/,
    "is user:usr_…, service-account:sva_…, collector:col_… or system, or unknown or others, of whom only refusals are counted",
  )
  .optional();
const time = z.iso.datetime({ offset: true }).optional();

export const audit = defineArea("audit", {
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/audit",
    access: operator("audit:read", "audit"),
    summary: "The audit log, newest first",
    description: "With filters a page may be short, or empty, and still have a cursor.",
    query: z.strictObject({
      ...paging,
      actor,
      action: z.enum(AUDIT_ACTIONS).optional(),
      target: text,
      since: time,
      until: time,
    }),
    answer: page(auditRecord),
    example: { query: { action: "credential.reveal", since: "2026-11-01T00:00:00Z" } },
  }),
});
