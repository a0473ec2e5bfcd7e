import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { defineEntity } from "@cadastre/store/entity";
import { openSqliteTable } from "@cadastre/store/sqlite";
import { create, increment, put, remove, type Table } from "@cadastre/store/table";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { aClock, lease, note } from "./entities.ts";

describe("a SQLite file", () => {
  let folder: string;
  let path: string;
  const clock = aClock();
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
    const table = openSqliteTable({ path, now: clock.now });
    tables.push(table);
    return table;
  }

  test("holds what was committed after it is closed and opened again", async () => {
    const first = open();
    await first.commit([create(note, { space: "s", id: "a" })]);
    await first.close();
    const second = open();
    expect(await second.get(note, { space: "s", id: "a" })).toBeDefined();
  });

  test("is refused clearly where it is no store file, and left as it was", async () => {
    writeFileSync(path, "no database ".repeat(100));
    expect(open).toThrow(`cannot open store file ${path}: file is not a database`);
    expect(readFileSync(path, "utf8")).toBe("no database ".repeat(100));
    const other = join(folder, "other.db");
    const db = new DatabaseSync(other);
    db.exec("CREATE TABLE mine (a)");
    db.close();
    const before = readFileSync(other);
    expect(() => openSqliteTable({ path: other, now: clock.now })).toThrow(/file of another program/);
    expect(readFileSync(other)).toEqual(before);
    const missing = join(folder, "none", "store.db");
    expect(() => openSqliteTable({ path: missing, now: clock.now })).toThrow(`cannot open store file ${missing}`);
  });

  test("of a newer format is refused clearly", async () => {
    await open().close();
    const db = new DatabaseSync(path);
    db.exec("PRAGMA user_version = 2");
    db.close();
    expect(open).toThrow(/it has format 2; allowed: 1/);
  });

  test("writes what is waiting before it closes, and refuses what comes after", async () => {
    const table = open();
    const waiting = table.commit([create(note, { space: "s", id: "last" })]);
    await table.close();
    await waiting;
    const after = table.commit([create(note, { space: "s", id: "late" })]);
    await expect(after).rejects.toThrow(`store file ${path} is closed`);
    await expect(table.ready()).rejects.toThrow("is closed");
    await expect(table.get(note, { space: "s", id: "last" })).rejects.toThrow("is closed");
    expect(await open().get(note, { space: "s", id: "last" })).toBeDefined();
  });

  test("one failing commit does not take along those that share its transaction", async () => {
    const table = open();
    const schema = z.object({ space: z.string(), id: z.string(), count: z.string() });
    const words = defineEntity({ type: "note", about: "Notes that count in words", schema, key: note.key });
    await table.commit([put(words, { space: "w", id: "w", count: "many" })]);
    const results = await Promise.allSettled([
      table.commit([create(note, { space: "g", id: "a" })]),
      table.commit([create(note, { space: "new", id: "bad" }), increment(note, { space: "w", id: "w" }, "count", 1)]),
      table.commit([create(note, { space: "g", id: "a" })]),
      table.commit([create(note, { space: "g", id: "b" })]),
      table.commit([create(note, { space: "new", id: "c" })]),
    ]);
    expect(results.map((r) => r.status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled", "fulfilled"]);
    expect(results[1]).toMatchObject({ reason: { message: expect.stringContaining("count is no number") } });
    const { items } = await table.query(note, { partition: "space/g" });
    expect(items.map(({ id }) => id)).toEqual(["a", "b"]);
    const { items: made } = await table.query(note, { partition: "space/new" });
    expect(made.map(({ id }) => id)).toEqual(["c"]);
  });

  test("keeps nothing of a partition whose last item is gone, and takes it again", async () => {
    const table = open();
    const key = (id: string) => ({ space: "p", id });
    await table.commit([create(note, key("a")), create(note, key("b"))]);
    await table.commit([remove(note, key("a"))]);
    expect((await table.query(note, { partition: "space/p" })).items).toHaveLength(1);
    await table.commit([remove(note, key("b")), create(note, key("c"))]);
    await table.load([{ op: "remove", entity: note, key: key("c") }]);
    const db = new DatabaseSync(path, { readOnly: true });
    expect(db.prepare("SELECT pk FROM partitions").all()).toEqual([]);
    db.close();
    await table.commit([create(note, key("a"))]);
    expect((await table.query(note, { partition: "space/p" })).items).toMatchObject([key("a")]);
  });

  test("puts items where they belong also when another process gave a partition's number to another one", async () => {
    const [one, other] = [open(), open()];
    const key = (space: string) => ({ space, id: "a" });
    await one.commit([create(note, key("first"))]);
    await other.commit([remove(note, key("first"))]);
    await other.commit([create(note, key("second"))]);
    await one.commit([create(note, key("first"))]);
    for (const space of ["first", "second"]) {
      expect((await one.query(note, { partition: `space/${space}` })).items).toMatchObject([key(space)]);
    }
    await other.close();
  });

  test("sheds items an hour after their end, all of them, though nobody writes any more", async () => {
    const table = open();
    const ends = clock.epochSeconds() + 10;
    const ended = Array.from({ length: 1700 }, (_, n) => put(lease, { name: `ended-${n}`, holder: "x", ends }));
    await table.load([...ended, put(lease, { name: "later", holder: "x", ends: ends + 10_000 })]);
    const db = new DatabaseSync(path, { readOnly: true });
    const left = () => db.prepare("SELECT count(*) AS n FROM partitions WHERE pk LIKE 'lease/%'").get()?.n;
    clock.advance(3600);
    await table.commit([put(note, { space: "s", id: "early" })]);
    expect(left()).toBe(1701);
    clock.advance(100);
    await table.commit([put(note, { space: "s", id: "any" })]);
    // One transaction takes some, so that it does not take long, and the next ones the rest.
    expect(left()).toBeGreaterThan(1);
    for (let n = 0; left() !== 1 && n < 1000; n++) await new Promise((resolve) => setImmediate(resolve));
    expect(left()).toBe(1);
    db.close();
    expect(await table.get(lease, { name: "later" })).toBeDefined();
  });

  test("closes with expired items left, and sheds them when it is open again", async () => {
    const first = open();
    const ends = clock.epochSeconds() + 10;
    await first.load(Array.from({ length: 1200 }, (_, n) => put(lease, { name: `old-${n}`, holder: "x", ends })));
    clock.advance(3700);
    await Promise.all([first.commit([put(note, { space: "s", id: "any" })]), first.close()]);
    const second = open();
    clock.advance(60);
    for (let n = 0; n < 3; n++) await second.commit([put(note, { space: "s", id: `${n}` })]);
    await second.close();
    const db = new DatabaseSync(path);
    expect(db.prepare("SELECT count(*) AS n FROM items WHERE type = 'lease'").get()).toEqual({ n: 0 });
    db.close();
  });
});
