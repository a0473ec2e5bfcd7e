import { chmodSync, closeSync, existsSync, lstatSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "./data-folder.ts";

/** What the local run keeps in its folder, beside the vault's key, which is refused where others could have read it. */
const FILES = ["cadastre.db", "cadastre.db-wal", "cadastre.db-shm", "lock.db", "lock.db-journal", "cadastre.log"];
const FOLDERS = ["audit", "keys", "spool", "simulation"];
const STICKY = 0o1000;

/** Gives files 600 and folders 700, all the way down; links are left alone, so that nothing outside is touched. */
function closeToOthers(path: string): void {
  const found = lstatSync(path);
  if (found.isDirectory()) {
    if ((found.mode & 0o077) !== 0) chmodSync(path, 0o700);
    for (const name of readdirSync(path)) closeToOthers(join(path, name));
  } else if (found.isFile() && (found.mode & 0o077) !== 0) chmodSync(path, 0o600);
}

/**
 * Makes the data folder and what is in it of ours readable by its owner alone, also where it was there already and somebody's umask
 * or a restore had it otherwise. Throws for a folder that is not ours to close: of another user, or shared on purpose.
 */
export function ensurePrivateFolder(directory: string): void {
  makeFolder(directory);
  const { mode, uid } = lstatSync(directory);
  const isOurs = process.getuid === undefined || uid === process.getuid();
  if ((mode & 0o077) !== 0) {
    if (!isOurs || (mode & STICKY) !== 0) {
      const why = isOurs ? "it is shared by all users" : "it belongs to another user";
      throw new Error(
        `the data folder ${directory} cannot be closed to others: ${why}; set CADASTRE_DATA to a folder of your own`,
      );
    }
    chmodSync(directory, 0o700);
  }
  for (const name of [...FILES, ...FOLDERS]) {
    const path = join(directory, name);
    if (existsSync(path)) closeToOthers(path);
  }
  // SQLite makes its files as the umask has it, and those beside a file like the file.
  for (const name of ["cadastre.db", "lock.db"]) closeSync(openSync(join(directory, name), "a", 0o600));
}
