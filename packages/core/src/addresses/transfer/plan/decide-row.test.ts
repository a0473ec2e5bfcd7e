import { describe, expect, it } from "vitest";
import type { PrefixRow } from "../convert/records.ts";
import { rowProblem } from "../row.ts";
import { decideRow, type RowFacts } from "./decide-row.ts";

const row: PrefixRow = { kind: "prefix", row: 4, prefix: "10.0.0.0/8" };
const decide = (facts: Partial<RowFacts>) =>
  decideRow(row, { duplicates: "fail", heard: undefined, isPlanned: false, differs: false, problems: [], ...facts });
const refused = (reason: string) => ({ act: "refuse", problems: [rowProblem(4, "prefix", "10.0.0.0/8", reason)] });

describe("a row of a file", () => {
  it("is made when nothing is planned of its prefix", () => {
    expect(decide({})).toEqual({ act: "create" });
  });

  it("whose prefix is planned already is passed over, heard where it says something new, or refused", () => {
    const planned = { isPlanned: true, differs: true };
    expect(decide({ ...planned, duplicates: "skip" })).toEqual({ act: "skip" });
    expect(decide({ ...planned, duplicates: "update" })).toEqual({ act: "update" });
    expect(decide({ ...planned, duplicates: "update", differs: false })).toEqual({ act: "skip" });
    expect(decide(planned)).toEqual(refused("is planned already"));
  });

  it("in whose place another one is heard is passed over, or refused with the row that is heard", () => {
    expect(decide({ heard: 2, duplicates: "skip" })).toEqual({ act: "skip" });
    expect(decide({ heard: 5, duplicates: "update" })).toEqual({ act: "skip" });
    expect(decide({ heard: 2 })).toEqual(refused("stands in row 2, too"));
  });

  it("is refused for what the space does not take, whatever else is true of it", () => {
    const problems = [rowProblem(4, "tags", "x", "no such tag")];
    expect(decide({ problems, isPlanned: true, duplicates: "skip" })).toEqual({ act: "refuse", problems });
  });
});
