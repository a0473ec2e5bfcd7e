import { closeSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";

/** Makes names in a directory (creations, renames) durable. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function writeFully(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
}

/** Reads `length` bytes at `position`; throws when the file ends before. */
export function readFully(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; ) {
    const read = readSync(file, bytes, at, length - at, position + at);
    if (read === 0) throw new Error(`the file ends at byte ${position + at}, before byte ${position + length}`);
    at += read;
  }
  return bytes;
}

/** Writes a new file that is durable, readable by its owner alone. */
export function writeDurably(path: string, text: string): void {
  const file = openSync(path, "w", 0o600);
  try {
    writeFully(file, Buffer.from(text));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export interface Appender {
  /** Bytes appended so far: where the next ones go. */
  readonly position: number;
  append(bytes: Uint8Array): void;
  /** Writes what is buffered, makes it durable and closes the file. */
  close(): void;
  /** Closes the file as it is. */
  abandon(): void;
}

const BUFFER_BYTES = 256 * 1024;

/** An append-only file behind a small buffer: one descriptor and one `fsync` for a run, however many scopes it has. */
export function createAppender(path: string): Appender {
  const file = openSync(path, "wx", 0o600);
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  let used = 0;
  let position = 0;
  let open = true;

  function closeFile(): void {
    if (open) closeSync(file);
    open = false;
  }

  function flush(): void {
    writeFully(file, buffer.subarray(0, used));
    used = 0;
  }

  return {
    get position() {
      return position;
    },
    append(bytes) {
      if (used + bytes.length > BUFFER_BYTES) flush();
      if (bytes.length > BUFFER_BYTES) writeFully(file, bytes);
      else {
        buffer.set(bytes, used);
        used += bytes.length;
      }
      position += bytes.length;
    },
    close() {
      try {
        flush();
        fsyncSync(file);
      } finally {
        closeFile();
      }
    },
    abandon: closeFile,
  };
}
