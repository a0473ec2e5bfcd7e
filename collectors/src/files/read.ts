import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { KindName } from "@cadastre/contract/kinds/names";
import { FileError, type FileFormat, type FileListing } from "./format.ts";

/** Names of the files in a directory, in order; hidden ones and directories are left out. Rejects with FileError. */
export async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    throw new FileError(`directory ${directory} cannot be read: ${messageOf(error)}`);
  });
  return entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .sort();
}

/** The listings of one file. Rejects with FileError, whose message begins with the file's name and says what is accepted. */
export async function readListings(
  directory: string,
  name: string,
  format: FileFormat,
): Promise<readonly FileListing[]> {
  const wrong = (what: string, kind?: KindName) => new FileError(`${name}: ${what}`, kind);
  let document: unknown;
  try {
    document = JSON.parse(decode(await readFile(join(directory, name))));
  } catch (error) {
    throw wrong(
      error instanceof SyntaxError
        ? `not JSON (${error.message}); accepted is ${format.accepts}`
        : `cannot be read: ${messageOf(error)}`,
    );
  }
  try {
    const listings = format.read(document, name);
    if (listings) return listings;
  } catch (error) {
    if (error instanceof FileError) throw wrong(error.message, error.kind);
    throw error;
  }
  throw wrong(`JSON, but not of an accepted form; accepted is ${format.accepts}`);
}

/** UTF-8, or UTF-16 with its mark, which is what PowerShell's `>` writes. Throws TypeError for bytes that are neither. */
function decode(bytes: Uint8Array): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(utf16 ? "utf-16le" : "utf-8", { fatal: true }).decode(bytes);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
