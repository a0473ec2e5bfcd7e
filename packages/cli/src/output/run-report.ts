import type { LookResult } from "@cadastre/collectors/session/look";
import type { ScopeRow } from "@cadastre/collectors/session/result";
import { scopeName } from "@cadastre/contract/scope";
import type { Screen } from "./screen.ts";
import { reasonOf, STATUS_STYLES } from "./status.ts";
import { type Column, renderTable } from "./table.ts";
import { toCount, toJson } from "./text.ts";

/** A collection's end. */
export interface CollectReport extends LookResult {
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
  { title: "SCOPE", value: (line) => line.scope, shape: "text" },
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
  { ...count("HELD", "held"), value: ({ counts }) => (counts.held === 0 ? "" : toCount(counts.held)), optional: true },
];
const REASON: Column<Line> = { title: "REASON", value: ({ row }) => reasonOf(row?.errors ?? []), optional: true };

/**
 * The table of a collection: a line for each scope, and the totals. Reasons are a column, or on a terminal, where they would
 * take the room of all others, lines below.
 */
export function renderRun(report: Pick<LookResult, "scopes" | "totals">, screen: Screen): string {
  const { scopes, totals } = report;
  const held = scopes.reduce((sum, row) => sum + row.held, 0);
  const lines: Line[] = [
    ...scopes.map((row) => ({ scope: scopeName(row), row, counts: row })),
    { scope: "total", counts: { ...totals, held } },
  ];
  if (!screen.isTerminal) return renderTable([...COLUMNS, REASON], lines, screen);
  const reasons = scopes
    .filter((row) => row.errors.length > 0)
    .map((row) => `${screen.style(STATUS_STYLES[row.status], scopeName(row))}: ${reasonOf(row.errors)}\n`);
  return renderTable(COLUMNS, lines, screen) + reasons.join("");
}

/** The same as one JSON document. */
export function runJson({ failures, spool, ...report }: CollectReport): string {
  const waits = report.delivered ? {} : { spool };
  return `${toJson({ ...report, failures: failures.map((failure) => failure.message), ...waits })}\n`;
}
