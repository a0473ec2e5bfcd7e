import { readFileSync, statSync } from "node:fs";
import { UsageError } from "./exit-codes.ts";

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? String(error);

/** The text of a file. Throws UsageError that names it by `what` and path; never with a part of its content. */
export function readText(path: string, what: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const reason = codeOf(error) === "ENOENT" ? "there is no such file" : codeOf(error);
    throw new UsageError(`the ${what} ${path} cannot be read: ${reason}`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`the ${what} ${path} is not UTF-8 text`);
  }
}

/** True when others than the owner may read it: a private key should not be like that. False where modes mean nothing. */
export function isReadableByOthers(path: string): boolean {
  return process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0;
}
