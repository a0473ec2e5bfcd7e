import type { DatabaseSync, StatementSync } from "node:sqlite";
import { decodeBody } from "./body.ts";
import type { PageRequest, RowPage } from "./driver.ts";
import type { Key } from "./entity.ts";
import { PAGE_BYTES_LIMIT } from "./limits.ts";
import { afterPrefix, type KeyRange } from "./range.ts";
import type { Row } from "./row.ts";

interface Columns {
  pk: string;
  sk: string;
  type: string;
  body: string;
  version: number;
  expires: number | null;
  size: number;
}

/** A row with its size in bytes as DynamoDB counts it. */
export interface SizedRow extends Row {
  readonly size: number;
}

/** A row without its fields: what a write needs to know of the row that it replaces. */
export type RowHead = Omit<SizedRow, "fields">;

/** A row that is written: its fields are its body. */
export type WrittenRow = RowHead & { readonly body: string };

export interface Rows {
  read(key: Key): SizedRow | undefined;
  head(key: Key): RowHead | undefined;
  /** Writes over whatever is there. */
  write(row: WrittenRow): void;
  /** Inserts where nothing is; answers whether it did. */
  insert(row: WrittenRow): boolean;
  remove(key: Key): void;
  page(request: PageRequest): RowPage & { readonly bytes: number };
  /** Deletes at most so many rows that expired before this epoch second; answers how many. */
  sweep(before: number, most: number): number;
}

function toHead(key: Key, columns: Columns): RowHead {
  const { type, version, expires, size } = columns;
  return { pk: key.pk, sk: key.sk, type, version, expires: expires ?? undefined, size };
}

function toRow(key: Key, columns: Columns): SizedRow {
  return { ...toHead(key, columns), fields: decodeBody(columns.body) };
}

/** The range as SQL and its values; where a page goes on is one more of its ends. */
function rangeSql(range: KeyRange): { terms: string[]; values: string[] } {
  switch (range.kind) {
    case "all":
      return { terms: [], values: [] };
    case "compare":
      return { terms: [`sk ${range.operator} ?`], values: [range.value] };
    case "between":
      return { terms: ["sk >= ?", "sk <= ?"], values: [range.from, range.to] };
    case "prefix": {
      const end = afterPrefix(range.prefix);
      if (end === undefined) return { terms: ["sk >= ?"], values: [range.prefix] };
      return { terms: ["sk >= ?", "sk < ?"], values: [range.prefix, end] };
    }
  }
}

function pageSql({ partition, range, reverse, after }: PageRequest): { sql: string; values: string[] } {
  const { terms, values } = rangeSql(range);
  const start = after === undefined ? [] : [`sk ${reverse ? "<" : ">"} ?`];
  const where = ["pk = ?", ...terms, ...start].join(" AND ");
  return {
    sql: `SELECT * FROM items WHERE ${where} ORDER BY sk ${reverse ? "DESC" : "ASC"}`,
    values: [partition, ...values, ...(after === undefined ? [] : [after])],
  };
}

/** The statements on one file's table. Everything is synchronous and in whatever transaction is open. */
export function createRows(db: DatabaseSync): Rows {
  const readRow = db.prepare("SELECT * FROM items WHERE pk = ? AND sk = ?");
  const readHead = db.prepare("SELECT type, version, expires, size FROM items WHERE pk = ? AND sk = ?");
  const columns = "INTO items (pk, sk, type, body, version, expires, size) VALUES (?, ?, ?, ?, ?, ?, ?)";
  const insertRow = db.prepare(`INSERT OR IGNORE ${columns}`);
  const replaceRow = db.prepare(`INSERT OR REPLACE ${columns}`);
  const deleteRow = db.prepare("DELETE FROM items WHERE pk = ? AND sk = ?");
  const expired = db.prepare("SELECT pk, sk FROM items WHERE expires <= ? ORDER BY expires LIMIT ?");
  const pages = new Map<string, StatementSync>();

  function save(statement: StatementSync, row: WrittenRow): boolean {
    const { pk, sk, type, body, version, expires, size } = row;
    return statement.run(pk, sk, type, body, version, expires ?? null, size).changes !== 0;
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
    write: (row) => void save(replaceRow, row),
    insert: (row) => save(insertRow, row),
    remove: ({ pk, sk }) => void deleteRow.run(pk, sk),
    page(request) {
      const { sql, values } = pageSql(request);
      const statement = pages.get(sql) ?? db.prepare(sql);
      pages.set(sql, statement);
      const { limit = Number.POSITIVE_INFINITY } = request;
      const rows: SizedRow[] = [];
      let bytes = 0;
      for (const found of statement.iterate(...values) as Iterable<unknown>) {
        const row = found as Columns;
        // The item that would pass 1 MB begins the next page.
        if (rows.length > 0 && bytes + row.size > PAGE_BYTES_LIMIT) return { rows, bytes, next: rows.at(-1)?.sk };
        rows.push(toRow(row, row));
        bytes += row.size;
        if (rows.length >= limit) return { rows, bytes, next: row.sk };
      }
      return { rows, bytes, next: undefined };
    },
    sweep(before, most) {
      const found = expired.all(before, most) as unknown as Key[];
      for (const { pk, sk } of found) deleteRow.run(pk, sk);
      return found.length;
    },
  };
}
