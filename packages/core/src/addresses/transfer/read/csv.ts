import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CsvError, parse } from "csv-parse";
import { FileProblem } from "../file-problem.ts";
import { unescapeFormula } from "../formula.ts";
import type { FileLimits } from "../limits.ts";
import type { FileRow } from "../row.ts";
import { tableRows } from "./table.ts";
import type { TableLine } from "./table-line.ts";

const DELIMITERS = [",", ";", "\t", "|"] as const;

/**
 * The rows of delimiter-separated text (RFC 4180): commas, semicolons, tabs or bars, whichever the first line has most of;
 * any line end; a line `sep=;` as Excel writes it. A cell that was escaped against formulas is as it was before.
 * Throws FileProblem (`malformed`, `row_length`, and those of `tableRows`).
 */
export function csvRows(text: AsyncIterable<string>, limits: FileLimits): AsyncGenerator<FileRow> {
  return tableRows(csvLines(text, limits), { limits, exact: true });
}

async function* csvLines(text: AsyncIterable<string>, limits: FileLimits): AsyncGenerator<TableLine> {
  const { head, rest } = await firstLine(text, limits.rowLength);
  const named = /^sep=(.)\r?\n/.exec(head);
  const parser = parse({
    delimiter: named?.[1] ?? delimiterOf(head),
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    max_record_size: limits.rowLength,
    from: 1,
  });
  const pieces = async function* () {
    yield named === null ? head : head.slice(named[0].length);
    yield* rest;
  };
  // What goes wrong on the way destroys the parser, and comes out of reading from it.
  const piped = pipeline(Readable.from(pieces()), parser).catch(() => undefined);
  const before = named === null ? 0 : 1;
  let row = before;
  try {
    for await (const record of parser as AsyncIterable<string[]>)
      yield { row: ++row, cells: record.map(unescapeFormula) };
  } catch (error) {
    throw error instanceof CsvError ? toProblem(error, before + rowsBefore(error) + 1, limits) : error;
  } finally {
    parser.destroy();
    await piped;
  }
}

/** Enough of the text to know its first line by, and what follows. */
async function firstLine(text: AsyncIterable<string>, most: number) {
  const pieces = text[Symbol.asyncIterator]();
  let head = "";
  while (!/[\r\n]./s.test(head) && head.length <= most) {
    const { done, value } = await pieces.next();
    if (done) break;
    head += value;
  }
  return { head, rest: { [Symbol.asyncIterator]: () => pieces } };
}

function delimiterOf(head: string): string {
  const line = /^(?:"(?:[^"]|"")*"|[^"\r\n])*/.exec(head)?.[0] ?? "";
  const bare = line.replace(/"(?:[^"]|"")*"/g, "");
  const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ",";
}

/** How many rows were whole: more than were given out, as they are given out later. */
function rowsBefore(error: CsvError): number {
  return typeof error.records === "number" ? error.records : 0;
}

function toProblem(error: CsvError, row: number, limits: FileLimits): FileProblem {
  switch (error.code) {
    case "CSV_MAX_RECORD_SIZE":
      return new FileProblem("row_length", `row ${row} has more than ${limits.rowLength} characters`, { row });
    case "CSV_QUOTE_NOT_CLOSED":
      return new FileProblem("malformed", `row ${row} opens a quote that is never closed`, { row });
    default: {
      const message = `row ${row} has a quote in the middle of a cell; quote the whole cell, and double the quotes in it`;
      return new FileProblem("malformed", message, { row });
    }
  }
}
