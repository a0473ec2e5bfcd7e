import { type AuditRecord, auditRecord } from "@cadastre/contract/audit/record";
import type { Table } from "@cadastre/store/table";
import * as z from "zod";
import { openText, sealText } from "../sealed-text.ts";
import { keyToSeal, PersonKeyItem } from "./person-keys.ts";

/** What of a record is a person's, by whom it is of. */
const personal = auditRecord
  .pick({ address: true, userAgent: true })
  .extend({ name: z.string(), changes: auditRecord.shape.changes, detail: auditRecord.shape.detail })
  .partial();
type Personal = z.output<typeof personal>;

const FILL = 64;

/** Whether a record is about a person: what was asked for in vain may name nobody. */
const isPerson = ({ type, id }: { readonly type: string; readonly id: string }): boolean =>
  type === "user" && id.startsWith("usr_");

/** Which parts are whose: who the actor was and where it came from, and what was said of a user. */
function partsOf({ actor, resource, address, userAgent, changes, detail }: AuditRecord): Map<string, Personal> {
  const parts = new Map<string, Personal>();
  if (actor.type === "user")
    parts.set(actor.id, {
      name: actor.name,
      ...(address === undefined ? {} : { address }),
      ...(userAgent === undefined ? {} : { userAgent }),
    });
  if (isPerson(resource)) parts.set(resource.id, { ...parts.get(resource.id), changes, detail });
  return parts;
}

/**
 * The record as it is stored and sealed: what is a person's is under that person's key, and what is left names persons by their ids alone. So
 * destroying a key erases the person's data and changes no record.
 */
export async function sealPersonal(table: Table, record: AuditRecord): Promise<AuditRecord> {
  const parts = partsOf(record);
  if (parts.size === 0) return record;
  const sealed: { person: string; sealed: string }[] = [];
  for (const [person, part] of parts) {
    const key = await keyToSeal(table, person);
    if (key === undefined) continue;
    sealed.push({ person, sealed: sealText(JSON.stringify(part), key, FILL).toString("base64url") });
  }
  const { actor, resource, address, userAgent, ...rest } = record;
  const isUser = actor.type === "user";
  return {
    ...rest,
    actor: isUser ? { ...actor, name: actor.id } : actor,
    resource,
    ...(isUser || address === undefined ? {} : { address }),
    ...(isUser || userAgent === undefined ? {} : { userAgent }),
    ...(isPerson(resource) ? { changes: [], detail: {} } : {}),
    personal: sealed,
  };
}

function opened(record: AuditRecord, part: Personal): AuditRecord {
  const { name = record.actor.name, changes = record.changes, detail = record.detail, ...rest } = part;
  return { ...record, ...rest, changes, detail, actor: { ...record.actor, name } };
}

export type OpenRecord = (record: AuditRecord) => Promise<AuditRecord>;

/** Opens records as they are shown. Reads each person's key once, strongly: what was erased stays closed, and is said to be. */
export function createOpenRecord(table: Table): OpenRecord {
  const keys = new Map<string, Promise<string | undefined>>();
  const keyOf = (person: string) => {
    const known = keys.get(person);
    if (known) return known;
    const reading = table.get(PersonKeyItem, { person }, { consistent: true }).then((item) => item?.key);
    keys.set(person, reading);
    return reading;
  };
  return async function openRecord({ personal: sealed = [], ...record }) {
    let shown: AuditRecord = record;
    const isKept = (person: string) => sealed.some((one) => one.person === person);
    let isErased = record.actor.type === "user" && !isKept(record.actor.id);
    for (const one of sealed) {
      const key = await keyOf(one.person);
      if (key === undefined) isErased = true;
      else shown = opened(shown, personal.parse(JSON.parse(openText(Buffer.from(one.sealed, "base64url"), key))));
    }
    return isErased ? { ...shown, erased: true } : shown;
  };
}
