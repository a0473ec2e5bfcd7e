/** A line of a table: its cells, and what is wrong with some of them, by column from 0. */
export interface TableLine {
  readonly row: number;
  readonly cells: readonly string[];
  readonly faults?: ReadonlyMap<number, string> | undefined;
}
