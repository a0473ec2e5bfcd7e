import { renderRun } from "@cadastre/cli/output/run-report";
import type { Screen } from "@cadastre/cli/output/screen";
import { neutralise } from "@cadastre/cli/output/text";
import type { LookResult } from "@cadastre/collectors/session/look";
import type { ScopeRow } from "@cadastre/collectors/session/result";
import type { Totals } from "@cadastre/contract/discovery";
import type { Units } from "@cadastre/store/table";

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

/** One report over the looks of several collectors; an error is a collector that could not look at all. */
export function toReport(
  runs: readonly { readonly collector: string; readonly result: LookResult | Error }[],
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
    for (const { problem } of result.runs)
      if (problem) problems.push({ collector, code: problem.code, message: problem.message });
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

/** The report as people read it: the table of scopes, the cost, and what went wrong. */
export function renderReport(report: Report, screen: Screen): string {
  const { read, write } = report.units;
  const table = renderRun(report, screen);
  const problems = report.problems.map((problem) => {
    return `${screen.style("red", neutralise(`${problem.collector}: ${problem.code}: ${problem.message}`))}\n`;
  });
  return `${table}cost: ${read} read units, ${write} write units\n${problems.join("")}`;
}
