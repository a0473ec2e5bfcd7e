/** A table to be written: its columns by name, and the text of each for a row. */
export interface Table<Row> {
  readonly columns: readonly Column<Row>[];
}

export interface Column<Row> {
  readonly name: string;
  readonly text: (row: Row) => string;
}

export const cellsOf = <Row>({ columns }: Table<Row>, row: Row): string[] => columns.map(({ text }) => text(row));
