import { styleText } from "node:util";
import type { ScopeRow } from "@cadastre/collectors/session/result";
import type { SessionResult } from "@cadastre/collectors/session/session";
import type { Totals } from "@cadastre/contract/discovery";
import type { Units } from "@cadastre/store/table";
import Table from "cli-table3";
import { plain } from "./display.ts";

/** What `--once --json` prints. */
export interface Report {
  readonly scopes: readonly ScopeRow[];
  readonly totals: Totals;
  readonly units: Units;
  readonly problems: readonly { readonly collector: string; readonly code: string; readonly message: string }[];
}

const byName = (a: ScopeRow, b: ScopeRow) => {
  const name = (row: ScopeRow) => `${row.provider}/${row.account}/${row.region}/${row.kind}`;
  return name(a) < name(b) ? -1 : 1;
};

/** One report over the runs of several collectors; `failures` are collectors that could not run at all. */
export function toReport(
  runs: readonly { readonly collector: string; readonly result: SessionResult | Error }[],
  units: Units,
): Report {
  const scopes: ScopeRow[] = [];
  const problems: { collector: string; code: string; message: string }[] = [];
  for (const { collector, result } of runs) {
    if (result instanceof Error) {
      problems.push({ collector, code: "collector.failed", message: result.message });
      continue;
    }
    scopes.push(...result.scopes);
    if (result.problem) problems.push({ collector, code: result.problem.code, message: result.problem.message });
    for (const failure of result.failures)
      problems.push({ collector, code: "collector.failed", message: failure.message });
  }
  const sum = (of: keyof Totals) => scopes.reduce((total, row) => total + row[of], 0);
  const totals = {
    resources: sum("resources"),
    created: sum("created"),
    updated: sum("updated"),
    unchanged: sum("unchanged"),
    retired: sum("retired"),
  };
  return { scopes: scopes.sort(byName), totals, units, problems };
}

/** True when every collector delivered and every scope was seen whole. */
export function isComplete(report: Report): boolean {
  return (
    report.problems.length === 0 &&
    report.scopes.length > 0 &&
    report.scopes.every((scope) => scope.status === "complete")
  );
}

const STATUS_STYLE = { complete: "green", partial: "yellow", failed: "red", skipped: "gray" } as const;

/** The report as people read it: a table of scopes, the totals, the cost, and what went wrong. */
export function renderReport(report: Report, options: { readonly colours: boolean }): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    options.colours ? styleText(style, text, { validateStream: false }) : text;
  const effect = (n: number, style: Parameters<typeof styleText>[0]) => (n === 0 ? "0" : paint(style, String(n)));
  const numbers = ["resources", "created", "updated", "unchanged", "retired"] as const;
  const table = new Table({
    head: ["scope", "status", ...numbers],
    colAligns: ["left", "left", "right", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const row of report.scopes) {
    const reasons = row.errors.map((error) => error.code).join(", ");
    const held = row.held > 0 ? ` (${row.held} held)` : "";
    table.push([
      plain(`${row.provider} ${row.account} ${row.region} ${row.kind}`),
      paint(STATUS_STYLE[row.status], row.status) + (reasons ? `: ${reasons}` : "") + held,
      String(row.resources),
      effect(row.created, "green"),
      effect(row.updated, "yellow"),
      String(row.unchanged),
      effect(row.retired, "red"),
    ]);
  }
  table.push([
    paint("bold", `${report.scopes.length} scopes`),
    "",
    ...numbers.map((of) => paint("bold", String(report.totals[of]))),
  ]);
  const { read, write } = report.units;
  const problems = report.problems.map((problem) =>
    paint("red", `${problem.collector}: ${problem.code}: ${plain(problem.message)}`),
  );
  return [table.toString(), `cost: ${read} read units, ${write} write units`, ...problems].join("\n");
}
