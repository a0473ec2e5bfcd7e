import { tryParsePrefix } from "@cadastre/net/prefix";
import { FileProblem } from "../file-problem.ts";
import type { TableLine } from "./table-line.ts";

/**
 * The names of a table's columns; one without a name is "". Throws FileProblem (`no_header`, `duplicate_column`, `columns`).
 */
export function readHeader({ row, cells }: TableLine, mostColumns: number): readonly string[] {
  const names = cells.map((cell) => cell.trim());
  while (names.at(-1) === "") names.pop();
  if (names.length > mostColumns) {
    throw new FileProblem("columns", `the file has more than ${mostColumns} columns`, { row });
  }
  const value = names.find((name) => tryParsePrefix(name, { canonicalise: true, allowAddress: true }) !== undefined);
  if (value !== undefined) {
    const message = `row ${row} holds ${JSON.stringify(value)} where the names of the columns should be; add a header`;
    throw new FileProblem("no_header", message, { row });
  }
  const seen = new Set<string>();
  for (const name of names) {
    const key = name.toLowerCase();
    if (name !== "" && seen.has(key)) {
      const message = `row ${row} names the column ${JSON.stringify(name)} twice; rename or remove one`;
      throw new FileProblem("duplicate_column", message, { row });
    }
    seen.add(key);
  }
  return names;
}

/** How a spreadsheet names a column, from 0: A, B, … Z, AA. */
export function columnName(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : columnName(Math.floor(index / 26) - 1) + last;
}
