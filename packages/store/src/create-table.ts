import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { Change, Driver, Move } from "./driver.ts";
import type { AnyEntity, Key, KeyOf } from "./entity.ts";
import { ConflictError, InvalidItemError } from "./errors.ts";
import { checkKey, checkPartition } from "./limits.ts";
import { keyText, planCommit } from "./plan.ts";
import { inRange, planRange } from "./range.ts";
import { fromRow, isExpired, parseItem, type Row, sizeOf, toRow } from "./row.ts";
import type { BulkWrite, Meter, Query, Stored, Table } from "./table.ts";

// A page that filters much out goes on in growing steps, so that few calls are made and little is read in vain.
const SMALLEST_STEP = 25;

// Bounds the memory of a bulk load and how long it keeps the event loop. Groups follow each other, so the last write wins.
const LOAD_GROUP = 5000;

/** Bytes of an item that are its key's and its type's. */
const keyBytes = ({ pk, sk }: Key, type: string): number =>
  Buffer.byteLength(pk) + Buffer.byteLength(sk) + Buffer.byteLength(type);

/** Makes a table of a driver: schemas, limits, expiry by the clock, cursors and the filling of pages. */
export function createTable(options: { driver: Driver; meter: Meter; now: () => Date }): Table {
  const { driver, meter, now } = options;

  function live(row: Row | undefined): row is Row {
    return row !== undefined && !isExpired(row, now());
  }

  function toChange(write: BulkWrite): Change {
    if (write.op === "remove") return { key: checkKey(write.entity.keyOf(write.key), write.entity.type) };
    const row = toRow(write.entity, parseItem(write.entity, write.item));
    return { key: row, row };
  }

  function toChanges(writes: readonly BulkWrite[]): Change[] {
    const changes = new Map<string, Change>();
    for (const write of writes) {
      const change = toChange(write);
      changes.set(keyText(change.key), change);
    }
    return [...changes.values()];
  }

  function toMove(from: AnyEntity, to: AnyEntity, item: Stored<object>): Move {
    const old = checkKey(from.keyOf(item), from.type);
    const key = checkKey(to.keyOf(item), to.type);
    const growth = keyBytes(key, to.type) - keyBytes(old, from.type);
    const toWritten = () => toRow(to, parseItem(to, item));
    const size = sizeOf(to, key, item) ?? toWritten().size;
    return { from: old, key, type: to.type, version: item.version, size, growth, toRow: toWritten };
  }

  const table: Pick<Table, "commit" | "load" | "ready" | "close" | "meter"> & Untyped = {
    meter,
    async get(entity, key, { consistent = false } = {}) {
      const row = await driver.get(checkKey(entity.keyOf(key), entity.type), consistent);
      return live(row) ? fromRow(entity, row) : undefined;
    },
    async getMany(entity, keys, { consistent = false } = {}) {
      const places = new Map<string, Key>();
      const texts = keys.map((key) => {
        const physical = checkKey(entity.keyOf(key), entity.type);
        const text = keyText(physical);
        places.set(text, physical);
        return text;
      });
      if (places.size === 0) return [];
      const rows = new Map<string, Row>();
      for (const row of await driver.getMany([...places.values()], consistent)) rows.set(keyText(row), row);
      return texts.map((text) => {
        const row = rows.get(text);
        return live(row) ? fromRow(entity, row) : undefined;
      });
    },
    async query(entity, query) {
      checkQuery(entity, query);
      const planned = planRange(query.sort);
      if (planned === undefined) return { items: [] };
      const { partition, limit, reverse = false, consistent = false, cursor } = query;
      const { range } = planned;
      let after = cursor === undefined ? undefined : decodeCursor(entity, query, planned, cursor);
      const items: Row[] = [];
      // One more than asked for tells whether there is a next page, so that the last page has no cursor.
      const enough = limit === undefined ? Number.POSITIVE_INFINITY : limit + 1;
      let step = limit === undefined ? undefined : enough;
      for (;;) {
        const page = await driver.page({ partition, range, reverse, consistent, limit: step, after });
        for (const row of page.rows) {
          if (row.type === entity.type && live(row) && inRange(row.sk, planned)) items.push(row);
        }
        after = page.next;
        // A page that ended before its limit ended at 1 MB: it is handed out as it is.
        const endedBySize = step === undefined || page.rows.length < step;
        if (items.length >= enough || after === undefined || endedBySize) break;
        step = Math.max(SMALLEST_STEP, 2 * (step as number));
      }
      if (limit !== undefined && items.length > limit) {
        items.length = limit;
        after = (items[limit - 1] as Row).sk;
      }
      const stored = items.map((row) => fromRow(entity, row));
      return after === undefined ? { items: stored } : { items: stored, cursor: encodeCursor(entity, query, after) };
    },
    async commit(writes) {
      if (writes.length === 0) return;
      const refused = await driver.commit(planCommit(writes));
      if (refused.length > 0) throw new ConflictError(refused.map(({ index, reason }) => ({ index, reason })));
    },
    async load(writes) {
      for (let start = 0; start < writes.length; start += LOAD_GROUP) {
        await driver.load(toChanges(writes.slice(start, start + LOAD_GROUP)));
      }
    },
    async move(from, to, items) {
      if (from.schema !== to.schema) throw new TypeError(`${from.type} is stored otherwise than ${to.type}`);
      for (let start = 0; start < items.length; start += LOAD_GROUP) {
        await driver.move(items.slice(start, start + LOAD_GROUP).map((item) => toMove(from, to, item)));
      }
    },
    ready: () => driver.ready(),
    close: () => driver.close(),
  };
  return table as Table;
}

/** What is written here over rows of no known entity. `Table` gives it the entity's types. */
interface Untyped {
  get(entity: AnyEntity, key: KeyOf<AnyEntity>, options?: { consistent?: boolean }): Promise<object | undefined>;
  getMany(
    entity: AnyEntity,
    keys: readonly KeyOf<AnyEntity>[],
    options?: { consistent?: boolean },
  ): Promise<(object | undefined)[]>;
  query(entity: AnyEntity, query: Query): Promise<{ items: readonly object[]; cursor?: string }>;
  move(from: AnyEntity, to: AnyEntity, items: readonly Stored<object>[]): Promise<void>;
}

function checkQuery(entity: AnyEntity, { partition, limit }: Query): void {
  checkPartition(partition, `query of ${entity.type}`);
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1)) {
    throw new InvalidItemError(entity.type, [`query limit is ${limit}, allowed: whole numbers from 1`]);
  }
}
