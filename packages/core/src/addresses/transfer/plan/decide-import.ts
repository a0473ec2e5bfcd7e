import { comparePrefixes, parsePrefix } from "@cadastre/net/prefix";
import type { PrefixRow } from "../convert/records.ts";
import { type RowProblem, rowProblem } from "../row.ts";

/** What is done with a row whose prefix is there already, or stands in the file before: it is passed over, heard, or refused. */
export type Duplicates = "skip" | "update" | "fail";

export interface ImportRules<Existing> {
  readonly duplicates: Duplicates;
  /** `all-or-nothing`: one row that is refused refuses all; `per-row`: the others are done. */
  readonly mode: "all-or-nothing" | "per-row";
  /** What is planned of a prefix in the space. */
  readonly existing: (prefix: string) => Existing | undefined;
  /** Whether a row says anything else than what is there. */
  readonly differs: (existing: Existing, row: PrefixRow) => boolean;
  /** What is wrong with a row in this space: tags that there are not, and the like. */
  readonly judge?: (row: PrefixRow) => readonly RowProblem[];
}

export interface ImportPlan<Existing> {
  /** In the order of addresses: what contains others before them. */
  readonly create: readonly PrefixRow[];
  readonly update: readonly { readonly existing: Existing; readonly row: PrefixRow }[];
  /** Rows that say nothing new, or that were to be passed over. */
  readonly skip: readonly PrefixRow[];
  readonly refuse: readonly RowProblem[];
}

/**
 * Decides what an import does, whatever the order of its rows. Of several rows of one prefix the first is heard, or the last
 * when duplicates are to update. Nothing is created or updated when a row is refused and it is all or nothing.
 */
export function decideImport<Existing>(rows: readonly PrefixRow[], rules: ImportRules<Existing>): ImportPlan<Existing> {
  const create: PrefixRow[] = [];
  const update: { existing: Existing; row: PrefixRow }[] = [];
  const skip: PrefixRow[] = [];
  const refuse: RowProblem[] = [];

  for (const same of groupByPrefix(rows)) {
    const row = (rules.duplicates === "update" ? same.at(-1) : same[0]) as PrefixRow;
    const others = same.filter((one) => one !== row);
    if (rules.duplicates === "fail") refuse.push(...others.map((other) => standsTwice(other, row)));
    else skip.push(...others);

    const problems = rules.judge?.(row) ?? [];
    const existing = rules.existing(row.prefix);
    if (problems.length > 0) refuse.push(...problems);
    else if (existing === undefined) create.push(row);
    else if (rules.duplicates === "fail") refuse.push(rowProblem(row.row, "prefix", row.prefix, "is planned already"));
    else if (rules.duplicates === "skip" || !rules.differs(existing, row)) skip.push(row);
    else update.push({ existing, row });
  }
  refuse.sort((one, other) => one.row - other.row);
  const none = rules.mode === "all-or-nothing" && refuse.length > 0;
  return { create: none ? [] : create, update: none ? [] : update, skip, refuse };
}

/** Rows of one prefix together, as they stand in the file; prefixes in the order of addresses. */
function groupByPrefix(rows: readonly PrefixRow[]): PrefixRow[][] {
  const groups = new Map<string, PrefixRow[]>();
  for (const row of rows) {
    const group = groups.get(row.prefix);
    if (group) group.push(row);
    else groups.set(row.prefix, [row]);
  }
  return [...groups]
    .map(([prefix, group]) => ({ at: parsePrefix(prefix), group }))
    .sort((one, other) => comparePrefixes(one.at, other.at))
    .map(({ group }) => group);
}

const standsTwice = (row: PrefixRow, first: PrefixRow): RowProblem =>
  rowProblem(row.row, "prefix", row.prefix, `stands in row ${first.row}, too`);
