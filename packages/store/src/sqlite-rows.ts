import type { DatabaseSync, StatementSync } from "node:sqlite";
import { decodeBody } from "./body.ts";
import type { Position } from "./cursor.ts";
import type { PageRequest, RowPage } from "./driver.ts";
import type { Key } from "./entity.ts";
import { PAGE_BYTES_LIMIT } from "./limits.ts";
import { afterPrefix, type KeyRange } from "./range.ts";
import type { IndexEntry, Row } from "./row.ts";

interface Columns {
  pk: string;
  sk: string;
  type: string;
  body: string;
  version: number;
  expires: number | null;
  size: number;
  entries: string | null;
}

/** A row with its size in bytes as DynamoDB counts it. */
export interface SizedRow extends Row {
  readonly size: number;
}

/** A row without its fields: what a write needs to know of the row that it replaces. */
export type RowHead = Omit<SizedRow, "fields">;

export interface Rows {
  read(key: Key): SizedRow | undefined;
  head(key: Key): RowHead | undefined;
  /** Writes over what `before` says is there, with the index entries. */
  write(row: Omit<SizedRow, "fields"> & { readonly body: string }, before: RowHead | undefined): void;
  /** Inserts where nothing is; answers whether it did. */
  insert(row: Omit<SizedRow, "fields"> & { readonly body: string }): boolean;
  remove(before: RowHead): void;
  page(request: PageRequest): RowPage & { readonly bytes: number };
  /** Deletes some rows that expired before this epoch second. */
  sweep(before: number): void;
}

const NO_ENTRIES: readonly IndexEntry[] = [];
const SWEEP_LIMIT = 500;

/** Whether two items have the same keys in the same indexes; an entity always makes them in the same order. */
export function sameEntries(one: readonly IndexEntry[], other: readonly IndexEntry[]): boolean {
  if (one.length !== other.length) return false;
  return one.every(({ index, pk, sk }, place) => {
    const entry = other[place];
    return entry?.index === index && entry.pk === pk && entry.sk === sk;
  });
}

function toHead(key: Key, columns: Columns): RowHead {
  return {
    pk: key.pk,
    sk: key.sk,
    type: columns.type,
    version: columns.version,
    expires: columns.expires ?? undefined,
    size: columns.size,
    entries: columns.entries === null ? NO_ENTRIES : JSON.parse(columns.entries),
  };
}

function toRow(key: Key, columns: Columns): SizedRow {
  return { ...toHead(key, columns), fields: decodeBody(columns.body) };
}

function toPosition({ pk, sk, isk }: Key & { isk?: string }, index: string | undefined): Position {
  return index === undefined ? { pk, sk } : { pk, sk, indexSk: isk as string };
}

/** The range as SQL on one column and its values; where a page goes on replaces one of its ends. */
function rangeSql(range: KeyRange, column: string): { terms: string[]; values: string[] } {
  switch (range.kind) {
    case "all":
      return { terms: [], values: [] };
    case "compare":
      return { terms: [`${column} ${range.operator} ?`], values: [range.value] };
    case "between":
      return { terms: [`${column} >= ?`, `${column} <= ?`], values: [range.from, range.to] };
    case "prefix": {
      const end = afterPrefix(range.prefix);
      if (end === undefined) return { terms: [`${column} >= ?`], values: [range.prefix] };
      return { terms: [`${column} >= ?`, `${column} < ?`], values: [range.prefix, end] };
    }
  }
}

function pageSql(request: PageRequest): { sql: string; values: string[] } {
  const { partition, index, range, reverse, after } = request;
  const { terms, values } = rangeSql(range, index === undefined ? "sk" : "e.isk");
  const beyond = reverse ? "<" : ">";
  const order = reverse ? "DESC" : "ASC";
  if (index === undefined) {
    const start = after === undefined ? [] : [`sk ${beyond} ?`];
    return {
      sql: `SELECT * FROM items WHERE ${["pk = ?", ...terms, ...start].join(" AND ")} ORDER BY sk ${order}`,
      values: [partition, ...values, ...(after === undefined ? [] : [after.sk])],
    };
  }
  const start = after === undefined ? [] : [`(e.isk, e.pk, e.sk) ${beyond} (?, ?, ?)`];
  const where = ["e.name = ?", "e.ipk = ?", ...terms, ...start].join(" AND ");
  return {
    sql: `SELECT i.*, e.isk FROM entries e CROSS JOIN items i ON i.pk = e.pk AND i.sk = e.sk
      WHERE ${where} ORDER BY e.isk ${order}, e.pk ${order}, e.sk ${order}`,
    values: [
      index,
      partition,
      ...values,
      ...(after === undefined ? [] : [after.indexSk as string, after.pk, after.sk]),
    ],
  };
}

