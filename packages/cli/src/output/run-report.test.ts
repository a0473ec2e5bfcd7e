import type { LookResult } from "@cadastre/collectors/session/look";
import type { ScopeRow } from "@cadastre/collectors/session/result";
import width from "string-width";
import { expect, test } from "vitest";
import { renderRun, runJson } from "./run-report.ts";
import { aScreen } from "./testing.ts";

const aRow = (more: Partial<ScopeRow> = {}): ScopeRow => ({
  provider: "aws",
  account: "123456789012",
  region: "eu-west-1",
  kind: "subnet",
  status: "complete",
  errors: [],
  resources: 1200,
  created: 3,
  updated: 0,
  unchanged: 1197,
  retired: 0,
  held: 0,
  ...more,
});
const denied = aRow({
  kind: "network",
  status: "failed",
  errors: [{ code: "denied", message: "not\u001b[2J allowed", operation: "ec2:DescribeVpcs" }],
});
const aRun = (...scopes: ScopeRow[]): LookResult => ({
  runs: [{ run: "run_1", delivered: true, state: "closed", bytesSent: 10 }],
  delivered: true,
  scopes,
  totals: { resources: 1200, created: 3, updated: 0, unchanged: 1197, retired: 0 },
  bytesSent: 10,
  earlier: [],
  failures: [],
});

test("reasons are a column in a pipe, and held losses are shown only when there are some", () => {
  expect(renderRun(aRun(aRow()), aScreen())).not.toMatch(/REASON|HELD/);
  const text = renderRun(aRun(aRow({ held: 7 }), denied), aScreen());
  expect(text).toMatch(/^SCOPE .* RETIRED +HELD +REASON\n/);
  expect(text).toMatch(/network +failed .* ec2:DescribeVpcs denied: not\\u001b\[2J allowed\n/);
  expect(text).toMatch(/^total +1,200 +3 +0 +1,197 +0 +7$/m);
});

test("on a narrow terminal scopes can still be told apart, and reasons are whole below the table", () => {
  const screen = aScreen({ columns: 80 }, { NO_COLOR: "1" });
  const text = renderRun(aRun(aRow(), denied), screen);
  const [table = "", reasons = ""] = text.split(/^(?=aws\/123456789012\/eu-west-1\/network: )/m);
  for (const line of table.split("\n")) expect(width(line)).toBeLessThanOrEqual(80);
  expect(table.replace(/\s.*\n/g, "")).toContain("aws/123456789012/eu-west-1/subnet");
  expect(reasons).toBe("aws/123456789012/eu-west-1/network: ec2:DescribeVpcs denied: not\\u001b[2J allowed\n");
});

test("the JSON document says where a run waits that is not delivered, and what observers failed with", () => {
  const more = { failures: [new Error("no accounts")], spool: "/spool" };
  expect(JSON.parse(runJson({ ...aRun(aRow()), ...more }))).toMatchObject({
    delivered: true,
    failures: ["no accounts"],
  });
  expect(JSON.parse(runJson({ ...aRun(aRow()), ...more }))).not.toHaveProperty("spool");
  const run = { run: "run_1", delivered: false, state: "spooled" as const, bytesSent: 10 };
  const waiting = { ...aRun(aRow()), delivered: false, runs: [run] };
  expect(JSON.parse(runJson({ ...waiting, ...more }))).toMatchObject({
    runs: [run],
    delivered: false,
    spool: "/spool",
  });
});
