import { type Checkpoint, checkpoint } from "@cadastre/contract/audit/checkpoint";
import { pathOf } from "@cadastre/contract/audit/merkle";
import type { AuditProof } from "@cadastre/contract/audit/proof";
import { auditRecord } from "@cadastre/contract/audit/record";
import { ProblemError } from "@cadastre/contract/errors";
import { AuditItem, AuditOpenItem, fromStored } from "../audit/items.ts";
import type { Context } from "../context.ts";
import { readHead } from "./checkpoints.ts";
import { AuditCheckpointItem, AuditLateItem, AuditLeavesItem, LEAVES_PARTITION } from "./items.ts";
import { type Leaf, placeOfRecord, unpackLeaves } from "./leaves.ts";

/** Several checkpoints end at one time when a minute had more records than one takes, or the clock was set back. */
const CANDIDATES = 3;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

interface Found {
  readonly leaves: readonly Leaf[];
  readonly index: number;
  readonly checkpoint: Checkpoint;
}

/** Where a record is sealed: in a checkpoint of its time, or in the later one that a late record names. */
async function findLeaf({ table }: Context, id: string, at: string): Promise<Found | undefined> {
  const [page, late] = await Promise.all([
    table.query(AuditLeavesItem, {
      partition: LEAVES_PARTITION,
      sort: { after: at },
      limit: CANDIDATES,
      consistent: true,
    }),
    table.get(AuditLateItem, { id }, { consistent: true }),
  ]);
  const named = late && (await table.get(AuditCheckpointItem, { sequence: late.sequence }, { consistent: true }));
  const own =
    named && (await table.get(AuditLeavesItem, { to: named.range.to, sequence: named.sequence }, { consistent: true }));
  for (const item of [...page.items, ...(own ? [own] : [])]) {
    const leaves = unpackLeaves(item);
    const index = leaves.findIndex((leaf) => leaf.id === id);
    if (index < 0) continue;
    const found = await table.get(AuditCheckpointItem, { sequence: item.sequence }, { consistent: true });
    if (found) return { leaves, index, checkpoint: checkpoint.parse(found) };
  }
  return undefined;
}

/** Whether retention has removed what was recorded at a time. */
async function isRemoved(context: Context, at: string): Promise<boolean> {
  const sequence = (await readHead(context))?.announcedThrough;
  if (sequence === undefined) return false;
  const last = await context.table.get(AuditCheckpointItem, { sequence }, { consistent: true });
  return last !== undefined && at < last.range.to;
}

/**
 * The proof that a record is in the log as it was sealed. Throws 404 `audit.not_found`, 409 `audit.unsealed` for one whose minute is not
 * sealed yet, 409 `audit.removed` for a time whose records retention has removed.
 */
export async function proveRecord(context: Context, id: string): Promise<AuditProof> {
  const place = placeOfRecord(id);
  // First: one that is not open any more is in a checkpoint, and one that is may be sealed while it is looked for.
  const open = await context.table.get(AuditOpenItem, place, { consistent: true });
  const stored = open ?? (await context.table.get(AuditItem, place, { consistent: true }));
  if (!stored) throw new ProblemError((await isRemoved(context, place.at)) ? "audit.removed" : "audit.not_found");
  const found = await findLeaf(context, id, place.at);
  if (!found) throw new ProblemError(open ? "audit.unsealed" : "audit.removed");
  const { leaves, index, checkpoint: sealed } = found;
  const hashes = leaves.map(({ hash }) => hash);
  return {
    record: auditRecord.parse(fromStored(stored)),
    leafIndex: index,
    treeSize: leaves.length,
    leafHash: hex(hashes[index] as Uint8Array),
    path: pathOf(hashes, index).map(hex),
    root: sealed.root,
    checkpoint: sealed,
  };
}
