import { createReadStream } from "node:fs";
import type { Client } from "@cadastre/client/client";
import { type ExportEnd, endLine, exportEnd } from "@cadastre/contract/audit/export-lines";
import { UsageError } from "../exit-codes.ts";

/** The lines of a text that comes in pieces; what is after the last line feed is one, too. */
async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of pieces) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** The lines of an export in a file. Throws UsageError that names a file which cannot be read. */
export async function* linesOfFile(path: string): AsyncGenerator<string> {
  try {
    yield* linesOf(createReadStream(path, { encoding: "utf8", highWaterMark: 256 * 1024 }));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined) throw error;
    throw new UsageError(`the export ${path} cannot be read: ${code === "ENOENT" ? "there is no such file" : code}`);
  }
}

/** The last line of a part that others follow. */
function partEnd(line: string): ExportEnd | undefined {
  if (!line.startsWith('{"type":"end"')) return undefined;
  return exportEnd.parse(JSON.parse(line));
}

/** The lines of an export from the API, which may answer it in several parts: then as one, with one last line. */
export async function* linesOfApi(
  client: Client,
  asked: { readonly since?: string | undefined; readonly until?: string | undefined },
): AsyncGenerator<string> {
  let [checkpoints, records]: [number, number] = [0, 0];
  let first: number | undefined;
  for (let after: number | undefined; ; ) {
    let end: ExportEnd | undefined;
    for await (const line of linesOf(client.audit.export({ format: "jsonl", ...asked, after }))) {
      end = partEnd(line);
      if (!end) yield line;
    }
    // Broken off: whoever reads it misses the last line.
    if (!end) return;
    first ??= end.first;
    checkpoints += end.checkpoints;
    records += end.records;
    after = end.next;
    if (after !== undefined) continue;
    const { type: _, ...last } = end;
    yield endLine({ ...last, ...(first === undefined ? {} : { first }), checkpoints, records }).trimEnd();
    return;
  }
}
