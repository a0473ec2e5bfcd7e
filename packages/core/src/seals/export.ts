import { type Checkpoint, checkpoint, hashOfCheckpoint, MOST_LEAVES } from "@cadastre/contract/audit/checkpoint";
import { checkpointLine, type ExportedLeaf, endLine, recordLine } from "@cadastre/contract/audit/export-lines";
import { leafOf } from "@cadastre/contract/audit/leaf";
import { type AuditRecord, auditRecord } from "@cadastre/contract/audit/record";
import { AUDIT_OPEN_PARTITIONS, AuditItem, AuditOpenItem } from "../audit/items.ts";
import type { Context } from "../context.ts";
import { mergedQuery } from "../merged-query.ts";
import { AuditCheckpointItem, AuditLeavesItem, CHECKPOINTS_PARTITION } from "./items.ts";
import { type Leaf, placeOfRecord, unpackLeaves } from "./leaves.ts";

export interface ExportOptions {
  /** ISO times: checkpoints of whose time a part lies between. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** Begins after the checkpoint of this sequence. */
  readonly after?: number | undefined;
  /** Ends after the checkpoint with which so many bytes are reached, and says that there is more. */
  readonly mostBytes?: number | undefined;
}

const CHECKPOINTS_AT_ONCE = 50;
const RECORDS_AT_ONCE = 128;

/** Checkpoints oldest first, after a sequence. */
async function* checkpointsAfter({ table }: Context, after: number): AsyncGenerator<Checkpoint> {
  for (let last = after; ; ) {
    const sort = last < 0 ? {} : { sort: { after: AuditCheckpointItem.keyOf({ sequence: last }).sk } };
    const page = await table.query(AuditCheckpointItem, {
      partition: CHECKPOINTS_PARTITION,
      ...sort,
      limit: CHECKPOINTS_AT_ONCE,
      consistent: true,
    });
    for (const item of page.items) yield checkpoint.parse(item);
    const end = page.items.at(-1);
    if (!end || page.cursor === undefined) return;
    last = end.sequence;
  }
}

/** The last checkpoint that ends at or before a time, by halving; -1 when there is none. */
async function lastBefore({ table }: Context, time: string): Promise<number> {
  const newest = await table.query(AuditCheckpointItem, {
    partition: CHECKPOINTS_PARTITION,
    reverse: true,
    limit: 1,
    consistent: true,
  });
  let [low, high] = [-1, newest.items[0]?.sequence ?? -1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const found = await table.get(AuditCheckpointItem, { sequence: middle }, { consistent: true });
    if (found && found.range.to <= time) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The records of some leaves, in their order; of what is not there nothing. */
async function* recordsOf({ table }: Context, leaves: readonly Pick<Leaf, "id">[]): AsyncGenerator<AuditRecord> {
  for (let at = 0; at < leaves.length; at += RECORDS_AT_ONCE) {
    const keys = leaves.slice(at, at + RECORDS_AT_ONCE).map(({ id }) => placeOfRecord(id));
    for (const stored of await table.getMany(AuditItem, keys, { consistent: true })) {
      if (stored) yield auditRecord.parse(stored);
    }
  }
}

const toExported = ({ id, hash }: Leaf): ExportedLeaf => ({ id, hash: Buffer.from(hash).toString("hex") });

/** Records that no checkpoint has yet, as many as a checkpoint takes at the most. */
async function readTail({ table }: Context): Promise<AuditRecord[]> {
  const found = mergedQuery(table, AuditOpenItem, {
    partitions: AUDIT_OPEN_PARTITIONS,
    reverse: false,
    expected: MOST_LEAVES,
    consistent: true,
  });
  const tail: AuditRecord[] = [];
  for await (const { item } of found) {
    tail.push(auditRecord.parse(item));
    if (tail.length === MOST_LEAVES) break;
  }
  return tail;
}

/**
 * The log as JSON Lines, a piece of text for each line: each checkpoint with its records before it, then what is not sealed yet, then what
 * there was. Reads one checkpoint's records at a time, whatever the log has. Also what somebody has edited in the table is exported
 * as it is there: whoever verifies the export finds it.
 */
export async function* exportAudit(context: Context, options: ExportOptions): AsyncGenerator<string> {
  const { since, until, mostBytes = Number.POSITIVE_INFINITY } = options;
  const begin = since === undefined ? -1 : await lastBefore(context, new Date(since).toISOString());
  const sums = { checkpoints: 0, records: 0 };
  const last = until === undefined ? undefined : new Date(until).toISOString();
  let [first, hash, next]: [number | undefined, string | undefined, number | undefined] = [
    undefined,
    undefined,
    undefined,
  ];
  let size = 0;
  const seen = new Set<string>();
  for await (const sealed of checkpointsAfter(context, Math.max(begin, options.after ?? -1))) {
    if (last !== undefined && sealed.range.from > last) break;
    if (size >= mostBytes) {
      next = sealed.sequence - 1;
      break;
    }
    const stored = await context.table.get(
      AuditLeavesItem,
      { to: sealed.range.to, sequence: sealed.sequence },
      { consistent: true },
    );
    const leaves = stored ? unpackLeaves(stored) : [];
    for await (const record of recordsOf(context, leaves)) {
      const text = recordLine(record);
      size += text.length;
      sums.records += 1;
      yield text;
    }
    const text = checkpointLine(sealed, stored === undefined && sealed.size > 0 ? undefined : leaves.map(toExported));
    size += text.length;
    first ??= sealed.sequence;
    hash = hashOfCheckpoint(sealed);
    sums.checkpoints += 1;
    seen.clear();
    for (const { id } of leaves) seen.add(id);
    yield text;
  }
  // What was sealed last may still be among the open ones.
  const isWhole = next === undefined && last === undefined;
  const tail = isWhole ? (await readTail(context)).filter(({ id }) => !seen.has(id)) : [];
  for (const record of tail) {
    sums.records += 1;
    yield recordLine(record);
  }
  yield endLine({
    ...sums,
    ...(first === undefined ? {} : { first }),
    ...(hash === undefined ? {} : { last: hash }),
    leaves: tail.map((record) => toExported({ id: record.id, hash: leafOf(record) })),
    ...(next === undefined ? {} : { next }),
  });
}
