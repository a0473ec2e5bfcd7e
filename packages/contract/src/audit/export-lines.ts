import * as z from "zod";
import { type Checkpoint, checkpoint, hexHash } from "./checkpoint.ts";
import type { AuditRecord } from "./record.ts";

/*
 * An export of the log is JSON Lines: the records of a checkpoint in their order, then the checkpoint with the list of its leaves, and so
 * on; then the records that no checkpoint has yet, and a last line that says how much there was.
 */

/** Which record a leaf is of, and the leaf's hash, hexadecimal. */
export const exportedLeaf = z.strictObject({ id: z.string(), hash: hexHash });
export type ExportedLeaf = z.output<typeof exportedLeaf>;

export const exportEnd = z.strictObject({
  type: z.literal("end"),
  /** Sequence of the first checkpoint; absent when there is none. */
  first: z.int().optional(),
  checkpoints: z.int(),
  records: z.int(),
  /** Hash of the last checkpoint; absent when there is none. */
  last: z.string().optional(),
  /** Of the records that no checkpoint has yet. */
  leaves: z.array(exportedLeaf),
  /** The checkpoint that says what retention removed, of an export that ends before it. */
  announcement: checkpoint.optional(),
  /** There is more: ask again for what is after this sequence. */
  next: z.int().optional(),
});
export type ExportEnd = z.output<typeof exportEnd>;

const line = (value: object): string => `${JSON.stringify(value)}\n`;

export const recordLine = (record: AuditRecord): string => line({ type: "record", ...record });

/** Without `leaves` when retention has removed its records. */
export const checkpointLine = (checkpoint: Checkpoint, leaves: readonly ExportedLeaf[] | undefined): string =>
  line({ type: "checkpoint", ...checkpoint, ...(leaves === undefined ? {} : { leaves }) });

export const endLine = (end: Omit<ExportEnd, "type">): string => line({ type: "end", ...end });
