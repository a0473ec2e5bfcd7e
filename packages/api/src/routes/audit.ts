import { auditRecord, page } from "@cadastre/contract/view";
import { listAudit } from "@cadastre/core/audit/list";
import * as z from "zod";
import { paging } from "./lists.ts";
import { operatorRoute, type Route } from "./route.ts";

const text = z.string().min(1).max(1024).optional();
const time = z.iso.datetime({ offset: true }).optional();

export const AUDIT_ROUTES: readonly Route[] = [
  operatorRoute({
    method: "GET",
    path: "/api/v1/audit",
    scope: "audit:read",
    name: "listAudit",
    summary: "The audit log, newest first",
    description: "With filters a page may be short, or empty, and still have a cursor.",
    query: z.strictObject({ ...paging, actor: text, action: text, target: text, since: time, until: time }),
    answer: page(auditRecord),
    handle: ({ context, query }) => listAudit(context, query),
  }),
];
