import { tryLockFile } from "../disk.ts";

/** The one use that a spool has of SQLite: an exclusive lock on a file, which the kernel lets go of when its process ends. */
export class DatabaseSync {
  readonly #path: string;
  #release: (() => void) | undefined;

  constructor(path: string, _options: object = {}) {
    this.#path = path;
  }

  exec(_sql: string): void {
    this.#release = tryLockFile(this.#path);
    if (this.#release === undefined) throw Object.assign(new Error("database is locked"), { errcode: 5 });
  }

  close(): void {
    this.#release?.();
  }
}
