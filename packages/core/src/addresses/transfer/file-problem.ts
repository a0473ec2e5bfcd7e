/** Why a file cannot be read at all. Closed: callers may map it exhaustively. */
export type FileReason =
  | "bytes"
  | "rows"
  | "columns"
  | "row_length"
  | "unpacked"
  | "empty"
  | "encoding"
  | "nul"
  | "malformed"
  | "no_header"
  | "duplicate_column"
  | "unknown_form"
  | "sheet"
  | "old_workbook"
  | "incomplete"
  | "vrf"
  | "mapping";

/** Thrown where a file, not one of its rows, is wrong. The message is for whoever sent the file, and names the place. */
export class FileProblem extends Error {
  readonly reason: FileReason;
  /** The row or the line that it was found in, from 1, the header included. */
  readonly row: number | undefined;
  /** What there is to choose from, where a choice is missing. */
  readonly choices: readonly string[];

  constructor(reason: FileReason, message: string, at: { row?: number | undefined; choices?: readonly string[] } = {}) {
    super(message);
    this.name = "FileProblem";
    this.reason = reason;
    this.row = at.row;
    this.choices = at.choices ?? [];
  }
}
