import { FileProblem } from "../file-problem.ts";
import { FILE_LIMITS, type FileLimits } from "../limits.ts";
import type { FileRow } from "../row.ts";
import { bounded } from "./bounded.ts";
import { csvRows } from "./csv.ts";
import { decodeText } from "./decode-text.ts";
import { jsonRows } from "./json.ts";
import { xlsxRows } from "./xlsx.ts";

export interface ReadOptions {
  /** Which sheet of a workbook; the first one by default. */
  readonly sheet?: string | undefined;
  readonly limits?: FileLimits;
}

/** Bytes and characters to tell a file's form by. */
const HEAD = 8;
const MOST_BLANK = 4096;

/**
 * The rows of a file, whose form is told by its first bytes: a workbook (.xlsx), JSON, JSON Lines, or text with
 * delimiters. Reads as far as it is asked for, and holds no more than a row, of a workbook its unpacked XML.
 * Throws FileProblem.
 */
export async function* readRows(source: AsyncIterable<Uint8Array>, options: ReadOptions = {}): AsyncGenerator<FileRow> {
  const { sheet, limits = FILE_LIMITS } = options;
  const { head, all } = await peek(bounded(source, limits.bytes));
  const signature = Buffer.from(head).toString("hex");
  if (signature.startsWith("504b0304")) {
    yield* xlsxRows(all, { sheet, limits });
  } else if (signature.startsWith("d0cf11e0")) {
    throw new FileProblem("old_workbook", "the file is a workbook of the old form (.xls); save it as .xlsx or CSV");
  } else {
    const text = decodeText(all);
    const { first, all: whole } = await firstText(text);
    yield* /^\s*[[{]/.test(first) ? jsonRows(whole, limits) : csvRows(whole, limits);
  }
}

async function peek(source: AsyncGenerator<Uint8Array>) {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < HEAD) {
    const { done, value } = await source.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  const all = async function* () {
    yield head;
    yield* source;
  };
  return { head: head.subarray(0, HEAD), all: all() };
}

async function firstText(source: AsyncGenerator<string>) {
  let first = "";
  while (first.trim() === "" && first.length < MOST_BLANK) {
    const { done, value } = await source.next();
    if (done) break;
    first += value;
  }
  const all = async function* () {
    yield first;
    yield* source;
  };
  return { first, all: all() };
}
