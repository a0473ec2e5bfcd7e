import { createInflateRaw } from "node:zlib";
import { type AsyncFlateStreamHandler, Unzip, type UnzipDecoder, UnzipPassThrough } from "fflate";
import { FileProblem } from "../../file-problem.ts";
import type { FileLimits } from "../../limits.ts";

/** The XML files of a workbook. */
export interface Archive {
  /** The bytes of a file as they are unpacked, or undefined when there is none. Reading throws FileProblem (`unpacked`, `malformed`). */
  read(name: string): AsyncIterable<Uint8Array> | undefined;
}

/** More files than any workbook that people make has. */
const MOST_FILES = 2_000;
const DEFLATED = 8;

/** Gives what is compressed as it is: it is unpacked when it is read. */
class AsItIs implements UnzipDecoder {
  static compression = DEFLATED;
  ondata: AsyncFlateStreamHandler = () => undefined;

  push(chunk: Uint8Array<ArrayBuffer>, isLast: boolean): void {
    this.ondata(null, chunk, isLast);
  }
}

interface Packed {
  readonly chunks: Uint8Array[];
  readonly isDeflated: boolean;
}

/**
 * Opens a workbook. What its files unpack to is bounded over all that is read of it, and counted as it is unpacked: the sizes
 * in an archive are claims of whoever made it. Throws FileProblem (`unpacked`, `malformed`).
 */
export function openArchive(packed: Uint8Array, limits: FileLimits): Archive {
  const files = new Map<string, Packed>();
  let left = limits.unpackedBytes;
  const tooLarge = () =>
    new FileProblem("unpacked", `the workbook unpacks to more than ${limits.unpackedBytes} bytes; save it as CSV`);

  const unzip = new Unzip((file) => {
    if (!/\.(xml|rels)$/i.test(file.name)) return;
    if (files.size >= MOST_FILES) throw tooLarge();
    const held: Packed = { chunks: [], isDeflated: file.compression === DEFLATED };
    files.set(file.name, held);
    file.ondata = (error, chunk) => {
      if (error) throw error;
      held.chunks.push(chunk);
    };
    file.start();
  });
  unzip.register(AsItIs);
  unzip.register(UnzipPassThrough);
  try {
    unzip.push(packed, true);
  } catch (error) {
    throw error instanceof FileProblem ? error : damaged();
  }

  async function* unpack({ chunks, isDeflated }: Packed): AsyncGenerator<Uint8Array> {
    for await (const piece of isDeflated ? inflate(Buffer.concat(chunks)) : chunks) {
      left -= piece.length;
      if (left < 0) throw tooLarge();
      yield piece;
    }
  }
  return {
    read(name) {
      const file = files.get(name);
      return file && unpack(file);
    },
  };
}

async function* inflate(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const stream = createInflateRaw({ chunkSize: 64 * 1024 });
  stream.end(bytes);
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } catch {
    throw damaged();
  }
}

const damaged = () => new FileProblem("malformed", "the workbook is damaged, or is none");
