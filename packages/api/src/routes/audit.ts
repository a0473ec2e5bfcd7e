import { audit } from "@cadastre/contract/endpoints/audit";
import { listAudit } from "@cadastre/core/audit/list";
import { implement } from "./route.ts";

export const AUDIT_ROUTES = implement(audit, {
  list: ({ context, query }) => listAudit(context, query),
});
