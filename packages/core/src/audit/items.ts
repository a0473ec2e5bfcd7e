import { type AuditRecord, auditRecord } from "@cadastre/contract/audit/record";
import { orderedJson } from "@cadastre/contract/digest";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

interface Place {
  readonly at: string;
  readonly id: string;
}

/** By the record's own time first: it is the time in its id, so that a record is found by its id alone. */
const placeOf = ({ at, id }: Place): string => `${at}#${id}`;
const fromPlace = (sk: string): Place => ({ at: sk.slice(0, sk.indexOf("#")), id: sk.slice(sk.indexOf("#") + 1) });

/** Partitions that share a log, and which of them a record is in, by its id: a partition takes 1,000 writes a second. */
function spread(name: string, slots: number) {
  const partitions: readonly string[] = Array.from({ length: slots }, (_, slot) => `${name}#${slot}`);
  const partition = ({ id }: Place) => partitions[id.charCodeAt(id.length - 1) % slots] as string;
  return { partitions, partition };
}

/**
 * A record as it is stored, open and sealed: its RFC 8785 bytes, which are what its leaf is the hash of. So it is written as text once, in its own
 * commit, and whoever seals, exports or proves it has the very bytes at hand.
 */
const stored = z.object({ at: z.string(), id: z.string(), text: z.string() });

/** The record as it is stored. Throws a ZodError for what is no record, a TypeError for what JSON cannot say. */
export function toStored(record: AuditRecord): StoredRecord {
  const parsed = auditRecord.parse(record);
  return { at: parsed.at, id: parsed.id, text: orderedJson(parsed) };
}

/** The record of a stored one. Throws a SyntaxError where somebody has made something else of it in the table. */
export const fromStored = ({ text }: { readonly text: string }): AuditRecord => JSON.parse(text) as AuditRecord;

/* Of a record that is open, two write units in its transaction and one to be removed; of one that is sealed, one. */
const open = spread("audit-open", 6);
const sealed = spread("audit", 2);

/**
 * Where records begin, and where the sealer looks: a record is found here however late it was committed and whatever the clock said that
 * its time was taken from, which a look at a range of times would miss.
 */
export const AuditOpenItem = defineEntity({
  type: "audit-open",
  about:
    "One record for each mutation and each access to a secret, in the mutation's own commit, until a checkpoint has it; then it is among the sealed ones",
  schema: stored,
  packed: true,
  key: { partition: open.partition, sort: placeOf },
  fromKey: ({ sk }) => fromPlace(sk),
});

/** Of either kind. */
export type StoredRecord = ItemOf<typeof AuditOpenItem>;

export const AUDIT_OPEN_PARTITIONS = open.partitions;

export const AuditItem = defineEntity({
  type: "audit",
  about: "A record that a checkpoint has, as it was open. Read with the open ones as one log, all partitions together",
  schema: stored,
  packed: true,
  key: { partition: sealed.partition, sort: placeOf },
  fromKey: ({ sk }) => fromPlace(sk),
});

export const AUDIT_PARTITIONS = sealed.partitions;

const LIST = "audit-list#";
/** The partition of a list of records. */
export const listPartition = (list: string): string => `${LIST}${list}`;

export const AuditEntryItem = defineEntity({
  type: "audit-entry",
  about: "A record in the lists by what it was done to, by whom, by its action and by its outcome unless done",
  schema: z.object({ list: z.string(), at: z.string(), id: z.string() }),
  key: {
    partition: (of: { list: string } & Place) => listPartition(of.list),
    sort: (of: { list: string } & Place) => placeOf(of),
  },
  fromKey: ({ pk, sk }) => ({ list: pk.slice(LIST.length), ...fromPlace(sk) }),
});
