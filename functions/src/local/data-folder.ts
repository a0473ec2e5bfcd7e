import { mkdirSync, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";

/** SQLite's primary result codes (sqlite.org/rescode.html), and what errors say where only their text is left. */
const SQLITE = {
  readOnly: { codes: [8, 14], text: /attempt to write a readonly database|unable to open database file/ },
  damaged: { codes: [11, 26], text: /database disk image is malformed|file is not a database/ },
  full: { codes: [13], text: /database or disk is full/ },
} as const;

const SYSTEM = {
  readOnly: ["EACCES", "EPERM", "EROFS"],
  full: ["ENOSPC", "EDQUOT"],
  notAFolder: ["ENOTDIR", "EEXIST"],
} as const;

/**
 * Makes a folder for its owner alone, and those above it, where they are missing. Node's own recursive `mkdir` tries for ever where
 * a folder that is there takes no folder (`/proc`).
 */
export function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Somebody else was faster.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** What can be wrong with the data folder, and is for the user to mend. */
export type FolderFault = "readOnly" | "full" | "damaged" | "notAFolder" | "missing";

function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let at = error; at instanceof Error && causes.length < 5; at = at.cause) causes.push(at);
  return causes;
}

/** Whether a path is the folder, in it, or above it: what is wrong about others is not the folder's. */
function concerns(path: unknown, directory: string): boolean {
  if (typeof path !== "string") return false;
  return path === directory || path.startsWith(directory + sep) || directory.startsWith(path + sep);
}

function faultOfOne(error: Error, directory: string): FolderFault | undefined {
  const { code, errcode, path } = error as { code?: unknown; errcode?: unknown; path?: unknown };
  const has = (codes: readonly string[]) => typeof code === "string" && codes.includes(code);
  const isSqlite = ({ codes, text }: { readonly codes: readonly number[]; readonly text: RegExp }) =>
    typeof errcode === "number" ? codes.includes(errcode & 0xff) : text.test(error.message);
  // A write to a file that is open names no path.
  if (has(SYSTEM.full) || isSqlite(SQLITE.full)) return "full";
  if (isSqlite(SQLITE.readOnly)) return "readOnly";
  if (isSqlite(SQLITE.damaged)) return "damaged";
  if (!concerns(path, directory)) return undefined;
  if (has(SYSTEM.readOnly)) return "readOnly";
  if (has(SYSTEM.notAFolder)) return "notAFolder";
  return has(["ENOENT"]) ? "missing" : undefined;
}

/** What of it an error says, also by one of its causes; undefined for anything else. */
export function folderFaultOf(error: unknown, directory: string): FolderFault | undefined {
  for (const one of causesOf(error)) {
    const fault = faultOfOne(one, directory);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** One sentence: what is wrong, with its path, and what to do. */
export function describeFolderFault(fault: FolderFault, directory: string): string {
  const database = join(directory, "cadastre.db");
  const elsewhere = "or set CADASTRE_DATA to another folder";
  const sentences: Readonly<Record<FolderFault, string>> = {
    readOnly: `the data folder ${directory} cannot be written: make it writable for this user, ${elsewhere}`,
    full: `the disk of the data folder ${directory} is full: make room, then start again; nothing that was answered is lost`,
    damaged: `the data file ${database} is damaged: put your backup in its place, or move it away to begin anew without what people said and stored`,
    notAFolder: `the data folder ${directory} is a file, or lies below one: move that away, ${elsewhere}`,
    missing: `the data folder ${directory} cannot be made: make it yourself, ${elsewhere}`,
  };
  return sentences[fault];
}

/** The error in one sentence where the data folder is to blame; as it is otherwise. */
export function toFolderError(error: unknown, directory: string): unknown {
  const fault = folderFaultOf(error, directory);
  return fault === undefined ? error : new Error(describeFolderFault(fault, directory), { cause: error });
}
