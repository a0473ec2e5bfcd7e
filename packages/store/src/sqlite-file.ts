import { closeSync, fsync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";

// "cad1" as a number: tells our files from other SQLite files.
const APPLICATION_ID = 0x63616431;
const BUSY_TIMEOUT_MS = 5000;

// Text compares by UTF-8 bytes (BINARY), the order that DynamoDB has. A partition's text is stored once, and items are stored in
// the order in which they came: what a first ingest puts in random order is then only an index of short rows. Of 160,000 rows
// that was 378 MB written instead of 873.
const SCHEMA = `
  CREATE TABLE partitions (id INTEGER PRIMARY KEY, pk TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE items (
    id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, sk TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
    version INTEGER NOT NULL, expires INTEGER, size INTEGER NOT NULL, UNIQUE (partition, sk)
  ) STRICT;
  CREATE INDEX items_expires ON items (expires) WHERE expires IS NOT NULL;
`;

function numberOf(db: DatabaseSync, pragma: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
}

/** Whether an error says that another process holds the file's lock. */
export function isLocked(error: unknown): boolean {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === "number" && ((code & 0xff) === 5 || (code & 0xff) === 6);
}

/**
 * Opens or creates a store file in WAL mode. A commit survives the end of the process at once, and a power cut after
 * `createLogSync`. Another process may use the same file: writers wait for each other up to 5 seconds.
 * @throws Error that names the file and why it cannot be used
 */
export function openSqliteFile(path: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    prepareFile(db);
    return db;
  } catch (cause) {
    db?.close();
    throw new Error(`cannot open store file ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** Carries the log over to the file, on disk, and empties it. False when another process is in the way. */
export function emptyLog(db: DatabaseSync): boolean {
  return numberOf(db, "wal_checkpoint(TRUNCATE)") === 0;
}

const syncFile = promisify(fsync);

export interface LogSync {
  /** Resolves when every commit that was made before is on disk. */
  sync(): Promise<void>;
  close(): void;
}

/**
 * Makes commits durable beside the event loop. In WAL mode a commit is on disk when the log is: this is the fsync that SQLite
 * itself would wait for with `synchronous` FULL, on a descriptor of our own. Only the log is opened: closing a descriptor of
 * the main file would drop SQLite's locks on it.
 */
export function createLogSync(db: DatabaseSync): LogSync {
  const path = db.location();
  let log: number | undefined;
  return {
    async sync() {
      if (path === null) return;
      if (log === undefined) {
        log = openSync(`${path}-wal`, "r+");
        await syncDirectory(dirname(path));
      }
      await syncFile(log);
    },
    close() {
      if (log !== undefined) closeSync(log);
      log = undefined;
    },
  };
}

/** A file that was made a moment ago is found after a power cut only when its directory is on disk, too. */
async function syncDirectory(path: string): Promise<void> {
  const directory = openSync(path, "r");
  try {
    await syncFile(directory);
  } finally {
    closeSync(directory);
  }
}

function prepareFile(db: DatabaseSync): void {
  const id = numberOf(db, "application_id");
  const objects = numberOf(db, "schema_version");
  if (id !== APPLICATION_ID && objects !== 0) {
    throw new Error("it is a SQLite file of another program; allowed: a store file, or a path where nothing is");
  }
  // A long log is carried over to the file seldom, and then each page once: 170,000 scattered inserts took 7.0 s with a log of
  // 32 MB and 3.7 s with one of 128 MB.
  db.exec(`PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 16384; PRAGMA journal_size_limit = 67108864;
    PRAGMA secure_delete = ON`);
  db.exec("BEGIN IMMEDIATE");
  try {
    if (numberOf(db, "application_id") !== APPLICATION_ID) {
      db.exec(`${SCHEMA} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1`);
    }
    if (numberOf(db, "user_version") !== 1) {
      throw new Error(`it has format ${numberOf(db, "user_version")}; allowed: 1 (a newer program made it)`);
    }
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}
