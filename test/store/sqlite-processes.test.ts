import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { defineEntity } from "@cadastre/store/entity";
import { openSqliteTable } from "@cadastre/store/sqlite";
import { create, increment, remove, type Table } from "@cadastre/store/table";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { aClock, counter, note } from "./entities.ts";

const secret = defineEntity({
  type: "secret",
  about: "Secrets by id",
  schema: z.object({ id: z.string() }),
  key: { partition: () => "secrets", sort: (of: { id: string }) => of.id },
  erased: true,
});

const WRITER = fileURLToPath(new URL("./writer-process.ts", import.meta.url));

describe("a SQLite file that other processes write, too", () => {
  let folder: string;
  let path: string;
  const tables: Table[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cadastre-store-"));
    path = join(folder, "store.db");
  });

  afterEach(async () => {
    for (const table of tables.splice(0)) await table.close();
    rmSync(folder, { recursive: true });
  });

  function open(): Table {
    const table = openSqliteTable({ path, now: aClock().now });
    tables.push(table);
    return table;
  }

  /** A process that commits to the file and prints the number of each commit once that was acknowledged. */
  function startWriter(name: string, commits: number): { child: ChildProcess; lines: AsyncIterableIterator<string> } {
    const child = spawn(process.execPath, [WRITER, path, name, String(commits)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (child.stdout === null) throw new Error("no output");
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  }

  test.each([1, 2, 3])("loses no acknowledged commit to kill -9 in a stream of commits (%d)", async (round) => {
    const { child, lines } = startWriter("w", 1_000_000);
    const exited = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
    const acknowledged: string[] = [];
    for await (const line of lines) {
      acknowledged.push(line);
      if (acknowledged.length === 40 * round) child.kill("SIGKILL");
    }
    expect(await exited).toBe("SIGKILL");
    const table = open();
    const found = await table.getMany(
      note,
      acknowledged.map((id) => ({ space: "w", id })),
      { consistent: true },
    );
    expect(found.filter((item) => item === undefined)).toEqual([]);
    expect(acknowledged.length).toBeGreaterThanOrEqual(40 * round);
    // Each commit also counted in the same transaction: no commit is there in part.
    const { items } = await table.query(note, { partition: "space/w", consistent: true });
    expect((await table.get(counter, { name: "w" }))?.count).toBe(items.length);
  });

  test("takes commits of several processes at once, without loss or damage", async () => {
    const writers = ["one", "two"].map((name) => startWriter(name, 100));
    const table = open();
    const own = Array.from({ length: 100 }, (_, n) =>
      table.commit([create(note, { space: "own", id: `${n}` }), increment(counter, { name: "all" }, "count", 1)]),
    );
    await Promise.all(own);
    for (const { lines } of writers) {
      let count = 0;
      for await (const _ of lines) count++;
      expect(count).toBe(100);
    }
    const counts = ["one", "two", "all"].map(async (name) => (await table.get(counter, { name }))?.count);
    expect(await Promise.all(counts)).toEqual([100, 100, 100]);
    await table.close();
    const db = new DatabaseSync(path);
    expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    db.close();
  });

  test("is busy while another holds it: nothing is written, and the commit can be done again", async () => {
    const table = open();
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    await expect(table.commit([create(note, { space: "s", id: "a" })])).rejects.toMatchObject({
      refusals: [{ index: 0, reason: "busy" }],
    });
    other.exec("COMMIT");
    other.close();
    await table.commit([create(note, { space: "s", id: "a" })]);
  });

  test("keeps what is to leave nothing for as long as another reads its log, and no longer than until the next commit", async () => {
    const table = open();
    const id = "s3cr3t".repeat(40);
    const isOnDisk = () => ["", "-wal"].some((end) => readFileSync(path + end).includes(Buffer.from(id)));
    await table.commit([create(secret, { id })]);
    const reader = new DatabaseSync(path);
    reader.exec("BEGIN");
    reader.prepare("SELECT count(*) FROM items").get();
    await table.commit([remove(secret, { id })]);
    expect(isOnDisk()).toBe(true);
    reader.exec("COMMIT");
    reader.close();
    await table.commit([create(note, { space: "s", id: "any" })]);
    expect(isOnDisk()).toBe(false);
  });
});
