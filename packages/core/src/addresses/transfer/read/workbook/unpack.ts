import { inflateRawSync } from "node:zlib";
import { type AsyncFlateStreamHandler, Unzip, type UnzipDecoder, UnzipPassThrough } from "fflate";
import { FileProblem } from "../../file-problem.ts";
import type { FileLimits } from "../../limits.ts";

/** More files than any workbook that people make has. */
const MOST_FILES = 2_000;

/**
 * The XML files of a workbook, name → bytes. What they unpack to is bounded whatever the archive says of it: its sizes are
 * claims of whoever made it. Throws FileProblem (`unpacked`, `malformed`).
 */
export function unpackWorkbook(packed: Uint8Array, limits: FileLimits): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let left = limits.unpackedBytes;
  const tooLarge = () =>
    new FileProblem("unpacked", `the workbook unpacks to more than ${limits.unpackedBytes} bytes; save it as CSV`);

  /** Inflates a file when all of it is there, no further than what is left. */
  class Inflate implements UnzipDecoder {
    static compression = 8;
    ondata: AsyncFlateStreamHandler = () => undefined;
    readonly #chunks: Uint8Array[] = [];

    push(chunk: Uint8Array, isLast: boolean): void {
      this.#chunks.push(chunk);
      if (isLast) this.ondata(null, inflateRawSync(Buffer.concat(this.#chunks), { maxOutputLength: left + 1 }), true);
    }
  }

  const unzip = new Unzip((file) => {
    if (!/\.(xml|rels)$/i.test(file.name)) return;
    const chunks: Uint8Array[] = [];
    file.ondata = (error, chunk, isLast) => {
      if (error) throw error;
      left -= chunk.length;
      if (left < 0 || files.size >= MOST_FILES) throw tooLarge();
      chunks.push(chunk);
      if (isLast) files.set(file.name, Buffer.concat(chunks));
    };
    file.start();
  });
  unzip.register(Inflate);
  unzip.register(UnzipPassThrough);
  try {
    unzip.push(packed, true);
  } catch (error) {
    if (error instanceof FileProblem) throw error;
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge();
    throw new FileProblem("malformed", "the workbook is damaged, or is none");
  }
  return files;
}
