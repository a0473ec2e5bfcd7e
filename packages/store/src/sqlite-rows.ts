import type { DatabaseSync, StatementSync } from "node:sqlite";
import { decodeBody } from "./body.ts";
import type { Move, PageRequest, RowPage } from "./driver.ts";
import type { Key } from "./entity.ts";
import { PAGE_BYTES_LIMIT } from "./limits.ts";
import { afterPrefix, type KeyRange } from "./range.ts";
import type { Row } from "./row.ts";

interface Columns {
  type: string;
  body: string;
  version: number;
  expires: number | null;
  size: number;
}

/** The columns of a page, with the sort key before them: as arrays they are read in less than half the time of rows that are asked for one by one. */
type Listed = [sk: string, type: string, body: string, version: number, expires: number | null, size: number];

/** Read together: the largest items of so many take 40 MB. */
const ROWS_AT_ONCE = 100;

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
  page(request: PageRequest): RowPage & { readonly bytes: number };
}

/** Rows within one transaction, where what was found stays true. */
export interface TransactionRows extends Rows {
  head(key: Key): RowHead | undefined;
  /** Writes over whatever is there. */
  write(row: WrittenRow): void;
  /** Inserts where nothing is; answers whether it did. */
  insert(row: WrittenRow): boolean;
  remove(key: Key): void;
  /** Moves the row that has the version to another key, over whatever is there; answers whether there is one. */
  move(move: Omit<Move, "toRow" | "size">): boolean;
  /** For partitions that rows were moved out of. */
  dropEmpty(partitions: Iterable<string>): void;
  /** Deletes at most so many rows that expired before this epoch second; answers how many. */
  sweep(before: number, most: number): number;
}

function toHead(key: Key, columns: Columns): RowHead {
  const { type, version, expires, size } = columns;
  return { pk: key.pk, sk: key.sk, type, version, expires: expires ?? undefined, size };
}

