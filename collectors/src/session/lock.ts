import { DatabaseSync } from "node:sqlite";

export interface Lock {
  release(): void;
}

const SQLITE_BUSY = 5;

/**
 * Takes an exclusive lock on a file, made if need be, or answers undefined when another process (or part of this one) has it.
 * SQLite's file lock is the kernel's: it ends with its process, however that ends, so there are no stale locks to detect;
 * process ids would be wrong in a container, where the next life of a collector has the same one.
 */
export function tryLock(path: string): Lock | undefined {
  const database = new DatabaseSync(path);
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw new Error(`the lock file ${path} cannot be used`, { cause: error });
  }
  return { release: () => database.close() };
}
