import { encodeBody } from "./body.ts";
import type { Change, Move } from "./driver.ts";
import { type Add, isTransaction, type Planned, type Refused, refusalOf } from "./plan.ts";
import { refusedUnits } from "./refused-units.ts";
import { complainOf, type WritableRow } from "./row.ts";
import { rowSize } from "./size.ts";
import type { RowHead, SizedRow, TransactionRows, WrittenRow } from "./sqlite-rows.ts";
import { writeUnits } from "./units.ts";

/** Writes bulk state; answers its write units. */
export function loadRows(rows: TransactionRows, changes: readonly Change[]): number {
  let units = 0;
  // New state is mostly new throughout and known state known, so what the last key was tells which statement to try first.
  let isNew = true;
  for (const { key, row } of changes) {
    if (row !== undefined && isNew && rows.insert(row)) {
      units += writeUnits(0, row.size);
      continue;
    }
    const before = rows.head(key);
    isNew = before === undefined;
    units += writeUnits(before?.size ?? 0, row?.size ?? 0);
    if (row === undefined) {
      if (before !== undefined) rows.remove(key);
    } else if (before === undefined || !isSame(before, row)) rows.write(row);
  }
  return units;
}

/** Moves rows as they are; answers the write units of putting each where it goes and removing it where it was. */
export function moveRows(rows: TransactionRows, moves: readonly Move[]): number {
  let units = 0;
  for (const move of moves) {
    const { from, key, size, growth, toRow } = move;
    // What is not there any more as it was read is written as it was.
    if (rows.move(move)) units += writeUnits(0, size) + writeUnits(size - growth, 0);
    else units += loadRows(rows, [{ key, row: toRow() }, { key: from }]);
  }
  rows.dropEmpty(new Set(moves.map(({ from }) => from.pk)));
  return units;
}

/** Whether writing a row would change nothing. The version of bulk state is a digest of its content. */
function isSame(before: RowHead, row: WritableRow): boolean {
  const { version, type, expires, size } = before;
  return version === row.version && type === row.type && expires === row.expires && size === row.size;
}

/** Checks every condition, then writes; a refused commit writes nothing. Answers what was refused, and the write units. */
export function commitRows(
  rows: TransactionRows,
  planned: readonly Planned[],
  now: Date,
): { refused: readonly Refused[]; units: number } {
  const found = planned.map((p) => (p.act === "add" ? rows.read(p.key) : rows.head(p.key)));
  const refused: Refused[] = [];
  planned.forEach((p, index) => {
    const old = found[index];
    const reason = refusalOf(p, old, now);
    if (reason !== undefined) refused.push({ index, reason, oldSize: old?.size ?? 0 });
  });
  const transaction = isTransaction(planned);
  if (refused.length > 0) return { refused, units: refusedUnits(planned, refused, transaction) };
  let units = 0;
  planned.forEach((p, index) => {
    const old = found[index];
    units += writeUnits(old?.size ?? 0, apply(rows, p, old)) * (transaction ? 2 : 1);
  });
  return { refused, units };
}

/** Does one write; answers the bytes of what stands at its key now. */
function apply(rows: TransactionRows, planned: Planned, old: RowHead | SizedRow | undefined): number {
  switch (planned.act) {
    case "check":
      return old?.size ?? 0;
    case "remove":
      if (old !== undefined) rows.remove(planned.key);
      return 0;
    case "put":
      rows.write(planned.row);
      return planned.row.size;
    case "add": {
      const row = old === undefined ? planned.row : addedRow(planned, old as SizedRow);
      rows.write(row);
      return row.size;
    }
  }
}

function addedRow({ row, field, by }: Add, old: SizedRow): WrittenRow {
  const count = old.fields[field] ?? 0;
  if (typeof count !== "number") return complainOf(old.type)(field, "is no number, allowed: increments of numbers");
  const fields = { ...row.fields, ...old.fields, [field]: count + by };
  const added = { ...old, fields, version: row.version };
  return { ...added, body: encodeBody(fields), size: rowSize(added, complainOf(old.type)) };
}
