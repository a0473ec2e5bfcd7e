import type { RunResult, ScopeRow } from "@cadastre/collectors/session/result";
import { scopeName } from "@cadastre/contract/scope";
import type { Screen } from "./screen.ts";
import { reasonOf, STATUS_STYLES } from "./status.ts";
import { type Column, renderTable } from "./table.ts";
import { toCount, toJson } from "./text.ts";

/** A collection's end. */
export interface CollectReport extends RunResult {
  readonly earlier: readonly RunResult[];
  readonly failures: readonly Error[];
  readonly spool: string;
}

interface Line {
  readonly scope: string;
  readonly row?: ScopeRow;
  readonly counts: Pick<ScopeRow, "resources" | "created" | "updated" | "unchanged" | "retired" | "held">;
}

const count = (title: string, name: keyof Line["counts"]): Column<Line> => ({
  title,
  value: ({ counts }) => toCount(counts[name]),
  align: "right",
});

const COLUMNS: readonly Column<Line>[] = [
  { title: "SCOPE", value: (line) => line.scope, shape: "id" },
  {
    title: "STATUS",
    value: ({ row }) => row?.status,
    style: ({ row }) => (row === undefined ? undefined : STATUS_STYLES[row.status]),
  },
  count("RESOURCES", "resources"),
  count("CREATED", "created"),
  count("UPDATED", "updated"),
  count("UNCHANGED", "unchanged"),
  count("RETIRED", "retired"),
];
const HELD = count("HELD", "held");
const REASON: Column<Line> = { title: "REASON", value: ({ row }) => reasonOf(row?.errors ?? []), shape: "text" };

/** The table of a collection: a line for each scope, and the totals. */
export function renderRun(report: RunResult, screen: Screen): string {
  const { scopes, totals } = report;
  const held = scopes.reduce((sum, row) => sum + row.held, 0);
  const lines: Line[] = [
    ...scopes.map((row) => ({ scope: scopeName(row), row, counts: row })),
    { scope: "total", counts: { ...totals, held } },
  ];
  const hasReasons = scopes.some((row) => row.errors.length > 0);
  return renderTable([...COLUMNS, ...(held > 0 ? [HELD] : []), ...(hasReasons ? [REASON] : [])], lines, screen);
}

/** The same as one JSON document. */
export function runJson({ failures, spool, ...report }: CollectReport): string {
  const waits = report.delivered ? {} : { spool };
  return `${toJson({ ...report, failures: failures.map((failure) => failure.message), ...waits })}\n`;
}
