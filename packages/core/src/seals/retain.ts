import { MOST_LEAVES } from "@cadastre/contract/audit/checkpoint";
import { DEFAULT_AUDIT_RETENTION_DAYS } from "@cadastre/contract/organization";
import { type BulkWrite, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import * as z from "zod";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { AuditEntryItem, AuditItem, fromStored } from "../audit/items.ts";
import { listsOf } from "../audit/lists.ts";
import { type Context, systemActor } from "../context.ts";
import { readOrganization } from "../directory/organizations.ts";
import { defineJob } from "../jobs/define.ts";
import { lastBefore, readHead } from "./checkpoints.ts";
import { AuditCheckpointItem, AuditLateItem, AuditLeavesItem, LEAVES_PARTITION, SealHeadItem } from "./items.ts";
import { placeOfRecord, unpackLeaves } from "./leaves.ts";

/** Checkpoints of a step, unless some of them have as many records as one may have. */
const MOST_CHECKPOINTS = 10;
const DAY = 86_400_000;

const bulkRemove = <E extends BulkWrite["entity"]>(entity: E, key: object): BulkWrite => ({
  op: "remove",
  entity,
  key,
});

/**
 * Removes the records of a checkpoint with their places in lists. In this order, so that what is half done is done again: places are known by
 * the record, records by the leaves.
 */
async function removeRecords({ table }: Context, leaves: Stored<AuditLeavesItem>): Promise<number> {
  const places = unpackLeaves(leaves).map(({ id }) => placeOfRecord(id));
  const [records, sealed] = await Promise.all([
    table.getMany(AuditItem, places, { consistent: true }),
    table.get(AuditCheckpointItem, { sequence: leaves.sequence }, { consistent: true }),
  ]);
  const entries = records.flatMap((record) =>
    record ? listsOf(fromStored(record)).map((list) => ({ list, id: record.id, at: record.at })) : [],
  );
  const late = sealed && sealed.late > 0 ? places.filter(({ at }) => at < sealed.range.from) : [];
  await table.load(entries.map((key) => bulkRemove(AuditEntryItem, key)));
  await table.load([
    ...late.map(({ id }) => bulkRemove(AuditLateItem, { id })),
    ...places.map((key) => bulkRemove(AuditItem, key)),
  ]);
  return places.length;
}

/** Removes the records of some checkpoints up to a sequence, oldest first, and then their leaves. Answers how many there were; undefined at the end. */
async function removeSome(context: Context, through: number, guard: Write): Promise<number | undefined> {
  const { table } = context;
  const query = { partition: LEAVES_PARTITION, limit: MOST_CHECKPOINTS, consistent: true };
  const { items } = await table.query(AuditLeavesItem, query);
  const done: Write[] = [];
  let removed = 0;
  for (const leaves of items) {
    if (leaves.sequence > through || removed >= MOST_LEAVES) break;
    removed += await removeRecords(context, leaves);
    done.push(remove(AuditLeavesItem, leaves, leaves.version));
  }
  if (done.length === 0) return undefined;
  await table.commit([guard, ...done]);
  return removed;
}

/**
 * Says which records are to go next, if any: of the checkpoints that ended before the organization's time. They go when a checkpoint
 * has said so and is copied to the archive, and so are all before it. Writes the head and one audit record.
 */
async function announce(context: Context, run: string, guard: Write): Promise<void> {
  const head = await readHead(context);
  if (!head) return;
  const organization = await readOrganization(context, context.organization);
  const days = organization?.auditRetentionDays ?? DEFAULT_AUDIT_RETENTION_DAYS;
  const through = await lastBefore(context, new Date(context.now().getTime() - days * DAY).toISOString());
  if (through <= (head.removeThrough ?? -1)) return;
  const sealed = await context.table.get(AuditCheckpointItem, { sequence: through }, { consistent: true });
  const { version, ...item } = head;
  const next = replace(SealHeadItem, { ...item, removeThrough: through }, version);
  await commitRecorded(context, systemActor(run), [guard, next], {
    action: "audit.retain",
    target: context.organization,
    detail: { checkpoint: through, until: sealed?.range.to, days },
  });
}

/**
 * Removes what the audit log has kept for the organization's time. What goes is announced one run before, so that a signed checkpoint says it first;
 * checkpoints stay, and with them the chain. A step is some checkpoints; its repetition finds what is left of them.
 */
export const auditRetention = defineJob({
  name: "audit-retention",
  about: "Removes sealed audit records once they have been kept for the organization's time; their checkpoints stay",
  schedule: "23 3 * * *",
  initial: { removed: 0 },
  leaseSeconds: 120,
  state: z.object({ removed: z.int().min(0) }),
  async step(context, { id, state, guard }) {
    const head = await readHead(context);
    const isCopied = head?.announcedIn !== undefined && head.copyNext > head.announcedIn;
    const through = isCopied ? (head.announcedThrough ?? -1) : -1;
    const some = through < 0 ? undefined : await removeSome(context, through, guard);
    if (some === undefined) await announce(context, id, guard);
    const removed = state.removed + (some ?? 0);
    return { state: { removed }, progress: { done: removed, unit: "records" }, done: some === undefined };
  },
});
