import { hashOfCheckpoint, MOST_LEAVES, signCheckpoint } from "@cadastre/contract/audit/checkpoint";
import { hashLeaf } from "@cadastre/contract/audit/merkle";
import { newIdAt } from "@cadastre/contract/ids";
import { create, put, replace, type Stored, type Write } from "@cadastre/store/table";
import * as z from "zod";
import { AUDIT_OPEN_PARTITIONS, AuditItem, AuditOpenItem, type StoredRecord } from "../audit/items.ts";
import type { Context } from "../context.ts";
import { defineJob, type StepResult } from "../jobs/define.ts";
import { readHead } from "./checkpoints.ts";
import { type CheckpointDecision, closedBefore, decideCheckpoint, type OpenLeaf } from "./decide-checkpoint.ts";
import { AuditCheckpointItem, AuditKeyItem, AuditLateItem, AuditLeavesItem, SealHeadItem } from "./items.ts";
import { packLeaves, placeOfRecord, unpackLeaves } from "./leaves.ts";
import type { Sealing } from "./ports.ts";

type Head = Stored<SealHeadItem>;

/** Copied to the archive in one step. */
const COPIES_IN_STEP = 25;

const state = z.object({ sealed: z.int().min(0) });
type State = z.output<typeof state>;

const headWrite = (stored: Head | undefined, item: SealHeadItem): Write =>
  stored ? replace(SealHeadItem, item, stored.version) : create(SealHeadItem, item);

/** Read of each partition in one step at the most: of six partitions that is what some five checkpoints take. */
const READ_OF_PARTITION = 1000;

type OpenRecord = Stored<StoredRecord> & OpenLeaf;
type Place = Pick<OpenRecord, "at" | "id">;

interface Open {
  /** Oldest first. */
  readonly records: readonly OpenRecord[];
  /** There are others that are younger. */
  readonly isMore: boolean;
}

const byPlace = (one: Place, other: Place): number =>
  one.at === other.at ? (one.id < other.id ? -1 : 1) : one.at < other.at ? -1 : 1;

/** Records of closed minutes that no checkpoint has: all of them, or the oldest. */
async function readOpen({ table }: Context, now: Date): Promise<Open> {
  const before = closedBefore(now).toISOString();
  const pages = await Promise.all(
    AUDIT_OPEN_PARTITIONS.map((partition) =>
      table.query(AuditOpenItem, { partition, sort: { before }, limit: READ_OF_PARTITION, consistent: true }),
    ),
  );
  const records = pages
    .flatMap(({ items }) => items)
    .map((item): OpenRecord => ({ ...item, hash: hashLeaf(item.text) }))
    .sort(byPlace);
  // Behind the last that was read of a partition there may be what is older than the last of another one.
  const ends = pages.flatMap(({ items, cursor }) => (cursor === undefined ? [] : items.slice(-1))).sort(byPlace);
  const [end] = ends;
  if (!end) return { records, isMore: false };
  const behind = records.findIndex((record) => byPlace(record, end) > 0);
  return { records: behind < 0 ? records : records.slice(0, behind), isMore: true };
}

/**
 * Moves what a checkpoint has from among the open ones to where it stays: just that, since others may have come meanwhile that are of the same
 * time. After the checkpoint: what is moved and in none would never be sealed. Until then it is read where it was.
 */
const move = ({ table }: Context, records: readonly Stored<StoredRecord>[]): Promise<void> =>
  table.move(AuditOpenItem, AuditItem, records);

/** Does that for the last checkpoint, whose sealer died. */
async function close(context: Context, { to, sequence }: SealHeadItem): Promise<void> {
  const { table } = context;
  const leaves = await table.get(AuditLeavesItem, { to, sequence }, { consistent: true });
  const places = leaves ? unpackLeaves(leaves).map(({ id }) => placeOfRecord(id)) : [];
  const open = await table.getMany(AuditOpenItem, places, { consistent: true });
  await move(
    context,
    open.filter((record) => record !== undefined),
  );
}

