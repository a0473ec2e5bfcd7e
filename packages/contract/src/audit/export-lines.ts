import * as z from "zod";
import { type Checkpoint, checkpoint, hexHash } from "./checkpoint.ts";

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

/**
 * The line of a record, by its RFC 8785 bytes. What somebody has made of them in the table is one line, too, whatever it is: whoever verifies
 * the export finds it there.
 */
export function recordLine({ id, text }: { readonly id: string; readonly text: string }): string {
  const isObject = text.startsWith("{") && text.endsWith("}") && !text.includes("\n");
  return isObject ? `{"type":"record",${text.slice(1)}\n` : line({ type: "record", id, text });
}

/** Without `leaves` when retention has removed its records. */
export const checkpointLine = (checkpoint: Checkpoint, leaves: readonly ExportedLeaf[] | undefined): string =>
  line({ type: "checkpoint", ...checkpoint, ...(leaves === undefined ? {} : { leaves }) });

export const endLine = (end: Omit<ExportEnd, "type">): string => line({ type: "end", ...end });
