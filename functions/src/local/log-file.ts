import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";

/** One older file is kept beside it. */
const MOST_BYTES = 10 * 1024 * 1024;

export interface LogFile {
  /** Appends a line. When that fails, `onFault` is told, and what follows is not kept. */
  write(line: string): void;
  close(): void;
}

export interface LogFileOptions {
  readonly path: string;
  readonly mostBytes?: number;
  /** Told once why it cannot be written. */
  readonly onFault: (error: unknown) => void;
}

/**
 * The log of the local run: lines of JSON in a file that only its owner can read, made at the first line. A file that has grown
 * large is put aside as `.1`, and the one that was there before goes.
 */
export function createLogFile({ path, mostBytes = MOST_BYTES, onFault }: LogFileOptions): LogFile {
  let file: number | undefined;
  let bytes = 0;
  let isBroken = false;

  function open(): number {
    const opened = openSync(path, "a", 0o600);
    bytes = fstatSync(opened).size;
    return opened;
  }

  function close(): void {
    if (file !== undefined) closeSync(file);
    file = undefined;
  }

  return {
    write(line) {
      if (isBroken) return;
      try {
        file ??= open();
        if (bytes > mostBytes) {
          close();
          renameSync(path, `${path}.1`);
          file = open();
        }
        bytes += writeSync(file, line);
      } catch (error) {
        isBroken = true;
        onFault(error);
      }
    },
    close,
  };
}
