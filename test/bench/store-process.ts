import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { openSqliteTable } from "@cadastre/store/sqlite";
import { serveCalls } from "./calls.ts";
import { beginGauge } from "./gauge.ts";
import { shardsOf } from "./rows.ts";

/* A store file in a process of its own. */

const IO = "/proc/self/io";

/** Bytes that this process sent to a disk so far (proc(5)); nothing where the system does not say. */
function writtenBytes(): number {
  return existsSync(IO) ? Number(/^write_bytes: (\d+)$/m.exec(readFileSync(IO, "utf8"))?.[1] ?? 0) : 0;
}

const handlers = {
  /** Writes the rows of so many resources, `width` shards at a time. */
  async ingest({ directory, resources, width }: { directory: string; resources: number; width: number }) {
    const path = join(directory, `${resources}.db`);
    const table = openSqliteTable({ path, now: () => new Date() });
    const shards = shardsOf(resources).values();
    const gauge = beginGauge();
    const before = writtenBytes();
    const worker = async () => {
      for (const { entries, writes } of shards) {
        await table.load(entries);
        await table.commit(writes);
      }
    };
    await Promise.all(Array.from({ length: width }, worker));
    const spent = gauge();
    const written = writtenBytes() - before;
    await table.close();
    return { ...spent, writtenBytes: written, fileBytes: statSync(path).size };
  },
};

export type StoreHandlers = typeof handlers;

serveCalls(handlers);
