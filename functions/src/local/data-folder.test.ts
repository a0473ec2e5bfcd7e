import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readLocalConfig } from "./config.ts";
import { describeFolderFault, folderFaultOf } from "./data-folder.ts";
import { createLogFile } from "./log-file.ts";
import { openLog } from "./open-log.ts";
import { startLocalServer } from "./server.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cadastre-folder-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What a start with this data folder says. */
async function startSays(data: string): Promise<string> {
  const options = {
    port: 0,
    now: () => new Date(),
    log: () => undefined,
    onJobStarted: () => undefined,
    onTrigger: () => undefined,
  };
  try {
    await (await startLocalServer(readLocalConfig({ CADASTRE_DATA: data }), options)).stop();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

function fails(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

describe("a data folder that cannot be used is told of in one sentence, with its path and what to do", () => {
  it("is a file, or lies below one", async () => {
    const file = join(directory, "file");
    writeFileSync(file, "");
    for (const data of [file, join(file, "below")]) {
      expect(await startSays(data)).toBe(
        `the data folder ${data} is a file, or lies below one: move that away, or set CADASTRE_DATA to another folder`,
      );
    }
  });

  it("cannot be made", async () => {
    const data = "/proc/cadastre";
    expect(await startSays(data)).toContain(`the data folder ${data} cannot be made: make it yourself`);
  });

  it("has a data file that is none, or a lock that is none", async () => {
    writeFileSync(join(directory, "cadastre.db"), "no database, but long enough to be taken for one".repeat(100));
    expect(await startSays(directory)).toMatch(
      new RegExp(`^the data file ${directory}/cadastre.db is damaged: put your backup in its place, or `),
    );
    rmSync(join(directory, "cadastre.db"));
    writeFileSync(join(directory, "lock.db"), "no database, but long enough to be taken for one".repeat(100));
    // There is nothing in a lock that could be lost: it is made anew.
    expect(await startSays(directory)).toBe("");
  });

  it("has pages that are corrupt, is full, or cannot be written: as SQLite itself says it", () => {
    const path = join(directory, "some.db");
    const db = new DatabaseSync(path);
    db.exec("PRAGMA page_size = 512; PRAGMA max_page_count = 40; CREATE TABLE t (x)");
    const full = fails(() => {
      for (;;) db.exec("INSERT INTO t VALUES (randomblob(400))");
    });
    db.close();
    expect(folderFaultOf(full, directory)).toBe("full");
    const readOnly = new DatabaseSync(path, { readOnly: true });
    expect(
      folderFaultOf(
        fails(() => readOnly.exec("DELETE FROM t")),
        directory,
      ),
    ).toBe("readOnly");
    readOnly.close();
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(statSync(path).size - 1024, 0xff), 0, undefined, 1024);
    closeSync(file);
    const damaged = new DatabaseSync(path);
    expect(
      folderFaultOf(
        fails(() => damaged.prepare("SELECT * FROM t").all()),
        directory,
      ),
    ).toBe("damaged");
    damaged.close();
  });

  it("is read-only or full, as the system says it, also as the cause of another error", () => {
    const path = join(directory, "vault.key");
    for (const [code, fault, says] of [
      ["EACCES", "readOnly", "make it writable for this user"],
      ["EROFS", "readOnly", "make it writable for this user"],
      ["ENOSPC", "full", "make room, then start again; nothing that was answered is lost"],
      ["EDQUOT", "full", "make room"],
    ] as const) {
      const error = new Error("outer", { cause: Object.assign(new Error(code), { code, path }) });
      expect(folderFaultOf(error, directory)).toBe(fault);
      expect(describeFolderFault(fault, directory)).toContain(says);
      expect(describeFolderFault(fault, directory)).toContain(directory);
    }
  });

  it("is not blamed for what is wrong elsewhere", () => {
    const elsewhere = { code: "EACCES", path: `${directory}-other/key.pem` };
    expect(folderFaultOf(Object.assign(new Error("x"), elsewhere), directory)).toBeUndefined();
    expect(
      folderFaultOf(Object.assign(new Error("x"), { code: "EACCES", syscall: "listen" }), directory),
    ).toBeUndefined();
    expect(folderFaultOf(new Error("boom"), directory)).toBeUndefined();
  });
});

describe("the log", () => {
  it("is put aside when it is large, and one older one is kept", () => {
    const path = join(directory, "x.log");
    const log = createLogFile({ path, mostBytes: 10, onFault: (error) => expect.unreachable(String(error)) });
    for (const line of ["first, and long\n", "second, and long\n", "third, and long\n"]) log.write(line);
    log.close();
    expect([statSync(path).size, statSync(`${path}.1`).size]).toEqual([16, 17]);
  });

  it("that cannot be written is told of once, and what goes wrong is said in a line, of the folder in its sentence", () => {
    const folder = join(directory, "folder");
    mkdirSync(folder);
    mkdirSync(join(folder, "cadastre.log"));
    let said = "";
    const stderr = {
      write(text: string) {
        said += text;
        return true;
      },
    };
    const { log } = openLog({ directory: folder, stderr, now: () => new Date(0), verbose: false });
    log({ level: "info", message: "request", status: 200 });
    expect(said).toMatch(/^the log \S+\/cadastre\.log cannot be written: Error: EISDIR/);
    said = "";
    log({ level: "info", message: "request", status: 200 });
    log({
      level: "error",
      message: "fault",
      code: "service.internal",
      error: { name: "Error", message: "boom", stack: [] },
    });
    expect(said).toBe(`error: fault service.internal: boom (${join(folder, "cadastre.log")} says more)\n`);
    said = "";
    const full = { name: "Error", message: "commit failed", stack: [], cause: { message: "database or disk is full" } };
    for (const _ of [1, 2]) log({ level: "error", message: "fault", error: full });
    expect(said).toBe(`${describeFolderFault("full", folder)}\n`);
  });
});
