import { Readable } from "node:stream";

export interface ZipEntry {
  readonly name: string;
  readonly content: AsyncIterable<string | Uint8Array>;
}

/** Files as a ZIP archive, one after the other as they come: none is held. `at` is the time that the files have. */
export async function* writeZip(entries: Iterable<ZipEntry>, at: Date): AsyncGenerator<Uint8Array> {
  const { ZipFile } = await import("yazl");
  const archive = new ZipFile();
  const output = archive.outputStream as Readable;
  let open: Readable | undefined;
  archive.on("error", (error: Error) => output.destroy(error));
  for (const { name, content } of entries) {
    const options = { mtime: at, forceDosTimestamp: true };
    archive.addReadStreamLazy(name, options, (give) => {
      open = Readable.from(content);
      open.on("error", (error) => output.destroy(error));
      give(null, open);
    });
  }
  archive.end();
  try {
    yield* output as AsyncIterable<Uint8Array>;
  } finally {
    // Whoever stops reading closes what is read from, too.
    open?.destroy();
  }
}
