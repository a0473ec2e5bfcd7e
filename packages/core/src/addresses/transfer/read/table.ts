import { FileProblem } from "../file-problem.ts";
import type { FileLimits } from "../limits.ts";
import { type FileRow, type RowProblem, rowProblem } from "../row.ts";
import { columnName, readHeader } from "./header.ts";
import type { TableLine } from "./table-line.ts";

export interface TableOptions {
  readonly limits: FileLimits;
  /** Every line has as many cells as the header: where cells are told apart by delimiters alone, one that is missing shifts the rest. */
  readonly exact: boolean;
}

/** So many lines of titles, each in one cell, may stand above the header. */
const MOST_TITLES = 10;

/**
 * The rows of a table whose first line names its columns. Titles above it are passed over, empty lines everywhere.
 * Throws FileProblem (`empty`, `rows`, and those of `readHeader`).
 */
export async function* tableRows(lines: AsyncIterable<TableLine>, options: TableOptions): AsyncGenerator<FileRow> {
  const { limits } = options;
  const held: TableLine[] = [];
  let header: readonly string[] | undefined;
  let count = 0;
  const read = (names: readonly string[], line: TableLine): FileRow => {
    if (++count <= limits.rows) return toRow(names, line, options);
    const message = `the file has more than ${limits.rows} rows; import it in parts`;
    throw new FileProblem("rows", message, { row: line.row });
  };
  for await (const line of lines) {
    const filled = line.cells.filter((cell) => cell.trim() !== "").length;
    if (filled === 0 && line.faults === undefined) continue;
    if (header !== undefined) {
      yield read(header, line);
      continue;
    }
    held.push(line);
    const several = filled > 1;
    if (!several && held.length <= MOST_TITLES) continue;
    const at = several ? held.length - 1 : 0;
    header = readHeader(held[at] as TableLine, limits.columns);
    for (const after of held.slice(at + 1)) yield read(header, after);
  }
  const [first, ...rest] = held;
  if (first === undefined) throw new FileProblem("empty", "the file has no rows; its first row names its columns");
  if (header !== undefined) return;
  header = readHeader(first, limits.columns);
  for (const line of rest) yield read(header, line);
}

function toRow(header: readonly string[], { row, cells, faults }: TableLine, { exact }: TableOptions): FileRow {
  const values = new Map<string, string>();
  const problems: RowProblem[] = [];
  const counts = `the row has ${cells.length} cells, and the header names ${header.length} columns`;
  for (let index = 0; index < Math.max(cells.length, header.length); index++) {
    const cell = cells[index] ?? "";
    const name = header[index] ?? "";
    const fault = faults?.get(index);
    if (fault !== undefined) problems.push(rowProblem(row, name || columnName(index), cell, fault));
    else if (name !== "") values.set(name, cell);
    else if (cell.trim() !== "") problems.push(rowProblem(row, columnName(index), cell, counts));
  }
  if (exact && cells.length < header.length) problems.push(rowProblem(row, undefined, cells.join(" "), counts));
  return { row, values, problems };
}
