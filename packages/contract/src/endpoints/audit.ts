import * as z from "zod";
import { auditRecord, page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { paging } from "./query.ts";

const text = z.string().min(1).max(1024).optional();
const time = z.iso.datetime({ offset: true }).optional();

export const audit = defineArea("audit", {
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/audit",
    access: operator("audit:read", "audit"),
    summary: "The audit log, newest first",
    description: "With filters a page may be short, or empty, and still have a cursor.",
    query: z.strictObject({ ...paging, actor: text, action: text, target: text, since: time, until: time }),
    answer: page(auditRecord),
    example: { query: { action: "credential.reveal", since: "2026-11-01T00:00:00Z" } },
  }),
});
