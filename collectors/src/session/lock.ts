import { DatabaseSync } from "node:sqlite";

export interface Lock {
  release(): void;
}

const SQLITE_BUSY = 5;

/**
 * Takes an exclusive lock on a file, made if need be, or answers undefined when another process (or part of this one) has it.
 * SQLite's file lock is the kernel's: it ends with its process, however that ends, so there are no stale locks to detect;
 * process ids would be wrong in a container, where the next life of a collector has the same one.
 * `patienceMilliseconds` blocks for as long, for what others hold for a moment only.
 */
export function tryLock(path: string, { patienceMilliseconds = 0 } = {}): Lock | undefined {
  const database = new DatabaseSync(path, { timeout: patienceMilliseconds });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw new Error(`the lock file ${path} cannot be used`, { cause: error });
  }
  return { release: () => database.close() };
}
