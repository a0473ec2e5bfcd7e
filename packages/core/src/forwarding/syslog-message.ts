import type { AuditRecord } from "@cadastre/contract/audit/record";

/* RFC 5424 messages in frames of RFC 5425 §4.3: the length in octets, a blank, the message. */

/** "log audit" of RFC 5424 §6.2.1. */
const FACILITY = 13;
const NOTICE = 5;
const WARNING = 4;
const NIL = "-";
const APP_NAME = "cadastre";
/** 32473 is the enterprise number that RFC 5612 keeps for what has none of its own. */
const SD_ID = "cadastre@32473";
const MOST_MSGID = 32;
/** Says that the message is UTF-8. */
const BOM = "\uFEFF";

/** Of printable ASCII alone, as short as the header asks for. */
const toName = (text: string): string => text.replace(/[^!-~]/g, "?").slice(0, MOST_MSGID) || NIL;

const toValue = (text: string): string => text.toWellFormed().replace(/["\\\]]/g, "\\$&");

function toData({ id, organization, actor, resource, action, outcome, requestId, address }: AuditRecord): string {
  const values: readonly (readonly [string, string | undefined])[] = [
    ["id", id],
    ["organization", organization],
    ["actorType", actor.type],
    ["actorId", actor.id],
    ["action", action],
    ["entityType", resource.type],
    ["entityId", resource.id],
    ["outcome", outcome],
    ["requestId", requestId],
    ["address", address],
  ];
  const given = values.flatMap(([name, text]) => (text === undefined ? [] : [` ${name}="${toValue(text)}"`]));
  return `[${SD_ID}${given.join("")}]`;
}

function toFrame(message: string): Buffer {
  const bytes = Buffer.from(message);
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes]);
}

/** A record as a frame: what it is found by as structured data, and the whole of it as JSON. */
export function toSyslogFrame(record: AuditRecord): Buffer {
  const priority = FACILITY * 8 + (record.outcome === "done" ? NOTICE : WARNING);
  const header = `<${priority}>1 ${record.at} ${NIL} ${APP_NAME} ${NIL} ${toName(record.action)}`;
  return toFrame(`${header} ${toData(record)} ${BOM}${JSON.stringify(record).toWellFormed()}`);
}

/** A message without a record. */
export function toTestFrame(at: Date): Buffer {
  const header = `<${FACILITY * 8 + NOTICE}>1 ${at.toISOString()} ${NIL} ${APP_NAME} ${NIL} audit.test`;
  return toFrame(`${header} ${NIL} ${BOM}a test of forwarding`);
}
