import { type AuditRecord, auditRecord } from "@cadastre/contract/audit/record";
import { fromStored } from "../audit/items.ts";
import { readRecords } from "../audit/log.ts";
import type { Context } from "../context.ts";
import { AuditCheckpointItem, AuditLeavesItem, type SealHeadItem } from "../seals/items.ts";
import { placeOfRecord, unpackLeaves } from "../seals/leaves.ts";
import type { SealedPlace } from "./items.ts";

/** Checkpoints that are looked at together: many have few records, or none. */
const MOST_CHECKPOINTS = 20;

export interface SealedRecords {
  /** As they are stored. */
  readonly records: readonly AuditRecord[];
  /** Behind them. */
  readonly next: SealedPlace;
  /** The end of the last checkpoint that is passed whole, if one is. */
  readonly until?: string;
}

/**
 * Some records in the order in which they were sealed, from a place on: each is in one checkpoint, whenever it was committed. Those that
 * retention has removed are passed over. Reads strongly.
 */
export async function readSealedFrom(
  { table }: Pick<Context, "table">,
  head: SealHeadItem,
  { from, most }: { readonly from: SealedPlace; readonly most: number },
): Promise<SealedRecords> {
  const count = Math.min(MOST_CHECKPOINTS, head.sequence - from.sequence + 1);
  const keys = Array.from({ length: Math.max(0, count) }, (_, at) => ({ sequence: from.sequence + at }));
  const records: AuditRecord[] = [];
  let next = from;
  let until: string | undefined;
  for (const sealed of await table.getMany(AuditCheckpointItem, keys, { consistent: true })) {
    if (!sealed) break;
    const { sequence, range } = sealed;
    const stored =
      sealed.size === 0
        ? undefined
        : await table.get(AuditLeavesItem, { to: range.to, sequence }, { consistent: true });
    const leaves = (stored ? unpackLeaves(stored) : []).slice(next.index);
    const some = leaves.slice(0, most - records.length);
    const found = await readRecords(
      table,
      some.map(({ id }) => placeOfRecord(id)),
    );
    records.push(...found.flatMap((record) => (record ? [auditRecord.parse(fromStored(record))] : [])));
    if (some.length < leaves.length) {
      next = { sequence, index: next.index + some.length };
      break;
    }
    next = { sequence: sequence + 1, index: 0 };
    until = range.to;
    if (records.length >= most) break;
  }
  return { records, next, ...(until === undefined ? {} : { until }) };
}
