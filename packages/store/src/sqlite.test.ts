import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";
import { defineEntity } from "./entity.ts";
import { openSqliteTable } from "./sqlite.ts";
import { put, type Table } from "./table.ts";

const note = defineEntity({
  type: "note",
  about: "A note",
  schema: z.object({ id: z.string() }),
  key: { partition: () => "notes", sort: (of: { id: string }) => of.id },
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
