import { stringify } from "csv-stringify/sync";
import { escapeFormula } from "../formula.ts";
import { cellsOf, type Table } from "./table.ts";

/** So many rows are made into text at once. */
const BATCH = 500;

/**
 * Rows as CSV (RFC 4180, UTF-8), piece by piece, with the names of the columns first. No cell of it is run by a spreadsheet:
 * what could be has an apostrophe before it, which reading takes away again.
 */
export async function* writeCsv<Row>(table: Table<Row>, rows: AsyncIterable<Row>): AsyncGenerator<string> {
  let lines: string[][] = [table.columns.map(({ name }) => name)];
  for await (const row of rows) {
    lines.push(cellsOf(table, row));
    if (lines.length < BATCH) continue;
    yield toText(lines);
    lines = [];
  }
  if (lines.length > 0) yield toText(lines);
}

function toText(lines: readonly string[][]): string {
  return stringify(
    lines.map((cells) => cells.map(escapeFormula)),
    // A line that is empty would be passed over when it is read, and a lone line end would end one.
    {
      record_delimiter: "windows",
      quoted_match: /[\r\n]|^\s|\s$/,
      quoted_empty: lines.some((cells) => cells.length === 1),
    },
  );
}