function toRow(key: Key, columns: Columns): SizedRow {
  const { type, body, version, expires, size } = columns;
  return { pk: key.pk, sk: key.sk, type, version, expires: expires ?? undefined, size, fields: decodeBody(body) };
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

const FROM = "FROM partitions p CROSS JOIN items i ON i.partition = p.id WHERE p.pk = ?";

function pageSql({ partition, range, reverse, after }: PageRequest): { sql: string; values: string[] } {
  const { terms, values } = rangeSql(range);
  const start = after === undefined ? [] : [`sk ${reverse ? "<" : ">"} ?`];
  const where = [FROM, ...terms, ...start].join(" AND ");
  return {
    sql: `SELECT sk, type, body, version, expires, size ${where} ORDER BY sk ${reverse ? "DESC" : "ASC"} LIMIT ?`,
    values: [partition, ...values, ...(after === undefined ? [] : [after])],
  };
}

/** The statements that read one file's tables. Everything is synchronous. */
function createRows(db: DatabaseSync): Rows {
  const readRow = db.prepare(`SELECT type, body, version, expires, size ${FROM} AND sk = ?`);
  const pages = new Map<string, StatementSync>();

  function readSome(request: PageRequest, most: number): readonly Listed[] {
    const { sql, values } = pageSql(request);
    let statement = pages.get(sql);
    if (statement === undefined) {
      statement = db.prepare(sql);
      statement.setReturnArrays(true);
      pages.set(sql, statement);
    }
    return statement.all(...values, most) as unknown as Listed[];
  }

  return {
    read(key) {
      const found = readRow.get(key.pk, key.sk) as unknown as Columns | undefined;
      return found === undefined ? undefined : toRow(key, found);
    },
    page(request) {
      const { partition: pk, limit = Number.POSITIVE_INFINITY } = request;
      const rows: SizedRow[] = [];
      let bytes = 0;
      for (;;) {
        const most = Math.min(ROWS_AT_ONCE, limit - rows.length);
        const found = readSome({ ...request, after: rows.at(-1)?.sk ?? request.after }, most);
        for (const [sk, type, body, version, expires, size] of found) {
          // The item that would pass 1 MB begins the next page.
          if (rows.length > 0 && bytes + size > PAGE_BYTES_LIMIT) return { rows, bytes, next: rows.at(-1)?.sk };
          rows.push({ pk, sk, type, version, expires: expires ?? undefined, size, fields: decodeBody(body) });
          bytes += size;
          if (rows.length >= limit) return { rows, bytes, next: sk };
        }
        if (found.length < most) return { rows, bytes, next: undefined };
      }
    },
  };
}

/** Partition numbers are remembered up to so many; those of words and lists are asked for again and again. */
const KNOWN_PARTITIONS = 10_000;

/** The statements that write, too. */
export function createTransactionRows(db: DatabaseSync): TransactionRows & {
  /** For when a transaction has begun: another process may have given partitions other numbers. */
  begin(): void;
  /** For when a part of the transaction is undone, partition numbers with it. */
  forget(): void;
} {
  const findPartition = db.prepare("SELECT id FROM partitions WHERE pk = ?");
  const addPartition = db.prepare("INSERT INTO partitions (pk) VALUES (?)");
  const dropPartition = db.prepare(
    "DELETE FROM partitions WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM items WHERE partition = ?1)",
  );
  const readHead = db.prepare("SELECT type, version, expires, size FROM items WHERE partition = ? AND sk = ?");
  const columns = "INTO items (partition, sk, type, body, version, expires, size) VALUES (?, ?, ?, ?, ?, ?, ?)";
  const insertRow = db.prepare(`INSERT OR IGNORE ${columns}`);
  // Not OR REPLACE: that would make a new row, at the end of the table.
  const sets = ["type", "body", "version", "expires", "size"].map((name) => `${name} = excluded.${name}`).join(", ");
  const upsertRow = db.prepare(`INSERT ${columns} ON CONFLICT (partition, sk) DO UPDATE SET ${sets}`);
  const deleteRow = db.prepare("DELETE FROM items WHERE partition = ? AND sk = ?");
  const moveRow = db.prepare(
    "UPDATE OR REPLACE items SET partition = ?, sk = ?, type = ?, size = size + ? WHERE partition = ? AND sk = ? AND version = ?",
  );
  const expired = db.prepare("SELECT partition, sk FROM items WHERE expires <= ? ORDER BY expires LIMIT ?");
  const readVersion = db.prepare("PRAGMA data_version");
  let version: unknown;
  /** Numbers of the partitions that were asked for; nothing for those that are not there. */
  const known = new Map<string, number | bigint | undefined>();

  function partitionOf(pk: string): number | bigint | undefined {
    if (known.has(pk)) return known.get(pk);
    const id = (findPartition.get(pk) as { id: number } | undefined)?.id;
    if (known.size >= KNOWN_PARTITIONS) known.clear();
    known.set(pk, id);
    return id;
  }

  function madePartition(pk: string): number | bigint {
    const found = partitionOf(pk);
    if (found !== undefined) return found;
    const id = addPartition.run(pk).lastInsertRowid;
    known.set(pk, id);
    return id;
  }

  function save(statement: StatementSync, row: WrittenRow): boolean {
    const { pk, sk, type, body, version, expires, size } = row;
    return statement.run(madePartition(pk), sk, type, body, version, expires ?? null, size).changes !== 0;
  }

  function dropIfEmpty(partition: number | bigint): void {
    if (dropPartition.run(partition).changes !== 0) known.clear();
  }

  function drop(partition: number | bigint, sk: string): void {
    deleteRow.run(partition, sk);
    dropIfEmpty(partition);
  }

  return {
    ...createRows(db),
    head(key) {
      const partition = partitionOf(key.pk);
      if (partition === undefined) return undefined;
      const found = readHead.get(partition, key.sk) as unknown as Columns | undefined;
      return found === undefined ? undefined : toHead(key, found);
    },
    write: (row) => void save(upsertRow, row),
    insert: (row) => save(insertRow, row),
    remove({ pk, sk }) {
      const partition = partitionOf(pk);
      if (partition !== undefined) drop(partition, sk);
    },
    move({ from, key, type, version, growth }) {
      const partition = partitionOf(from.pk);
      if (partition === undefined) return false;
      const to = madePartition(key.pk);
      return moveRow.run(to, key.sk, type, growth, partition, from.sk, version).changes !== 0;
    },
    dropEmpty(partitions) {
      for (const pk of partitions) {
        const partition = partitionOf(pk);
        if (partition !== undefined) dropIfEmpty(partition);
      }
    },
    sweep(before, most) {
      const found = expired.all(before, most) as { partition: number; sk: string }[];
      for (const { partition, sk } of found) drop(partition, sk);
      return found.length;
    },
    begin() {
      // Differs when another connection has changed the file since it was asked for last.
      const { data_version } = readVersion.get() as { data_version: unknown };
      if (data_version !== version) known.clear();
      version = data_version;
    },
    forget: () => known.clear(),
  };
}
