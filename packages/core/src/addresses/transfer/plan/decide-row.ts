import type { PrefixRow } from "../convert/records.ts";
import { type RowProblem, rowProblem } from "../row.ts";

/** What is done with a row whose prefix is there already, or stands in the file before: it is passed over, heard, or refused. */
export type Duplicates = "skip" | "update" | "fail";

/** What is known of a row when it is decided on. */
export interface RowFacts {
  readonly duplicates: Duplicates;
  /** Another row of the same prefix that is heard in its place. */
  readonly heard: number | undefined;
  /** Whether something is planned of the prefix in the space. */
  readonly isPlanned: boolean;
  /** Whether the row says anything else than what is planned. */
  readonly differs: boolean;
  /** What is wrong with the row in this space: tags that there are not, and the like. */
  readonly problems: readonly RowProblem[];
}

export type RowDecision =
  | { readonly act: "create" | "update" | "skip" }
  | { readonly act: "refuse"; readonly problems: readonly RowProblem[] };

/** Decides what becomes of a row. Of several rows of one prefix the first is heard, or the last when duplicates are to update. */
export function decideRow(row: PrefixRow, facts: RowFacts): RowDecision {
  const { duplicates, heard, isPlanned, differs, problems } = facts;
  const refuse = (reason: string): RowDecision => ({
    act: "refuse",
    problems: [rowProblem(row.row, "prefix", row.prefix, reason)],
  });
  if (heard !== undefined) return duplicates === "fail" ? refuse(`stands in row ${heard}, too`) : { act: "skip" };
  if (problems.length > 0) return { act: "refuse", problems };
  if (!isPlanned) return { act: "create" };
  if (duplicates === "fail") return refuse("is planned already");
  return { act: duplicates === "skip" || !differs ? "skip" : "update" };
}
