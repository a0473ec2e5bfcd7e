import { type Checkpoint, checkpoint, hashOfCheckpoint, MOST_LEAVES } from "@cadastre/contract/audit/checkpoint";
import { checkpointLine, type ExportedLeaf, endLine, recordLine } from "@cadastre/contract/audit/export-lines";
import { hashLeaf } from "@cadastre/contract/audit/merkle";
import { AUDIT_OPEN_PARTITIONS, AuditOpenItem, type StoredRecord } from "../audit/items.ts";
import { readRecords } from "../audit/log.ts";
import type { Context } from "../context.ts";
import { mergedQuery } from "../merged-query.ts";
import { lastBefore, readHead } from "./checkpoints.ts";
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

/** What there is of a checkpoint whose records retention removes. */
const NOTHING: Awaited<ReturnType<typeof readSealed>> = { leaves: undefined, lines: [] };

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

/** What there is of a checkpoint: its leaves, and the lines of its records in their order, of what is not there none. */
async function readSealed({ table }: Context, { range: { to }, sequence }: Checkpoint) {
  const stored = await table.get(AuditLeavesItem, { to, sequence }, { consistent: true });
  const leaves = stored && unpackLeaves(stored);
  const lines: string[] = [];
  const keys = (leaves ?? []).map(({ id }) => placeOfRecord(id));
  for (const record of await readRecords(table, keys)) {
    if (record) lines.push(recordLine(record));
  }
  return { leaves, lines };
}

const toExported = ({ id, hash }: Leaf): ExportedLeaf => ({ id, hash: Buffer.from(hash).toString("hex") });

/** Records that no checkpoint has yet, as many as a checkpoint takes at the most. */
async function readTail({ table }: Context): Promise<StoredRecord[]> {
  const found = mergedQuery(table, AuditOpenItem, {
    partitions: AUDIT_OPEN_PARTITIONS,
    reverse: false,
    expected: MOST_LEAVES,
    consistent: true,
  });
  const tail: StoredRecord[] = [];
  for await (const { item } of found) {
    tail.push(item);
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
  let lastSequence = -1;
  const seen = new Set<string>();
  let head = await readHead(context);
  const isGone = ({ sequence, size: all }: Checkpoint) => all > 0 && sequence <= (head?.announcedThrough ?? -1);
  for await (const sealed of checkpointsAfter(context, Math.max(begin, options.after ?? -1))) {
    if (last !== undefined && sealed.range.from > last) break;
    if (size >= mostBytes) {
      next = sealed.sequence - 1;
      break;
    }
    let { leaves = sealed.size === 0 ? [] : undefined, lines } = isGone(sealed)
      ? NOTHING
      : await readSealed(context, sealed);
    if (lines.length < sealed.size && !isGone(sealed)) {
      // Retention may have come to it meanwhile: what it has announced may be there in part.
      head = await readHead(context);
      if (isGone(sealed)) [leaves, lines] = [undefined, []];
    }
    for (const line of lines) {
      size += line.length;
      yield line;
    }
    sums.records += lines.length;
    const text = checkpointLine(sealed, leaves?.map(toExported));
    size += text.length;
    first ??= sealed.sequence;
    hash = hashOfCheckpoint(sealed);
    lastSequence = sealed.sequence;
    sums.checkpoints += 1;
    seen.clear();
    for (const { id } of leaves ?? []) seen.add(id);
    yield text;
  }
  // What was sealed last may still be among the open ones.
  const isWhole = next === undefined && last === undefined;
  const tail = isWhole ? (await readTail(context)).filter(({ id }) => !seen.has(id)) : [];
  for (const record of tail) {
    sums.records += 1;
    yield recordLine(record);
  }
  // What says that retention removed something comes later than where this ends.
  const announcedIn = head?.announcedIn ?? -1;
  const isSaid = announcedIn <= lastSequence;
  const announcement = isSaid
    ? undefined
    : await context.table.get(AuditCheckpointItem, { sequence: announcedIn }, { consistent: true });
  yield endLine({
    ...sums,
    ...(announcement === undefined ? {} : { announcement: checkpoint.parse(announcement) }),
    ...(first === undefined ? {} : { first }),
    ...(hash === undefined ? {} : { last: hash }),
    leaves: tail.map(({ id, text }) => toExported({ id, hash: hashLeaf(text) })),
    ...(next === undefined ? {} : { next }),
  });
}
