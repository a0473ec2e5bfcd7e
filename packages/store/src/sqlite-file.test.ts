import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLogSync, emptyLog, isLocked, openSqliteFile } from "./sqlite-file.ts";

const DESCRIPTORS = "/proc/self/fd";

let folder: string;
let path: string;
let db: DatabaseSync;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cadastre-store-"));
  path = join(folder, "store.db");
  db = openSqliteFile(path);
});
afterEach(() => {
  if (db.isOpen) db.close();
  rmSync(folder, { recursive: true });
});

/** What of the folder this process has open, by its ends. */
function openFiles(): string[] {
  const links = readdirSync(DESCRIPTORS).flatMap((name) => {
    try {
      return [readlinkSync(join(DESCRIPTORS, name))];
    } catch {
      // The one that lists them is closed by now.
      return [];
    }
  });
  return links.filter((link) => link.startsWith(folder)).map((link) => link.slice(folder.length));
}
const write = () => db.exec("INSERT INTO partitions (pk) VALUES (hex(randomblob(9)))");

describe("an error", () => {
  it("says that another process holds the file where SQLite's code does, with what it adds to it", () => {
    const of = (errcode?: unknown) =>
      isLocked(Object.assign(new Error("no"), errcode === undefined ? {} : { errcode }));
    expect([of(5), of(6), of(261), of(517), of(262)]).toEqual([true, true, true, true, true]);
    expect([of(), of(1), of(19), of(4), of(7), of("5"), of(null)].some((one) => one)).toBe(false);
  });
});

describe("the log", () => {
  it("is carried over and empty, or not where another is reading it", () => {
    write();
    db.exec("PRAGMA busy_timeout = 0");
    const reader = new DatabaseSync(path);
    reader.exec("BEGIN");
    reader.prepare("SELECT count(*) FROM partitions").get();
    write();
    expect(emptyLog(db)).toBe(false);
    reader.exec("COMMIT");
    reader.close();
    expect(emptyLog(db)).toBe(true);
  });

  it.runIf(existsSync(DESCRIPTORS))("is opened once to be made durable, with nothing else, and closed", async () => {
    write();
    const log = createLogSync(db);
    const before = openFiles().filter((name) => name === "/store.db-wal").length;
    await log.sync();
    await log.sync();
    const after = openFiles();
    expect(after.filter((name) => name === "/store.db-wal")).toHaveLength(before + 1);
    expect(after).not.toContain("");
    log.close();
    log.close();
    expect(openFiles().filter((name) => name === "/store.db-wal")).toHaveLength(before);
    db.close();
    expect(openFiles()).toEqual([]);
  });

  it("of a table in memory is nothing to wait for", async () => {
    const memory = openSqliteFile(":memory:");
    const log = createLogSync(memory);
    await log.sync();
    log.close();
    memory.close();
  });
});

describe("a file", () => {
  it.runIf(existsSync(DESCRIPTORS))("that cannot be used is not held", () => {
    db.exec("PRAGMA user_version = 2");
    db.close();
    expect(() => openSqliteFile(path)).toThrow(
      expect.objectContaining({ message: expect.stringContaining("it has format 2"), cause: expect.any(Error) }),
    );
    expect(openFiles()).toEqual([]);
  });
});
