import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteTable } from "@cadastre/store/sqlite";
import { tableContract } from "./contract.ts";
import { aClock, type Opened } from "./entities.ts";

async function openMemory(): Promise<Opened> {
  const clock = aClock();
  const table = openSqliteTable({ path: ":memory:", now: clock.now });
  return { table, clock, close: () => table.close() };
}

async function openFile(): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), "cadastre-store-"));
  const clock = aClock();
  const table = openSqliteTable({ path: join(folder, "store.db"), now: clock.now });
  const close = async () => {
    await table.close();
    rmSync(folder, { recursive: true });
  };
  return { table, clock, close };
}

tableContract("SQLite in memory", openMemory);
tableContract("SQLite in a file", openFile);