/** The statements on one file's tables. Everything is synchronous and in whatever transaction is open. */
export function createRows(db: DatabaseSync): Rows {
  const readRow = db.prepare("SELECT * FROM items WHERE pk = ? AND sk = ?");
  const readHead = db.prepare("SELECT type, version, expires, size, entries FROM items WHERE pk = ? AND sk = ?");
  const columns = "INTO items (pk, sk, type, body, version, expires, size, entries) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
  const insertRow = db.prepare(`INSERT OR IGNORE ${columns}`);
  const replaceRow = db.prepare(`INSERT OR REPLACE ${columns}`);
  const deleteRow = db.prepare("DELETE FROM items WHERE pk = ? AND sk = ?");
  const insertEntry = db.prepare("INSERT OR REPLACE INTO entries (name, ipk, isk, pk, sk) VALUES (?, ?, ?, ?, ?)");
  const deleteEntry = db.prepare("DELETE FROM entries WHERE name = ? AND ipk = ? AND isk = ? AND pk = ? AND sk = ?");
  const expired = db.prepare(
    "SELECT pk, sk, type, version, expires, size, entries FROM items WHERE expires <= ? ORDER BY expires LIMIT ?",
  );
  const pages = new Map<string, StatementSync>();

  function save(statement: StatementSync, row: Omit<SizedRow, "fields"> & { body: string }): boolean {
    const { pk, sk, type, body, version, expires, size, entries } = row;
    const saved = entries.length === 0 ? null : JSON.stringify(entries);
    return statement.run(pk, sk, type, body, version, expires ?? null, size, saved).changes !== 0;
  }

  function addEntries({ pk, sk, entries }: Omit<RowHead, "fields">): void {
    for (const entry of entries) insertEntry.run(entry.index, entry.pk, entry.sk, pk, sk);
  }

  function removeEntries({ pk, sk, entries }: RowHead): void {
    for (const entry of entries) deleteEntry.run(entry.index, entry.pk, entry.sk, pk, sk);
  }

  function remove(before: RowHead): void {
    removeEntries(before);
    deleteRow.run(before.pk, before.sk);
  }

  return {
    read(key) {
      const found = readRow.get(key.pk, key.sk) as unknown as Columns | undefined;
      return found === undefined ? undefined : toRow(key, found);
    },
    head(key) {
      const found = readHead.get(key.pk, key.sk) as unknown as Columns | undefined;
      return found === undefined ? undefined : toHead(key, found);
    },
    write(row, before) {
      save(replaceRow, row);
      if (before !== undefined) {
        if (sameEntries(before.entries, row.entries)) return;
        removeEntries(before);
      }
      addEntries(row);
    },
    insert(row) {
      if (!save(insertRow, row)) return false;
      addEntries(row);
      return true;
    },
    remove,
    page(request) {
      const { sql, values } = pageSql(request);
      const statement = pages.get(sql) ?? db.prepare(sql);
      pages.set(sql, statement);
      const { limit = Number.POSITIVE_INFINITY, index } = request;
      const rows: Row[] = [];
      let bytes = 0;
      let last: (Columns & { isk?: string }) | undefined;
      for (const found of statement.iterate(...values) as Iterable<unknown>) {
        const row = found as Columns & { isk?: string };
        // The item that would pass 1 MB begins the next page.
        if (last !== undefined && bytes + row.size > PAGE_BYTES_LIMIT) {
          return { rows, bytes, next: toPosition(last, index) };
        }
        rows.push(toRow(row, row));
        bytes += row.size;
        last = row;
        if (rows.length >= limit) return { rows, bytes, next: toPosition(row, index) };
      }
      return { rows, bytes, next: undefined };
    },
    sweep(before) {
      for (const found of expired.all(before, SWEEP_LIMIT) as unknown as Columns[]) remove(toHead(found, found));
    },
  };
}
