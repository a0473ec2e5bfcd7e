import { type Conversion, type ConvertedRow, type ConvertOptions, convertRows } from "../convert/convert-rows.ts";
import type { ImportRow } from "../convert/records.ts";
import { FileProblem } from "../file-problem.ts";
import { type ReadOptions, readRows } from "../read/read-rows.ts";
import type { FileRow, RowProblem } from "../row.ts";

/** A file's bytes in pieces of a size, so that characters, line ends and quotes are cut. */
export async function* inPieces(content: string | Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

export async function* each<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items;
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function collectBytes(pieces: AsyncIterable<string | Uint8Array>): Promise<Buffer> {
  return Buffer.concat((await collect(pieces)).map((piece) => Buffer.from(piece)));
}

/** The rows of a file as plain objects. */
export async function rowsOf(content: string | Uint8Array, options: ReadOptions & { size?: number } = {}) {
  const rows: FileRow[] = await collect(readRows(inPieces(content, options.size), options));
  return rows.map(({ row, values, problems }) => ({ row, values: Object.fromEntries(values), problems }));
}

/** Why a file is refused. */
export async function problemOf(reading: Promise<unknown>): Promise<FileProblem> {
  const caught = await reading.catch((error: unknown) => error);
  if (caught instanceof FileProblem) return caught;
  throw new Error("it was read, or broke", { cause: caught });
}

/** What the rows of a file are understood as. */
export async function understand(content: string | Uint8Array, options: ConvertOptions & ReadOptions = {}) {
  const conversion: Conversion = convertRows(readRows(inPieces(content, 1024), options), options);
  const rows: ConvertedRow[] = await collect(conversion.rows);
  const records: ImportRow[] = rows.flatMap((row) => ("record" in row ? [row.record] : []));
  const problems: RowProblem[] = rows.flatMap((row) => ("problems" in row ? row.problems : []));
  return { records, problems, ...conversion.about() };
}

/** Without members that say nothing. */
export function terse<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<Value>;
}
