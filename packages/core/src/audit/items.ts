import { auditRecord } from "@cadastre/contract/view";
import { defineEntity } from "@cadastre/store/entity";

/** A partition takes 1,000 writes a second: so many of them share the log. */
const SLOTS = 8;

/**
 * The log in a fixed number of partitions, a record's by its id. Within one the order is by the record's own time and then by
 * id: ids alone would not do, because a process whose clock was set back goes on with later ids.
 */
export const AuditItem = defineEntity({
  type: "audit",
  about:
    "One record for each mutation and each access to a secret, in the mutation's own commit. Read backwards, all partitions together",
  schema: auditRecord,
  key: {
    partition: (of: { at: string; id: string }) => `audit#${of.id.charCodeAt(of.id.length - 1) % SLOTS}`,
    sort: (of: { at: string; id: string }) => `${of.at}#${of.id}`,
  },
});

export const AUDIT_PARTITIONS: readonly string[] = Array.from({ length: SLOTS }, (_, slot) => `audit#${slot}`);
