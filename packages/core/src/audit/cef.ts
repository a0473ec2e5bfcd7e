import type { AuditRecord } from "@cadastre/contract/audit/record";
import { VERSION } from "@cadastre/contract/version";

/* ArcSight Common Event Format, version 0: a header of seven fields, then `key=value`. */

const SEVERITIES: Readonly<Record<AuditRecord["outcome"], number>> = { done: 3, failed: 5, denied: 7 };

const header = (text: string): string => text.replace(/[\\|]/g, "\\$&").replace(/[\r\n]+/g, " ");
const value = (text: string): string => text.replace(/[\\=]/g, "\\$&").replace(/\r/g, "\\r").replace(/\n/g, "\\n");

/** A record as one line, without a line feed. */
export function toCef(record: AuditRecord): string {
  const { id, at, action, actor, resource, outcome, requestId, address, userAgent, organization, flags } = record;
  const about = [action, action.replace(".", " "), String(SEVERITIES[outcome])];
  const fields: readonly (readonly [string, string | undefined])[] = [
    ["rt", String(Date.parse(at))],
    ["externalId", id],
    ["suid", actor.id],
    ["suser", actor.name],
    ["spriv", actor.type],
    ["act", action],
    ["outcome", outcome],
    ["src", address],
    ["requestClientApplication", userAgent],
    ["cs1Label", "entityType"],
    ["cs1", resource.type],
    ["cs2Label", "entityId"],
    ["cs2", resource.id],
    ["cs3Label", "requestId"],
    ["cs3", requestId],
    ["cs4Label", "organization"],
    ["cs4", organization],
    ["cs5Label", "flags"],
    ["cs5", flags.join(" ")],
    ["cs6Label", "changes"],
    ["cs6", record.changes.length === 0 ? undefined : JSON.stringify(record.changes)],
    ["msg", JSON.stringify(record.detail)],
  ];
  const given = fields.flatMap(([key, text]) => (text === undefined || text === "" ? [] : [`${key}=${value(text)}`]));
  return `CEF:0|Cadastre|Cadastre|${header(VERSION)}|${about.map(header).join("|")}|${given.join(" ")}`;
}
