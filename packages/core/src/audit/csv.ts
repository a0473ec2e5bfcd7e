import type { AuditRecord } from "@cadastre/contract/audit/record";
import { stringify } from "csv-stringify/sync";

const COLUMNS: readonly (readonly [string, (record: AuditRecord) => string | undefined])[] = [
  ["id", ({ id }) => id],
  ["at", ({ at }) => at],
  ["organization", ({ organization }) => organization],
  ["actorType", ({ actor }) => actor.type],
  ["actorId", ({ actor }) => actor.id],
  ["actorName", ({ actor }) => actor.name],
  ["session", ({ session }) => session],
  ["strength", ({ strength }) => strength?.toString()],
  ["address", ({ address }) => address],
  ["userAgent", ({ userAgent }) => userAgent],
  ["requestId", ({ requestId }) => requestId],
  ["action", ({ action }) => action],
  ["entityType", ({ resource }) => resource.type],
  ["entityId", ({ resource }) => resource.id],
  ["outcome", ({ outcome }) => outcome],
  ["policies", ({ decision }) => decision?.policies.join(" ")],
  ["flags", ({ flags }) => flags.join(" ")],
  ["changes", ({ changes }) => JSON.stringify(changes)],
  ["detail", ({ detail }) => JSON.stringify(detail)],
];

const toLine = (cells: readonly (string | undefined)[]): string =>
  // Texts come from others: none may be taken for a formula by a spreadsheet.
  stringify([cells], { escape_formulas: true, record_delimiter: "windows" });

/** The line of names (RFC 4180). */
export const CSV_HEAD = toLine(COLUMNS.map(([name]) => name));

/** A record as a line. */
export function toCsv(record: AuditRecord): string {
  return toLine(COLUMNS.map(([, read]) => read(record)));
}
