import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import { defineEntity } from "./entity.ts";
import { openSqliteTable } from "./sqlite.ts";
import { put, remove, type Table } from "./table.ts";

const note = defineEntity({
  type: "note",
  about: "A note",
  schema: z.object({ id: z.string(), text: z.string().optional() }),
  key: { partition: () => "notes", sort: (of: { id: string }) => of.id },
});

const lease = defineEntity({
  type: "lease",
  about: "A lease",
  schema: z.object({ id: z.string(), ends: z.number(), text: z.string() }),
  key: { partition: () => "leases", sort: (of: { id: string }) => of.id },
  expires: "ends",
});

const secret = defineEntity({
  type: "secret",
  about: "A secret",
  schema: z.object({ id: z.string(), text: z.string() }),
  key: { partition: () => "secrets", sort: (of: { id: string }) => of.id },
  erased: true,
});

describe("what a commit wrote that is not on disk yet", () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  /** A table in a file with a commit that SQLite has and whose way to the disk has just begun. */
  async function writing(): Promise<{ table: Table; commit: Promise<void> }> {
    const folder = mkdtempSync(join(tmpdir(), "cadastre-store-"));
    folders.push(folder);
    const table = openSqliteTable({ path: join(folder, "store.db"), now: () => new Date(0) });
    const commit = table.commit([put(note, { id: "a" })]);
    await new Promise(setImmediate);
    return { table, commit };
  }
  /** Whether it is there before anything that the disk has to answer. */
  async function isThereAtOnce(read: Promise<unknown>): Promise<boolean> {
    let isThere = false;
    void read.then(() => {
      isThere = true;
    });
    for (let tick = 0; tick < 100; tick++) await Promise.resolve();
    return isThere;
  }

  const reads: Record<string, (table: Table, consistent: boolean) => Promise<unknown>> = {
    get: (table, consistent) => table.get(note, { id: "a" }, { consistent }),
    getMany: async (table, consistent) => (await table.getMany(note, [{ id: "a" }], { consistent }))[0],
    query: async (table, consistent) => (await table.query(note, { partition: "notes", consistent })).items[0],
  };

  it.each(Object.keys(reads))(
    "is awaited by a consistent %s: nobody decides by what a power cut may take back",
    async (name) => {
      const read = reads[name] as (typeof reads)[string];
      const { table, commit } = await writing();
      expect(await isThereAtOnce(read(table, false))).toBe(true);
      const consistent = read(table, true);
      expect(await isThereAtOnce(consistent)).toBe(false);
      expect(await consistent).toMatchObject({ id: "a" });
      await commit;
      expect(await isThereAtOnce(read(table, true))).toBe(true);
      await table.close();
    },
  );
});

