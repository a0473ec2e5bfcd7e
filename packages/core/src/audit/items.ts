import { auditRecord } from "@cadastre/contract/audit/record";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

/** A partition takes 1,000 writes a second: so many of them share the log. */
const SLOTS = 8;

interface Place {
  readonly at: string;
  readonly id: string;
}

const slotOf = ({ id }: Place): number => id.charCodeAt(id.length - 1) % SLOTS;
/** By the record's own time first: it is the time in its id, so that a record is found by its id alone. */
const placeOf = ({ at, id }: Place): string => `${at}#${id}`;
const fromPlace = (sk: string): Place => ({ at: sk.slice(0, sk.indexOf("#")), id: sk.slice(sk.indexOf("#") + 1) });

const slots = (name: string): readonly string[] => Array.from({ length: SLOTS }, (_, slot) => `${name}#${slot}`);

/** The log in a fixed number of partitions, a record's by its id. */
export const AuditItem = defineEntity({
  type: "audit",
  about:
    "One record for each mutation and each access to a secret, in the mutation's own commit. Read backwards, all partitions together",
  schema: auditRecord,
  key: { partition: (of: Place) => `audit#${slotOf(of)}`, sort: placeOf },
});

export const AUDIT_PARTITIONS = slots("audit");

/**
 * What the sealer looks for. A record is found here however late it was committed and whatever the clock said that its time was taken
 * from, which a look at a range of times would miss.
 */
export const AuditOpenItem = defineEntity({
  type: "audit-open",
  about:
    "A record that no checkpoint has yet, with its leaf; written in the record's commit, removed once it is sealed",
  schema: z.object({ at: z.string(), id: z.string(), leaf: z.instanceof(Uint8Array) }),
  key: { partition: (of: Place) => `audit-open#${slotOf(of)}`, sort: placeOf },
  fromKey: ({ sk }) => fromPlace(sk),
});
export type AuditOpenItem = ItemOf<typeof AuditOpenItem>;

export const AUDIT_OPEN_PARTITIONS = slots("audit-open");

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
