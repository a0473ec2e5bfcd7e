import { type AuditRecord, auditRecord } from "@cadastre/contract/audit/record";
import type { Context } from "../context.ts";
import { fromStored } from "./items.ts";
import { walkLog } from "./log.ts";
import { createOpenRecord } from "./personal.ts";

const AT_ONCE = 1600;

/** All records between two times (ISO, both inclusive), oldest first, sealed or not. Reads some hundreds at a time. */
export async function* walkAudit(
  { table }: Pick<Context, "table">,
  { since, until }: { readonly since?: string | undefined; readonly until?: string | undefined },
): AsyncGenerator<AuditRecord> {
  const open = createOpenRecord(table);
  const before = until === undefined ? undefined : `${new Date(until).toISOString()}#~`;
  let after = since === undefined ? undefined : new Date(since).toISOString();
  for (let count = AT_ONCE; count === AT_ONCE; ) {
    count = 0;
    for await (const { sk, item } of walkLog(table, {
      after,
      before,
      reverse: false,
      expected: AT_ONCE,
      most: AT_ONCE,
    })) {
      yield await open(auditRecord.parse(fromStored(item)));
      after = sk;
      count += 1;
    }
  }
}
