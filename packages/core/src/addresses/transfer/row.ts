/** One value of a file that cannot be taken. */
export interface RowProblem {
  /** The row, as a spreadsheet numbers it: from 1, the header included. */
  readonly row: number;
  /** The column by its name in the file; undefined where the whole row is meant. */
  readonly column: string | undefined;
  /** The value as it stands in the file, at most 200 characters of it. */
  readonly value: string;
  /** What is wrong with it, and what would be right. */
  readonly reason: string;
}

/** A row as it stands in a file, before anybody knows what its columns mean. */
export interface FileRow {
  readonly row: number;
  /** Column → text, without the columns that are empty in this row. */
  readonly values: ReadonlyMap<string, string>;
  /** What could not be read of it. */
  readonly problems: readonly RowProblem[];
}

/** The rows of a file, one after the other, and the names of its columns, as soon as there is a row. */
export type FileRows = AsyncIterable<FileRow>;

const SHOWN = 200;

export function rowProblem(row: number, column: string | undefined, value: string, reason: string): RowProblem {
  return { row, column, value: value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value, reason };
}
