import { createTable } from "./create-table.ts";
import type { Driver } from "./driver.ts";
import { BusyError } from "./errors.ts";
import { GET_BATCH_LIMIT, LOAD_BATCH_LIMIT } from "./limits.ts";
import { createMeter } from "./meter.ts";
import type { Row } from "./row.ts";
import { createLogSync, emptyLog, openSqliteFile } from "./sqlite-file.ts";
import { createGroups } from "./sqlite-groups.ts";
import { createTransactionRows, type TransactionRows } from "./sqlite-rows.ts";
import { commitRows, loadRows, moveRows } from "./sqlite-writes.ts";
import type { Table } from "./table.ts";
import { readUnits } from "./units.ts";

export interface SqliteTableOptions {
  /** A file, made when it is missing, or ":memory:". */
  readonly path: string;
  readonly now: () => Date;
  /** Whether a commit is on disk before it is answered (the default). Without it a power cut may take the last commits. */
  readonly durable?: boolean;
}

const SWEEP_EVERY_MS = 60_000;
/** Expired items are kept for a while, as DynamoDB does, so that nobody comes to rely on their being gone. */
const SWEEP_AFTER_SECONDS = 3600;
/** In one transaction, which takes some milliseconds. */
const SWEEP_ROWS = 500;

/** Opens a table in a SQLite file or in memory. @throws Error that names the file and why it cannot be used */
export function openSqliteTable({ path, now, durable = true }: SqliteTableOptions): Table {
  const db = openSqliteFile(path);
  const log = createLogSync(db);
  const rows = createTransactionRows(db);
  const meter = createMeter();
  let sweptAt = now().getTime();
  let isBehind = false;
  const sync = durable ? () => log.sync() : async () => undefined;
  const groups = createGroups({ db, path, before: beginTransaction, undone: () => rows.forget(), sync });
  let closed = false;
  /** The log may still have what was to leave nothing: another process was reading it. Tried again with the next commit. */
  let mustErase = false;

  /** The rows, unless the file is closed. */
  function opened(): TransactionRows {
    if (closed) throw new Error(`store file ${path} is closed`);
    return rows;
  }

  function beginTransaction(): void {
    rows.begin();
    const time = now().getTime();
    if (!isBehind && Math.abs(time - sweptAt) < SWEEP_EVERY_MS) return;
    sweptAt = time;
    isBehind = rows.sweep(Math.floor(time / 1000) - SWEEP_AFTER_SECONDS, SWEEP_ROWS) === SWEEP_ROWS;
    // What is left goes with the next transaction, which follows also where nobody writes. A closed file keeps it.
    if (isBehind) groups.run(() => undefined).catch(() => undefined);
  }

  // A consistent read is waited for until what it saw is on disk: what is decided by it cannot be lost before it.
  const driver: Driver = {
    async get(key, consistent) {
      const row = opened().read(key);
      meter.charge({ read: readUnits(row?.size ?? 0, consistent), calls: 1 });
      if (consistent) await groups.settled();
      return row;
    },
    async getMany(keys, consistent) {
      const found: Row[] = [];
      let read = 0;
      for (const key of keys) {
        const row = opened().read(key);
        read += readUnits(row?.size ?? 0, consistent);
        if (row !== undefined) found.push(row);
      }
      meter.charge({ read, calls: Math.ceil(keys.length / GET_BATCH_LIMIT) });
      if (consistent) await groups.settled();
      return found;
    },
    async page(request) {
      const { bytes, ...page } = opened().page(request);
      meter.charge({ read: readUnits(bytes, request.consistent), calls: 1 });
      if (request.consistent) await groups.settled();
      return page;
    },
    async commit(planned) {
      try {
        const { refused, units } = await groups.run(() => commitRows(rows, planned, now()));
        meter.charge({ write: units, calls: 1 });
        if (refused.length === 0) mustErase ||= planned.some(({ erases }) => erases);
        if (mustErase) mustErase = !emptyLog(db);
        return refused;
      } catch (error) {
        if (error instanceof BusyError) return [{ index: 0, reason: "busy", oldSize: 0 }];
        throw error;
      }
    },
    async load(changes) {
      const write = await groups.run(() => loadRows(rows, changes));
      meter.charge({ write, calls: Math.ceil(changes.length / LOAD_BATCH_LIMIT) });
    },
    async move(moves) {
      const write = await groups.run(() => moveRows(rows, moves));
      meter.charge({ write, calls: 2 * Math.ceil(moves.length / LOAD_BATCH_LIMIT) });
    },
    async ready() {
      opened().read({ pk: "ready", sk: "ready" });
    },
    async close() {
      if (closed) return;
      closed = true;
      await groups.close();
      log.close();
      db.close();
    },
  };

  return createTable({ driver, meter, now });
}
