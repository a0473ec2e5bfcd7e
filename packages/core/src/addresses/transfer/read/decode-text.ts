import { isUtf8 } from "node:buffer";
import { FileProblem } from "../file-problem.ts";

/**
 * The text of bytes, piece by piece: UTF-8 with or without a byte order mark, UTF-16 with one. Line ends stay as they are.
 * Throws FileProblem (`encoding`, `nul`) with the line.
 */
export async function* decodeText(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  let head: Uint8Array = new Uint8Array(0);
  let line = 1;

  const decode = (chunk: Uint8Array | undefined): string => {
    decoder ??= new TextDecoder(encodingOf(head), { fatal: true });
    let text: string;
    try {
      text = chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      throw wrongEncoding(decoder.encoding, line + linesBeforeFault(chunk ?? new Uint8Array(0)));
    }
    const nul = text.indexOf("\0");
    if (nul >= 0) throw nulIn(line + linesIn(text.slice(0, nul)));
    line += linesIn(text);
    return text;
  };

  for await (const chunk of source) {
    if (chunk.length === 0) continue;
    if (decoder === undefined && head.length + chunk.length < 3) {
      head = Buffer.concat([head, chunk]);
      continue;
    }
    const joined = decoder === undefined ? Buffer.concat([head, chunk]) : chunk;
    if (decoder === undefined) head = joined;
    const text = decode(joined);
    if (text !== "") yield text;
  }
  const rest = decoder === undefined && head.length > 0 ? decode(head) : "";
  const end = decoder === undefined ? "" : decode(undefined);
  if (rest + end !== "") yield rest + end;
}

function encodingOf(head: Uint8Array): string {
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  return head[0] === 0xfe && head[1] === 0xff ? "utf-16be" : "utf-8";
}

function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

/** How many lines of a piece of UTF-8 end before the first one that is not. A character that the piece before began is passed over. */
function linesBeforeFault(chunk: Uint8Array): number {
  let start = 0;
  while (start < 3 && ((chunk[start] ?? 0) & 0xc0) === 0x80) start++;
  let lines = 0;
  for (let end = chunk.indexOf(10, start); end >= 0; end = chunk.indexOf(10, start)) {
    if (!isUtf8(chunk.subarray(start, end))) return lines;
    lines++;
    start = end + 1;
  }
  return lines;
}

function wrongEncoding(encoding: string, row: number): FileProblem {
  return new FileProblem("encoding", `line ${row} is not ${encoding.toUpperCase()}; save the file as UTF-8`, { row });
}

function nulIn(row: number): FileProblem {
  const message = `line ${row} has a NUL character; a file in UTF-16 needs a byte order mark, or save it as UTF-8`;
  return new FileProblem("nul", message, { row });
}
