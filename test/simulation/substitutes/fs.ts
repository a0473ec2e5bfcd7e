import { currentDisk } from "../disk.ts";

/** What a spool uses of node:fs, on the simulated disk. */
export const openSync = (path: string, flags: string): number => currentDisk().open(path, flags);
export const closeSync = (file: number): void => currentDisk().close(file);
export const fsyncSync = (file: number): void => currentDisk().sync(file);
export const existsSync = (path: string): boolean => currentDisk().exists(path);
export const renameSync = (from: string, to: string): void => currentDisk().rename(from, to);

export function writeSync(file: number, bytes: Uint8Array, offset = 0, length = bytes.length - offset): number {
  return currentDisk().write(file, bytes.subarray(offset, offset + length));
}

export function readSync(file: number, into: Uint8Array, offset: number, length: number, position: number): number {
  return currentDisk().read(file, into.subarray(offset, offset + length), position);
}

export function mkdirSync(path: string, options: { recursive?: boolean } = {}): void {
  currentDisk().makeDirectory(path, options.recursive === true);
}

export function rmSync(path: string, options: { force?: boolean } = {}): void {
  currentDisk().remove(path, options.force === true);
}

export function readFileSync(path: string, encoding?: "utf8"): string | Buffer {
  const data = currentDisk().readAll(path);
  return encoding === undefined ? data : data.toString(encoding);
}

export function readdirSync(path: string, _options: { withFileTypes: true }) {
  return currentDisk()
    .list(path)
    .map(({ name, isDirectory }) => ({ name, isDirectory: () => isDirectory }));
}

/** Nothing writes into a lock file of a simulated disk. */
export function truncateSync(path: string): void {
  throw new Error(`${path} is damaged`);
}
