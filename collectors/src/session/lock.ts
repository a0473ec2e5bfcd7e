import { truncateSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

export interface Lock {
  release(): void;
}

const SQLITE_BUSY = 5;
/** The file has something in it that is no database. */
const DAMAGED: ReadonlySet<number | undefined> = new Set([11, 26]);

/**
 * Takes an exclusive lock on a file, made if need be, or answers undefined when another process (or part of this one) has it.
 * SQLite's file lock is the kernel's: it ends with its process, however that ends, so there are no stale locks to detect;
 * process ids would be wrong in a container, where the next life of a collector has the same one.
 * `patienceMilliseconds` blocks for as long, for what others hold for a moment only. What somebody wrote into the file is no lock:
 * it is emptied, and stays the same file, so that a lock that another process took on it meanwhile holds.
 */
export function tryLock(path: string, { patienceMilliseconds = 0 } = {}): Lock | undefined {
  const taken = take(path, patienceMilliseconds);
  if (taken !== "damaged") return taken;
  truncateSync(path);
  const again = take(path, patienceMilliseconds);
  if (again === "damaged") throw new Error(`the lock file ${path} cannot be used: it is no database, and stays none`);
  return again;
}

function take(path: string, patienceMilliseconds: number): Lock | undefined | "damaged" {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path, { timeout: patienceMilliseconds });
  } catch (error) {
    throw new Error(`the lock file ${path} cannot be opened: it is a file, in a folder that may be written`, {
      cause: error,
    });
  }
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    const { errcode } = error as { errcode?: number };
    if (errcode === SQLITE_BUSY) return undefined;
    if (DAMAGED.has(errcode)) return "damaged";
    throw new Error(`the lock file ${path} cannot be used`, { cause: error });
  }
  return { release: () => database.close() };
}