describe("a table in memory", () => {
  const at = { now: new Date(0) };
  let table: Table;
  beforeEach(() => {
    at.now = new Date("2030-01-01T00:00:00Z");
    table = openSqliteTable({ path: ":memory:", now: () => at.now });
  });
  const spent = async (work: () => Promise<unknown>) => {
    const { units, calls } = await table.meter.measure(work);
    return [units.read, units.write, calls];
  };
  const ids = (count: number) => Array.from({ length: count }, (_, n) => ({ id: String(n).padStart(4, "0") }));

  it("charges what DynamoDB would: by bytes, half for reads that need not be strong, and by the calls that it takes", async () => {
    const big = { id: "big", text: "x".repeat(9000) };
    expect(await spent(() => table.commit([put(note, big)]))).toEqual([0, 9, 1]);
    expect(await spent(() => table.get(note, { id: "big" }))).toEqual([1.5, 0, 1]);
    expect(await spent(() => table.get(note, { id: "big" }, { consistent: true }))).toEqual([3, 0, 1]);
    expect(await spent(() => table.get(note, { id: "none" }))).toEqual([0.5, 0, 1]);
    expect(await spent(() => table.getMany(note, [{ id: "big" }, { id: "none" }]))).toEqual([2, 0, 1]);
    expect(await spent(() => table.getMany(note, ids(101), { consistent: true }))).toEqual([101, 0, 2]);
    expect(await spent(() => table.query(note, { partition: "notes" }))).toEqual([1.5, 0, 1]);
    expect(await spent(() => table.query(note, { partition: "notes", consistent: true }))).toEqual([3, 0, 1]);
    expect(await spent(() => table.load(ids(26).map((one) => put(note, one))))).toEqual([0, 26, 2]);
  });

  it("is ready while it is open, and closed once, twice asked", async () => {
    await table.ready();
    await table.close();
    await table.close();
    for (const use of [
      () => table.ready(),
      () => table.get(note, { id: "a" }),
      () => table.getMany(note, [{ id: "a" }]),
      () => table.query(note, { partition: "notes" }),
      () => table.commit([put(note, { id: "a" })]),
    ])
      await expect(use()).rejects.toThrow("store file :memory: is closed");
  });

  it("does not look for what has expired more than once a minute, whichever way the clock goes", async () => {
    const ends = (seconds: number) => ({ id: "old", ends: at.now.getTime() / 1000 + seconds });
    const isThere = async () => (await spent(() => table.get(lease, { id: "old" })))[0] === 1;
    const write = () => table.commit([put(note, { id: "any" })]);
    const text = "x".repeat(5000);
    await table.commit([put(lease, { ...ends(-3600), text })]);
    await write();
    expect(await isThere()).toBe(true);
    at.now = new Date(at.now.getTime() + 59_999);
    await write();
    expect(await isThere()).toBe(true);
    at.now = new Date(at.now.getTime() + 1);
    await write();
    expect(await isThere()).toBe(false);
    await table.commit([put(lease, { ...ends(-7200), text })]);
    at.now = new Date(at.now.getTime() - 60_000);
    await write();
    expect(await isThere()).toBe(false);
  });

  it("keeps what has expired for an hour", async () => {
    const text = "x".repeat(5000);
    await table.commit([put(lease, { id: "old", ends: at.now.getTime() / 1000 - 3539, text })]);
    at.now = new Date(at.now.getTime() + 60_000);
    await table.commit([put(note, { id: "any" })]);
    expect((await spent(() => table.get(lease, { id: "old" })))[0]).toBe(1);
    at.now = new Date(at.now.getTime() + 60_000);
    await table.commit([put(note, { id: "any" })]);
    expect((await spent(() => table.get(lease, { id: "old" })))[0]).toBe(0.5);
  });
});

describe("what is to leave nothing", () => {
  let folder: string;
  let table: Table;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cadastre-store-"));
    table = openSqliteTable({ path: join(folder, "store.db"), now: () => new Date(0) });
  });
  afterEach(async () => {
    await table.close();
    rmSync(folder, { recursive: true });
  });
  const SECRET = "s3cr3t".repeat(40);
  const isOnDisk = () =>
    ["store.db", "store.db-wal"].some((name) => readFileSync(join(folder, name)).includes(Buffer.from(SECRET)));

  it("is gone from the file and its log once it is removed, and other things are not worth that", async () => {
    await table.commit([put(secret, { id: "a", text: SECRET }), put(note, { id: "n", text: "kept" })]);
    expect(isOnDisk()).toBe(true);
    await table.commit([remove(note, { id: "n" })]);
    expect(readFileSync(join(folder, "store.db-wal")).length).toBeGreaterThan(0);
    await table.commit([remove(secret, { id: "a" })]);
    expect(isOnDisk()).toBe(false);
    expect(readFileSync(join(folder, "store.db-wal"))).toHaveLength(0);
  });

  it("is gone also when other things are written with it", async () => {
    await table.commit([put(secret, { id: "a", text: SECRET })]);
    await table.commit([put(note, { id: "n" }), remove(secret, { id: "a" })]);
    expect(isOnDisk()).toBe(false);
  });

  it.runIf(existsSync("/proc/self/fd"))("is in no file that a closed table still holds", async () => {
    await table.commit([put(note, { id: "n" })]);
    await table.close();
    const held = readdirSync("/proc/self/fd").filter((name) => {
      try {
        return readlinkSync(join("/proc/self/fd", name)).startsWith(folder);
      } catch {
        return false;
      }
    });
    expect(held).toEqual([]);
  });

  it("stays when its removal was refused, and nothing is emptied for it", async () => {
    await table.commit([put(secret, { id: "a", text: SECRET })]);
    await expect(table.commit([remove(secret, { id: "a" }, 1)])).rejects.toThrow();
    expect(readFileSync(join(folder, "store.db-wal")).length).toBeGreaterThan(0);
  });
});
