import { auditRecord } from "@cadastre/contract/view";
import { defineEntity } from "@cadastre/store/entity";

/**
 * One partition a month. Within it the order is by the record's own time and then by id: ids alone would not do, because
 * a process whose clock was set back goes on with later ids.
 */
export const AuditItem = defineEntity({
  type: "audit",
  about:
    "One record for each mutation and each access to a secret, in the mutation's own commit. Read backwards, month by month",
  schema: auditRecord,
  key: {
    partition: (of: { at: string; id: string }) => auditPartition(of.at),
    sort: (of: { at: string; id: string }) => `${of.at}#${of.id}`,
  },
});

/** `audit#2026-11` for any time in that month. */
export function auditPartition(at: string): string {
  return `audit#${at.slice(0, 7)}`;
}
