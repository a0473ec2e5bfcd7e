import type { AuditRecord } from "@cadastre/contract/audit/record";
import { ID_PREFIXES } from "@cadastre/contract/ids";
import type { ListedBy } from "./lists.ts";

export interface AuditMatch {
  readonly entityType?: string | undefined;
  readonly entityId?: string | undefined;
  /** `type:id`, or an id alone. */
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly outcome?: AuditRecord["outcome"] | undefined;
  readonly flag?: AuditRecord["flags"][number] | undefined;
  /** A text that the record has somewhere, whatever the case of its letters. */
  readonly q?: string | undefined;
}

export interface Matcher {
  readonly listedBy: ListedBy;
  readonly matches: (record: AuditRecord) => boolean;
  /** Whether it has the text that is looked for, once it is opened. */
  readonly says: (record: AuditRecord) => boolean;
  /** Whether some of what is read may not match, with or without a list. */
  readonly isFiltering: (byList: boolean) => boolean;
}

/** Types of actors by the prefixes of their ids. */
const TYPES: Readonly<Record<string, string>> = {
  [ID_PREFIXES.user]: "user",
  [ID_PREFIXES.serviceAccount]: "service-account",
  [ID_PREFIXES.collector]: "collector",
  system: "system",
  unknown: "unknown",
  others: "others",
};

function toActor(text: string): NonNullable<ListedBy["actor"]> {
  const [, type, id] = /^([a-z-]+):(.+)$/s.exec(text) ?? [];
  if (type !== undefined && id !== undefined) return { type, id };
  return { type: TYPES[text.slice(0, text.indexOf("_") === -1 ? text.length : text.indexOf("_"))], id: text };
}

/** Where a person's word is looked for: all that a record says, but for what it is the same in all of them. */
function textOf({ at: _, flags: __, organization: ___, ...record }: AuditRecord): string {
  return JSON.stringify(record).toLowerCase();
}

/** What a filter asks of a record. */
export function matcherOf({ entityType, entityId, actor, action, outcome, flag, q }: AuditMatch): Matcher {
  const who = actor === undefined ? undefined : toActor(actor);
  const entity = entityType !== undefined && entityId !== undefined ? { type: entityType, id: entityId } : undefined;
  const word = q === undefined ? undefined : JSON.stringify(q).slice(1, -1).toLowerCase();
  const asked = [entityType ?? entityId, actor, action, outcome, flag, q].filter((one) => one !== undefined).length;
  return {
    listedBy: { entity, actor: who, action, outcome },
    isFiltering: (byList) => asked > (byList ? 1 : 0),
    matches: (record) =>
      (entityType === undefined || record.resource.type === entityType) &&
      (entityId === undefined || record.resource.id === entityId) &&
      (who === undefined ||
        (record.actor.id === who.id && (who.type === undefined || record.actor.type === who.type))) &&
      (action === undefined || record.action === action) &&
      (outcome === undefined || record.outcome === outcome) &&
      (flag === undefined || record.flags.includes(flag)),
    says: (record) => word === undefined || textOf(record).includes(word),
  };
}
