import type { RowProblem } from "./row.ts";

/** What is wrong with the rows of a file: the first of it by place and reason, and how much there is in all. */
export interface ProblemList {
  readonly problems: readonly RowProblem[];
  readonly count: number;
}

/** So many are listed. */
const MOST_PROBLEMS = 1_000;

export function createProblemList(most: number = MOST_PROBLEMS) {
  const problems: RowProblem[] = [];
  let count = 0;
  return {
    add(more: readonly RowProblem[]): void {
      count += more.length;
      problems.push(...more.slice(0, most - problems.length));
    },
    list: (): ProblemList => ({ problems, count }),
  };
}
