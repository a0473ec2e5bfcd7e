import { type AuditRecord, auditRecord } from "@cadastre/contract/audit/record";
import type { Context } from "../context.ts";
import { mergedQuery } from "../merged-query.ts";
import { AUDIT_PARTITIONS, AuditItem } from "./items.ts";
import { createOpenRecord } from "./personal.ts";

const AT_ONCE = 1600;

/** All records between two times (ISO, both inclusive), oldest first, sealed or not. Reads some hundreds at a time. */
export async function* walkAudit(
  { table }: Context,
  { since, until }: { readonly since?: string | undefined; readonly until?: string | undefined },
): AsyncGenerator<AuditRecord> {
  const records = mergedQuery(table, AuditItem, {
    partitions: AUDIT_PARTITIONS,
    after: since === undefined ? undefined : new Date(since).toISOString(),
    before: until === undefined ? undefined : `${new Date(until).toISOString()}#~`,
    reverse: false,
    expected: AT_ONCE,
    consistent: true,
  });
  const open = createOpenRecord(table);
  for await (const { item } of records) yield await open(auditRecord.parse(item));
}
