import { encodeBody } from "./body.ts";
import { createTable } from "./create-table.ts";
import type { Change, Driver } from "./driver.ts";
import { BusyError, InvalidItemError } from "./errors.ts";
import { GET_BATCH_LIMIT, LOAD_BATCH_LIMIT } from "./limits.ts";
import { createMeter } from "./meter.ts";
import { type Planned, type Refused, refusalOf, type Update, updatedFields } from "./plan.ts";
import { complainOf, entriesOf, isExpired, type Row, type WritableRow } from "./row.ts";
import { rowSize } from "./size.ts";
import { createLogSync, openSqliteFile } from "./sqlite-file.ts";
import { createGroups } from "./sqlite-groups.ts";
import { createRows, type RowHead, type Rows, type SizedRow, sameEntries } from "./sqlite-rows.ts";
import type { Table } from "./table.ts";
import { indexUnits, readUnits, refusedUnits, writeUnits } from "./units.ts";

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

/** Opens a table in a SQLite file or in memory. @throws Error that names the file and why it cannot be used */
export function openSqliteTable({ path, now, durable = true }: SqliteTableOptions): Table {
  const db = openSqliteFile(path);
  const log = createLogSync(db);
  const rows = createRows(db);
  const meter = createMeter();
  let sweptAt = now().getTime();
  const sync = durable ? () => log.sync() : async () => undefined;
  const groups = createGroups({ db, path, before: sweepNowAndThen, sync });
  let closed = false;

  /** The rows, unless the file is closed. */
  function opened(): Rows {
    if (closed) throw new Error(`store file ${path} is closed`);
    return rows;
  }

  function sweepNowAndThen(): void {
    const time = now().getTime();
    if (Math.abs(time - sweptAt) < SWEEP_EVERY_MS) return;
    sweptAt = time;
    rows.sweep(Math.floor(time / 1000) - SWEEP_AFTER_SECONDS);
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
    async commit(planned, transaction) {
      try {
        const done = await groups.run(() => commitRows({ rows, planned, transaction, now: now() }));
        meter.charge({ write: done.units, calls: done.calls });
        return done.refused;
      } catch (error) {
        if (error instanceof BusyError) return [{ index: 0, reason: "busy" }];
        throw error;
      }
    },
    async load(changes) {
      const write = await groups.run(() => loadRows(rows, changes));
      meter.charge({ write, calls: Math.ceil(changes.length / LOAD_BATCH_LIMIT) });
    },
    async ready() {
      opened().head({ pk: "ready", sk: "ready" });
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

/** Writes bulk state; answers its write units. */
function loadRows(rows: Rows, changes: readonly Change[]): number {
  let units = 0;
  // New state is mostly new throughout and known state known, so what the last key was tells which statement to try first.
  let isNew = true;
  for (const { key, row } of changes) {
    if (row !== undefined && isNew && rows.insert(row)) {
      units += writeUnits(0, row.size) + indexUnits(undefined, row);
      continue;
    }
    const before = rows.head(key);
    isNew = before === undefined;
    units += writeUnits(before?.size ?? 0, row?.size ?? 0) + indexUnits(before, row);
    if (row === undefined) {
      if (before !== undefined) rows.remove(before);
    } else if (before === undefined || !isSame(before, row)) rows.write(row, before);
  }
  return units;
}

/** Whether writing a row would change nothing. The version of bulk state is a digest of its content. */
function isSame(before: RowHead, row: WritableRow): boolean {
  return (
    before.version === row.version &&
    before.type === row.type &&
    before.expires === row.expires &&
    before.size === row.size &&
    sameEntries(before.entries, row.entries)
  );
}

interface Done {
  readonly refused: readonly Refused[];
  readonly units: number;
  readonly calls: number;
}

/** Checks every condition, then writes; a refused commit writes nothing. */
function commitRows(options: { rows: Rows; planned: readonly Planned[]; transaction: boolean; now: Date }): Done {
  const { rows, planned, transaction, now } = options;
  const found = planned.map((p) => (p.act === "update" || p.index < 0 ? rows.read(p.key) : rows.head(p.key)));
  const refused: Refused[] = [];
  planned.forEach((p, place) => {
    const old = found[place];
    const reason = refusalOf(p, old !== undefined && !isExpired(old, now) ? old : undefined);
    if (reason === undefined) return;
    refused.push({ index: p.index, reason, ...(old === undefined ? {} : { old: { fields: {}, ...old } }) });
  });
  if (refused.length > 0) return { refused, units: refusedUnits(planned, refused, transaction), calls: 1 };
  let units = 0;
  let again = 0;
  planned.forEach((p, place) => {
    const old = found[place];
    // An update of an expired item takes DynamoDB a refused attempt and a second one.
    if (p.act === "update" && old !== undefined && isExpired(old, now)) again = 1;
    const after = apply(rows, p, old, now);
    units += writeUnits(old?.size ?? 0, after?.size ?? 0) * (transaction ? 2 : 1) + indexUnits(old, after);
  });
  return { refused, units: units + again * refusedUnits(planned, [], transaction), calls: 1 + again };
}

/** Does one write; answers what stands at its key now. */
function apply(rows: Rows, planned: Planned, old: RowHead | SizedRow | undefined, now: Date): RowHead | undefined {
  switch (planned.act) {
    case "check":
      return old;
    case "remove":
      if (old !== undefined) rows.remove(old);
      return undefined;
    case "put":
      rows.write(planned.row, old);
      return planned.row;
    case "update": {
      const row = old === undefined || isExpired(old, now) ? planned.seed : updatedRow(planned, old as SizedRow);
      if (row === undefined) throw new Error("an update without a seed needs an item");
      rows.write(row, old);
      return row;
    }
  }
}

/** The item after an update. DynamoDB keeps the index keys as they are, so an update that should move them is refused. */
function updatedRow(update: Update, old: SizedRow): SizedRow & { body: string } {
  const { fields, expires } = updatedFields(update, old);
  const { entity } = update;
  if (!sameEntries(entriesOf(entity, fields), old.entries)) {
    throw new InvalidItemError(entity.type, [`field ${update.field} is part of an index key, allowed: replace`]);
  }
  const row = { ...old, fields, expires, version: update.version };
  return { ...row, body: encodeBody(fields), size: rowSize(row, complainOf(entity.type)) };
}
