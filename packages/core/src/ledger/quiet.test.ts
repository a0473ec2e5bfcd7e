import { describe, expect, it } from "vitest";
import { decideQuiet, type Quiet } from "./quiet.ts";

const RUNS: readonly (readonly [isUnchanged: boolean, at: string])[] = [
  [false, "2026-03-01T08:00:00.000Z"],
  [true, "2026-03-01T09:00:00.000Z"],
  [true, "2026-03-01T10:00:00.000Z"],
  [true, "2026-03-01T23:59:59.999Z"],
  [true, "2026-03-02T00:00:00.000Z"],
  [false, "2026-03-02T01:00:00.000Z"],
  [false, "2026-03-02T02:00:00.000Z"],
  [true, "2026-03-02T03:00:00.000Z"],
  [true, "2026-03-09T03:00:00.000Z"],
];

describe("quiet runs", () => {
  it("are told once each, with the first of another day or the first that changes something", () => {
    let quiet: Quiet | undefined;
    const told = RUNS.map(([isUnchanged, at]) => {
      const next = decideQuiet(quiet, isUnchanged, at);
      quiet = next.quiet;
      return next.told;
    });
    expect(told).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      { runs: 3, since: "2026-03-01T09:00:00.000Z" },
      { runs: 1, since: "2026-03-02T00:00:00.000Z" },
      undefined,
      undefined,
      { runs: 1, since: "2026-03-02T03:00:00.000Z" },
    ]);
    expect(quiet).toEqual({ runs: 1, since: "2026-03-09T03:00:00.000Z" });
  });
});
