import { hashOfCheckpoint, MOST_LEAVES, signCheckpoint } from "@cadastre/contract/audit/checkpoint";
import { leafOf } from "@cadastre/contract/audit/leaf";
import type { AuditRecord } from "@cadastre/contract/audit/record";
import { newIdAt } from "@cadastre/contract/ids";
import { create, put, replace, type Stored, type Write } from "@cadastre/store/table";
import * as z from "zod";
import { AUDIT_OPEN_PARTITIONS, AuditItem, AuditOpenItem } from "../audit/items.ts";
import type { Context } from "../context.ts";
import { defineJob, type StepResult } from "../jobs/define.ts";
import { mergedQuery } from "../merged-query.ts";
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

interface OpenRecord extends OpenLeaf {
  readonly record: AuditRecord;
}

/** Records of closed minutes that no checkpoint has, oldest first; one more than a checkpoint takes when there are more. */
async function readOpen({ table, now }: Context): Promise<OpenRecord[]> {
  const found = mergedQuery(table, AuditOpenItem, {
    partitions: AUDIT_OPEN_PARTITIONS,
    before: closedBefore(now()).toISOString(),
    reverse: false,
    expected: MOST_LEAVES,
    consistent: true,
  });
  const open: OpenRecord[] = [];
  for await (const { item } of found) {
    const { version: _, ...record } = item;
    open.push({ id: record.id, at: record.at, hash: leafOf(record), record });
    if (open.length > MOST_LEAVES) break;
  }
  return open;
}

/** Removes what the last checkpoint has from among the open ones: just those, since others may have come meanwhile that are of the same time. */
async function close({ table }: Context, { to, sequence }: SealHeadItem): Promise<void> {
  const leaves = await table.get(AuditLeavesItem, { to, sequence }, { consistent: true });
  const ids = leaves ? unpackLeaves(leaves).map(({ id }) => placeOfRecord(id)) : [];
  await table.load(ids.map((key) => ({ op: "remove" as const, entity: AuditOpenItem, key })));
}

/**
 * Signs a checkpoint and commits it with its leaves and the head that it replaces. Its records are among the sealed ones before that, so that
 * they are found there as soon as it is; written again they are the same.
 */
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
  await table.load(leaves.map(({ record }) => put(AuditItem, record)));
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

/**
 * Seals the closed minutes of the audit log. A step is one checkpoint, the removal of what it closes, or some copies; each rests on
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
    if (head?.isOpen) {
      await close(context, head);
      const { version, ...item } = head;
      await table.commit([guard, replace(SealHeadItem, { ...item, isOpen: false }, version)]);
      return result(sealed, false);
    }
    const now = context.now();
    const decided = decideCheckpoint({
      id: newIdAt("checkpoint", now),
      organization: context.organization,
      head,
      open: await readOpen(context),
      now,
      key: sealing.publicKey,
    });
    if (decided) {
      await commitCheckpoint(context, sealing, head, decided, guard);
      return result(sealed + decided.leaves.length, false);
    }
    if (!head) return result(sealed, true);
    const isCopied = head.copyNext > head.sequence;
    const { version: _, ...item } = head;
    const next = isCopied ? item : await copySome(context, sealing, head);
    await table.commit([guard, headWrite(head, { ...next, lookedAt: now.toISOString() })]);
    return result(sealed, next.copyNext > next.sequence);
  },
});