/** Signs a checkpoint and commits it with its leaves and the head that it replaces. */
async function commitCheckpoint(
  context: Context,
  { signer, publicKey }: Sealing,
  head: Head | undefined,
  { body, leaves, late }: CheckpointDecision<OpenRecord>,
  guard: Write,
): Promise<void> {
  const { table, now } = context;
  const signed = await signCheckpoint(body, signer);
  const { sequence, range, removedThrough } = body;
  // Before the checkpoint, so that none is found that a late record could not be found in; written again it is the same.
  if (late.length > 0) await table.load(late.map(({ id }) => put(AuditLateItem, { id, sequence })));
  const { version: _, ...before } = head ?? { version: 0, copyNext: 0 };
  const next: SealHeadItem = {
    ...before,
    sequence,
    hash: hashOfCheckpoint(body),
    to: range.to,
    sealedAt: body.sealedAt,
    lookedAt: body.sealedAt,
    isOpen: leaves.length > 0,
    keyId: body.keyId,
    ...(removedThrough === undefined || removedThrough === head?.announcedThrough
      ? {}
      : { announcedThrough: removedThrough, announcedIn: sequence }),
  };
  await table.commit([
    guard,
    create(AuditCheckpointItem, signed),
    headWrite(head, next),
    ...(leaves.length === 0 ? [] : [create(AuditLeavesItem, { sequence, to: range.to, ...packLeaves(leaves) })]),
    ...(head?.keyId === body.keyId ? [] : [put(AuditKeyItem, { ...publicKey, createdAt: now().toISOString() })]),
  ]);
}

/** Copies some checkpoints that the archive does not have yet. Answers the head with what is copied. */
async function copySome({ table }: Context, { archive }: Sealing, head: Head): Promise<SealHeadItem> {
  const { version: _, ...item } = head;
  const last = Math.min(item.sequence, item.copyNext + COPIES_IN_STEP - 1);
  const keys = Array.from({ length: last - item.copyNext + 1 }, (_, at) => ({ sequence: item.copyNext + at }));
  for (const stored of await table.getMany(AuditCheckpointItem, keys, { consistent: true })) {
    if (!stored) throw new Error("a checkpoint is gone");
    const { version: __, ...checkpoint } = stored;
    await archive.put(checkpoint);
  }
  return { ...item, copyNext: last + 1 };
}

const result = (sealed: number, done: boolean, message?: string): StepResult<State> => ({
  state: { sealed },
  progress: { done: sealed, unit: "records", ...(message === undefined ? {} : { message }) },
  done,
});

/** Seals what is open, a checkpoint after the other, and puts what each has where it stays. Answers how many records there were; undefined where there is nothing to say. */
async function sealOpen(context: Context, sealing: Sealing, first: Head | undefined, guard: Write) {
  // One time for all of them: up to it the records were read.
  const now = context.now();
  const { records, isMore } = await readOpen(context, now);
  let head = first;
  let sealed: number | undefined;
  for (;;) {
    const open = records.slice(sealed, (sealed ?? 0) + MOST_LEAVES);
    // What does not fill a checkpoint is for the next step, which has read on.
    if (sealed !== undefined && isMore && open.length < MOST_LEAVES) break;
    const decided = decideCheckpoint({
      id: newIdAt("checkpoint", now),
      organization: context.organization,
      head,
      open,
      isMore: isMore || records.length > (sealed ?? 0) + open.length,
      now,
      key: sealing.publicKey,
    });
    if (!decided) break;
    await commitCheckpoint(context, sealing, head, decided, guard);
    await move(context, open);
    head = await readHead(context);
    sealed = (sealed ?? 0) + open.length;
  }
  if (head?.isOpen && sealed !== undefined) {
    const { version, ...item } = head;
    await context.table.commit([guard, replace(SealHeadItem, { ...item, isOpen: false }, version)]);
  }
  return sealed;
}

/**
 * Seals the closed minutes of the audit log. A step is some checkpoints with what each of them closes put where it stays, or some copies; every commit rests on
 * the head as it was read and on the lease, so that there is one chain however many sealers there are, and each is found half
 * done by the next: the head says what is still open and what is not copied.
 */
export const auditSeal = defineJob<State>({
  name: "audit-seal",
  about:
    "Seals each minute of the audit log with a signed checkpoint and copies it to the archive; while it does not run, what is recorded can be changed unnoticed",
  schedule: "* * * * *",
  isFrequent: true,
  initial: { sealed: 0 },
  leaseSeconds: 60,
  state,
  async step(context, { state: { sealed }, guard }) {
    const { sealing, table } = context;
    if (!sealing) return result(sealed, true, "this process has no key to seal with");
    const head = await readHead(context);
    // Before anything open is read: it would be sealed twice.
    if (head?.isOpen) await close(context, head);
    const some = await sealOpen(context, sealing, head, guard);
    if (some !== undefined) return result(sealed + some, false);
    if (!head) return result(sealed, true);
    const isCopied = head.copyNext > head.sequence;
    const { version: _, ...item } = head;
    const next = isCopied ? item : await copySome(context, sealing, head);
    const lookedAt = context.now().toISOString();
    await table.commit([guard, headWrite(head, { ...next, isOpen: false, lookedAt })]);
    return result(sealed, next.copyNext > next.sequence);
  },
});
