import { describe, expect, it } from "vitest";
import type { PrefixRow } from "../convert/records.ts";
import { rowProblem } from "../row.ts";
import { decideImport, type ImportRules } from "./decide-import.ts";

interface Planned {
  readonly name: string;
}

const rowOf = (prefix: string, row: number, name = ""): PrefixRow => ({ kind: "prefix", row, prefix, name });
const rules = (changes: Partial<ImportRules<Planned>> = {}, planned: Record<string, Planned> = {}) => ({
  duplicates: "skip" as const,
  mode: "all-or-nothing" as const,
  existing: (prefix: string) => planned[prefix],
  differs: (existing: Planned, row: PrefixRow) => existing.name !== row.name,
  ...changes,
});
const rowsIn = (rows: readonly PrefixRow[]) => rows.map(({ row }) => row);

describe("an import", () => {
  it("makes what contains others before them, whatever the order of its rows", () => {
    const rows = ["10.1.2.0/24", "::/0", "10.1.0.0/16", "10.0.0.0/8", "10.1.2.3/32", "2001:db8::/32"];
    const plan = decideImport(
      rows.map((prefix, index) => rowOf(prefix, index)),
      rules(),
    );
    expect(plan.create.map(({ prefix }) => prefix)).toEqual([
      "10.0.0.0/8",
      "10.1.0.0/16",
      "10.1.2.0/24",
      "10.1.2.3/32",
      "::/0",
      "2001:db8::/32",
    ]);
  });

  const planned = { "10.0.0.0/8": { name: "ten" }, "10.1.0.0/16": { name: "one" } };
  const rows = [rowOf("10.0.0.0/8", 2, "ten"), rowOf("10.1.0.0/16", 3, "uno"), rowOf("10.2.0.0/16", 4, "two")];

  it("passes over what is there already", () => {
    const plan = decideImport(rows, rules({}, planned));
    expect([rowsIn(plan.create), rowsIn(plan.skip), plan.update, plan.refuse]).toEqual([[4], [2, 3], [], []]);
  });

  it("updates it where it is said otherwise", () => {
    const plan = decideImport(rows, rules({ duplicates: "update" }, planned));
    expect([rowsIn(plan.create), rowsIn(plan.skip), plan.refuse]).toEqual([[4], [2], []]);
    expect(plan.update).toEqual([{ existing: { name: "one" }, row: rows[1] }]);
  });

  it("refuses it: and with it all, or the row alone", () => {
    const all = decideImport(rows, rules({ duplicates: "fail" }, planned));
    expect([all.create, all.update, all.refuse.map(({ row }) => row)]).toEqual([[], [], [2, 3]]);
    const one = decideImport(rows, rules({ duplicates: "fail", mode: "per-row" }, planned));
    expect([rowsIn(one.create), one.refuse.map(({ row }) => row)]).toEqual([[4], [2, 3]]);
  });

  it("hears the first row of a prefix, or the last when it updates, or refuses all but the first", () => {
    const twice = [rowOf("10.0.0.0/8", 2, "a"), rowOf("10.1.0.0/16", 3), rowOf("10.0.0.0/8", 4, "b")];
    const skip = decideImport(twice, rules());
    expect([rowsIn(skip.create), rowsIn(skip.skip)]).toEqual([[2, 3], [4]]);
    const update = decideImport(twice, rules({ duplicates: "update" }));
    expect([rowsIn(update.create), rowsIn(update.skip)]).toEqual([[4, 3], [2]]);
    const fail = decideImport(twice, rules({ duplicates: "fail", mode: "per-row" }));
    expect(rowsIn(fail.create)).toEqual([2, 3]);
    expect(fail.refuse).toEqual([rowProblem(4, "prefix", "10.0.0.0/8", "stands in row 2, too")]);
  });

  it("refuses what a space does not take, in the order of the rows", () => {
    const judge = ({ row, prefix }: PrefixRow) => (row === 3 ? [] : [rowProblem(row, "tags", prefix, "no such tag")]);
    const shuffled = [rowOf("10.2.0.0/16", 2), rowOf("10.1.0.0/16", 3), rowOf("10.0.0.0/8", 4)];
    const plan = decideImport(shuffled, rules({ judge, mode: "per-row" }));
    expect(plan.refuse.map(({ row }) => row)).toEqual([2, 4]);
    expect(rowsIn(plan.create)).toEqual([3]);
    expect(decideImport(shuffled, rules({ judge })).create).toEqual([]);
  });
});
