import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { folderAfter, inOrder, runIn } from "./order.ts";

const aRun = fc.stringMatching(/^run_[0-9A-Z]{4}$/);
const aFolder = fc.oneof(
  fc.tuple(fc.stringMatching(/^\d{1,20}$/), aRun).map(([digits, run]) => `${digits}-${run}`),
  aRun,
  fc.string({ minLength: 1 }),
);

describe("the order of closed runs", () => {
  it("has what is closed now as the last, after whatever is there", () => {
    fc.assert(
      fc.property(fc.array(aFolder), aRun, (folders, run) => {
        const folder = folderAfter(folders, run);
        expect(inOrder([folder, ...folders]).at(-1)).toBe(folder);
        expect(runIn(folder)).toBe(run);
      }),
    );
  });

  it("does not depend on how many digits a number has", () => {
    expect(inOrder(["1000000000-run_a", "000000002-run_c", "999999999-run_b"])).toEqual([
      "000000002-run_c",
      "999999999-run_b",
      "1000000000-run_a",
    ]);
  });

  it("puts a folder without a number first, and takes its name for the run", () => {
    expect(inOrder(["000000001-run_b", "run_a"])).toEqual(["run_a", "000000001-run_b"]);
    expect(runIn("run_a")).toBe("run_a");
  });
});
