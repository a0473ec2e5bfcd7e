import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Key } from "./entity.ts";
import type { Planned } from "./plan.ts";
import type { WritableRow } from "./row.ts";
import { openSqliteFile } from "./sqlite-file.ts";
import { createTransactionRows, type WrittenRow } from "./sqlite-rows.ts";
import { commitRows, loadRows } from "./sqlite-writes.ts";

const NOW = new Date("2030-01-01T00:00:00Z");

let db: DatabaseSync;
let rows: ReturnType<typeof createTransactionRows>;
/** The statements that wrote, by their kind and key. */
let written: string[];
beforeEach(() => {
  db = openSqliteFile(":memory:");
  const plain = createTransactionRows(db);
  written = [];
  const noting =
    <Of extends { readonly sk: string }, Result>(name: string, work: (of: Of) => Result) =>
    (of: Of): Result => {
      written.push(`${name} ${of.sk}`);
      return work(of);
    };
  rows = {
    ...plain,
    write: noting("write", (row: WrittenRow) => plain.write(row)),
    insert: noting("insert", (row: WrittenRow) => plain.insert(row)),
    remove: noting("remove", (key: Key) => plain.remove(key)),
  };
});
afterEach(() => db.close());

const keyOf = (sk: string) => ({ pk: "p", sk });
const aRow = (sk: string, more: Partial<WritableRow> = {}): WritableRow => {
  const fields = more.fields ?? { text: sk };
  const row = { ...keyOf(sk), type: "note", version: 1, expires: undefined, size: 100, ...more };
  return { ...row, fields, body: JSON.stringify(fields) };
};
const put = (sk: string, more: Partial<WritableRow> = {}, condition: Planned["condition"] = "any"): Planned => ({
  op: "put",
  type: "note",
  key: keyOf(sk),
  condition,
  act: "put",
  row: aRow(sk, more),
});
const check = (sk: string, condition: Planned["condition"]): Planned => ({
  op: "check",
  type: "note",
  key: keyOf(sk),
  condition,
  act: "check",
});
const remove = (sk: string): Planned => ({
  op: "remove",
  type: "note",
  key: keyOf(sk),
  condition: "any",
  act: "remove",
});
const add = (sk: string, by: number, fields: WritableRow["fields"] = { n: by }): Planned => ({
  op: "increment",
  type: "note",
  key: keyOf(sk),
  condition: "any",
  act: "add",
  row: aRow(sk, { fields, version: 9, size: 20 }),
  field: "n",
  by,
});
const commit = (...planned: Planned[]) => commitRows(rows, planned, NOW);
const versionOf = (sk: string) => rows.head(keyOf(sk))?.version;

describe("a commit", () => {
  it("writes all of it, or nothing when any condition fails, and says which ones", () => {
    rows.write(aRow("a", { size: 3000 }));
    const refused = commit(put("b"), put("a", { version: 2 }, { version: 5 }), check("x", "present"));
    expect(refused.refused).toEqual([
      { index: 1, reason: "version", oldSize: 3000 },
      { index: 2, reason: "check", oldSize: 0 },
    ]);
    expect([versionOf("a"), versionOf("b")]).toEqual([1, undefined]);
    expect(commit(put("b"), put("a", { version: 2 }, { version: 1 })).refused).toEqual([]);
    expect([versionOf("a"), versionOf("b")]).toEqual([2, 1]);
    expect(commit(remove("a"), remove("x")).refused).toEqual([]);
    expect(versionOf("a")).toBeUndefined();
    expect(written).not.toContain("remove x");
  });

  it("takes what has expired for what is not there", () => {
    rows.write(aRow("a", { expires: NOW.getTime() / 1000 }));
    expect(commit(put("a", { version: 2 }, "free")).refused).toEqual([]);
    expect(versionOf("a")).toBe(2);
  });

  it("costs by the larger of what was and what is, twice in a transaction", () => {
    rows.write(aRow("a", { size: 3000 }));
    expect(commit(put("a", { size: 100 })).units).toBe(3);
    expect(commit(put("a", { size: 5000 })).units).toBe(5);
    expect(commit(put("a", { size: 5000 }), put("b")).units).toBe(12);
    expect(commit(check("a", "present")).units).toBe(10);
    expect(commit(remove("a")).units).toBe(5);
    expect(commit(remove("a")).units).toBe(1);
  });

  it("that is refused costs what it would have, of what stands there where that is known", () => {
    rows.write(aRow("a", { size: 3000 }));
    expect(commit(put("a", {}, "free")).units).toBe(3);
    expect(commit(put("a", {}, "free"), put("b", { size: 2000 })).units).toBe(10);
  });
});

