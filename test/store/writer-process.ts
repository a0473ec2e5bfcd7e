import { openSqliteTable } from "@cadastre/store/sqlite";
import { create, increment } from "@cadastre/store/table";
import { counter, note } from "./entities.ts";

// Commits to a file, four at a time, and prints the number of each commit after it was acknowledged.
const [path = "", name = "", commits = "0"] = process.argv.slice(2);
const table = openSqliteTable({ path, now: () => new Date() });
const ids = Array.from({ length: Number(commits) }).keys();

async function work(): Promise<void> {
  for (const id of ids) {
    await table.commit([create(note, { space: name, id: `${id}` }), increment(counter, { name }, "count", 1)]);
    process.stdout.write(`${id}\n`);
  }
}

await Promise.all([work(), work(), work(), work()]);
await table.close();
