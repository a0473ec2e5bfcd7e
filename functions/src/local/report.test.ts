import { createScreen } from "@cadastre/cli/output/screen";
import type { LookResult } from "@cadastre/collectors/session/look";
import type { ScopeRow } from "@cadastre/collectors/session/result";
import { describe, expect, it } from "vitest";
import { createDisplay } from "./display.ts";
import { isComplete, renderReport, toReport } from "./report.ts";

const row = (more: Partial<ScopeRow> = {}): ScopeRow => ({
  provider: "aws",
  account: "1",
  region: "us-east-1",
  kind: "instance",
  status: "complete",
  errors: [],
  resources: 3,
  created: 1,
  updated: 1,
  unchanged: 1,
  retired: 2,
  held: 0,
  ...more,
});

const result = (scopes: ScopeRow[], more: Partial<LookResult> = {}): LookResult => ({
  runs: [{ run: "run_1", delivered: true, state: "closed", bytesSent: 0 }],
  delivered: true,
  scopes,
  totals: { resources: 0, created: 0, updated: 0, unchanged: 0, retired: 0 },
  bytesSent: 0,
  earlier: [],
  failures: [],
  ...more,
});

/** The second of two runs is not delivered. */
const waiting = (scopes: ScopeRow[]): LookResult => {
  const problem = { code: "api.unavailable", message: "down" };
  const run = { run: "run_2", delivered: false, state: "spooled" as const, bytesSent: 0, problem };
  return result(scopes, { delivered: false, runs: [...result([]).runs, run] });
};

const aScreen = (isTTY: boolean) => createScreen({ isTTY, columns: 200, rows: 40, write: () => true }, {});

const UNITS = { read: 1, write: 2 };

describe("a report", () => {
  it("adds up the collectors and is complete when every scope is and every collector delivered", () => {
    const report = toReport(
      [
        { collector: "a", result: result([row({ region: "b" }), row({ region: "a" })]) },
        { collector: "b", result: result([row({ provider: "gcp" })]) },
      ],
      UNITS,
    );
    expect(report.totals).toEqual({ resources: 9, created: 3, updated: 3, unchanged: 3, retired: 6 });
    expect(report.scopes.map((scope) => scope.region)).toEqual(["a", "b", "us-east-1"]);
    expect(isComplete(report)).toBe(true);
  });

  it.each([
    ["a scope that is not complete", [{ collector: "a", result: result([row({ status: "partial" })]) }]],
    [
      "a collector that could not run",
      [
        { collector: "a", result: result([row()]) },
        { collector: "b", result: new Error("no credentials") },
      ],
    ],
    ["a run that was not delivered", [{ collector: "a", result: waiting([row()]) }]],
    [
      "an observer that ended with an error",
      [{ collector: "a", result: result([row()], { failures: [new Error("x")] }) }],
    ],
    ["nothing seen at all", []],
  ])("is not complete with %s", (_, runs) => {
    expect(isComplete(toReport(runs, UNITS))).toBe(false);
  });

  it("shows scopes, reasons, totals, cost and problems, and colours only when asked to", () => {
    const held = row({ status: "failed", errors: [{ code: "denied", message: "no" }], held: 4 });
    const report = toReport(
      [
        { collector: "a", result: result([held]) },
        { collector: "b", result: new Error("no \u001b[31mcredentials") },
      ],
      UNITS,
    );
    const text = renderReport(report, aScreen(false));
    for (const part of [
      "failed",
      "denied",
      "HELD",
      "total",
      "cost: 1 read units, 2 write units",
      "b: collector.failed: no \\u001b[31mcredentials",
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain("\u001b");
    expect(renderReport(report, aScreen(true))).toContain("\u001b[");
  });
});

describe("the display", () => {
  const scope = { provider: "aws", account: "1", region: "r", kind: "instance" } as const;
  const shown = (isTTY: boolean) => {
    let text = "";
    const write = (part: string | Uint8Array) => {
      text += String(part);
      return true;
    };
    const display = createDisplay({ write, isTTY, columns: 80 });
    const onProgress = display.onProgress("c");
    onProgress({ type: "run-started", run: "run_1" });
    onProgress({ type: "scope-started", scope });
    onProgress({ type: "scope-finished", scope, status: "complete", resources: 7 });
    display.end();
    return text;
  };

  it("is a line for each scope, and a live line only before a terminal", () => {
    expect(shown(false)).toBe("complete  aws/1/r/instance  7\n");
    expect(shown(true)).toContain("c 1/1 scopes, 7 resources");
    expect(shown(true).endsWith("\r\u001b[K")).toBe(true);
  });
});