describe("an increment", () => {
  it("makes what is not there, and adds to what is, which keeps its other fields", () => {
    expect(commit(add("a", 2)).units).toBe(2);
    expect(rows.read(keyOf("a"))).toMatchObject({ fields: { n: 2 }, version: 9, size: 20 });
    rows.write(aRow("b", { fields: { n: 5, text: "kept" } }));
    commit(add("b", -2, { n: -2, text: "zero", more: "new" }));
    const row = rows.read(keyOf("b"));
    expect(row).toMatchObject({ fields: { n: 3, text: "kept", more: "new" }, version: 9 });
    expect(row?.size).not.toBe(100);
    rows.write(aRow("c", { fields: { text: "none yet" } }));
    commit(add("c", 4));
    expect(rows.read(keyOf("c"))?.fields).toMatchObject({ n: 4, text: "none yet" });
  });

  it("of what is no number is refused with the field", () => {
    rows.write(aRow("a", { fields: { n: "many" } }));
    expect(() => commit(add("a", 1))).toThrow(/field n is no number, allowed: increments of numbers/);
    expect(rows.read(keyOf("a"))?.fields).toEqual({ n: "many" });
  });
});

describe("bulk state", () => {
  const load = (...changes: readonly [sk: string, row?: Partial<WritableRow>][]) =>
    loadRows(
      rows,
      changes.map(([sk, row]) => (row === undefined ? { key: keyOf(sk) } : { key: keyOf(sk), row: aRow(sk, row) })),
    );

  it("is written and removed, and costs by the larger of what was and what is", () => {
    expect(load(["x"])).toBe(1);
    expect(load(["a", { size: 3000 }], ["b", {}])).toBe(4);
    expect(load(["a", { size: 100, version: 2 }])).toBe(3);
    expect(load(["a", { size: 5000, version: 3 }], ["b"], ["x"])).toBe(7);
    expect([versionOf("a"), versionOf("b")]).toEqual([3, undefined]);
    expect(written.filter((one) => one.startsWith("remove"))).toEqual(["remove b"]);
  });

  it("that is there as it is to be is not written again", () => {
    const state = { version: 7, type: "note", expires: 50, size: 100 };
    rows.write(aRow("a", state));
    written = [];
    load(["a", state]);
    expect(written.filter((one) => one.startsWith("write"))).toEqual([]);
    for (const other of [{ version: 8 }, { type: "mark" }, { expires: 51 }, { expires: undefined }, { size: 101 }]) {
      load(["a", { ...state, ...other }]);
      expect(rows.head(keyOf("a")), JSON.stringify(other)).toMatchObject({ ...state, ...other });
      load(["a", state]);
    }
  });

  it("is tried as new while it was new, and looked up first while it was there: each costs one statement then", () => {
    load(["a", {}], ["b", {}]);
    expect(written).toEqual(["insert a", "insert b"]);
    written = [];
    load(["a", { version: 2 }], ["b", { version: 2 }], ["c", {}], ["d", {}]);
    expect(written).toEqual(["insert a", "write a", "write b", "write c", "insert d"]);
  });
});
