import measure from "string-width";
import wrap from "wrap-ansi";
import type { Screen, Style } from "./screen.ts";
import { clip, neutralise, shorten } from "./text.ts";

/**
 * What a column gives up when a terminal is too narrow: `clip` its end, `text` lines (it is wrapped), `id` its middle. Columns
 * without a shape keep their width while they can.
 */
type Shape = "clip" | "text" | "id";

export interface Column<Row> {
  readonly title: string;
  /** The cell's text, from anyone: it is neutralised here. */
  readonly value: (row: Row) => string | number | undefined;
  /** What it is called in `--columns`; made of the title when absent. */
  readonly name?: string;
  /** The value as data, where `value` writes it for people: for CSV, and to sort by. */
  readonly raw?: (row: Row) => string | number | undefined;
  /** What can be copied from a terminal, and stands for a value that is too long for one. */
  readonly short?: (row: Row) => string | undefined;
  /** Only where every column is shown, and where it is asked for. */
  readonly wide?: boolean;
  /** Left out on a terminal that is too narrow for all, the last one first. */
  readonly spare?: boolean;
  readonly align?: "left" | "right";
  readonly shape?: Shape;
  /** Left out when no row has a value. */
  readonly optional?: boolean;
  readonly style?: (row: Row) => Style | undefined;
}

const GAP = 2;

/** Who gives up width, in this order, and what it keeps. */
const STEPS: readonly { readonly shapes: readonly (Shape | undefined)[]; readonly least: number }[] = [
  { shapes: ["clip", "text"], least: 24 },
  { shapes: ["id"], least: 16 },
  { shapes: ["clip", "text", "id"], least: 8 },
  { shapes: ["clip", "text", "id", undefined], least: 3 },
];

interface Fitting {
  readonly natural: number;
  readonly shape: Shape | undefined;
}

/** Widths that sum up to what there is. In each step the widest column gives first. */
export function fitWidths(columns: readonly Fitting[], available: number): number[] {
  const widths = columns.map((column) => column.natural);
  let excess = widths.reduce((sum, one) => sum + one, 0) + GAP * (columns.length - 1) - available;
  for (const { shapes, least } of STEPS) {
    while (excess > 0) {
      const candidates = columns.flatMap(({ shape }, at) =>
        shapes.includes(shape) && (widths[at] ?? 0) > least ? [at] : [],
      );
      if (candidates.length === 0) break;
      const widest = candidates.reduce((best, at) => ((widths[at] ?? 0) > (widths[best] ?? 0) ? at : best));
      widths[widest] = (widths[widest] ?? 0) - 1;
      excess -= 1;
    }
  }
  return widths;
}

interface Cell {
  readonly text: string;
  readonly width: number;
  readonly align: "left" | "right";
  readonly style: Style | undefined;
}

function toShape(text: string, shape: Shape | undefined, width: number): string {
  if (shape === "id") return shorten(text, width);
  return shape === "clip" ? clip(text, width) : text;
}

/** One row, on as many lines as its highest cell has. */
function renderRow(cells: readonly Cell[], screen: Screen): string {
  const wrapped = cells.map(({ text, width }) =>
    measure(text) <= width ? [text] : wrap(text, width, { hard: true }).split("\n"),
  );
  const height = Math.max(...wrapped.map((lines) => lines.length));
  let row = "";
  for (let line = 0; line < height; line++) {
    const parts = cells.map(({ width, align, style }, at) => {
      const text = wrapped[at]?.[line] ?? "";
      const blank = " ".repeat(Math.max(0, width - measure(text)));
      const shown = style && text !== "" ? screen.style(style, text) : text;
      return align === "right" ? blank + shown : shown + blank;
    });
    row += `${parts.join(" ".repeat(GAP)).trimEnd()}\n`;
  }
  return row;
}

function withoutShape<Row>({ shape: _, ...column }: Column<Row>): Column<Row> {
  return column;
}

/** What a column needs to be of use. */
const LEGIBLE = 12;

/** The columns that a terminal has room for. */
function withoutSpare<Row>(columns: readonly Column<Row>[], naturals: readonly number[], available: number) {
  const kept = columns.map((column, at) => ({
    column,
    least: column.shape === undefined ? (naturals[at] ?? 0) : Math.min(LEGIBLE, naturals[at] ?? 0),
  }));
  const isTooWide = () => kept.reduce((sum, { least }) => sum + least + GAP, -GAP) > available;
  while (isTooWide()) {
    const last = kept.findLastIndex(({ column }) => column.spare);
    if (last < 0) break;
    kept.splice(last, 1);
  }
  return kept.map(({ column }) => column);
}

interface TableOptions {
  /** Every column and every value whole, also on a terminal, where lines may then be longer than it is wide. */
  readonly whole?: boolean;
}

/**
 * A table without borders. On a terminal it fits the width, elsewhere every value is whole and on one line. Cells hold no control
 * characters but our own colours.
 */
export function renderTable<Row>(
  all: readonly Column<Row>[],
  rows: readonly Row[],
  screen: Screen,
  { whole = false }: TableOptions = {},
): string {
  const width = whole ? undefined : screen.columns;
  const isShort = ({ short }: Column<Row>) => width !== undefined && short !== undefined;
  const textOf = (column: Column<Row>, row: Row) =>
    neutralise(String((isShort(column) ? column.short?.(row) : undefined) ?? column.value(row) ?? ""));
  const naturalOf = (column: Column<Row>) =>
    rows.reduce((most, row) => Math.max(most, measure(textOf(column, row))), measure(column.title));
  const wanted = all
    .filter((column) => whole || !column.wide)
    .filter((column) => !column.optional || rows.some((row) => textOf(column, row) !== ""))
    // What was made short to be copied keeps its width while it can.
    .map((column) => (isShort(column) ? withoutShape(column) : column));
  const columns = width === undefined ? wanted : withoutSpare(wanted, wanted.map(naturalOf), width);
  const texts = rows.map((row) => columns.map((column) => textOf(column, row)));
  const fittings = columns.map((column) => ({ natural: naturalOf(column), shape: column.shape }));
  const widths = width === undefined ? fittings.map((one) => one.natural) : fitWidths(fittings, width);
  const toCell = (column: Column<Row>, at: number, text: string, style: Style | undefined): Cell => {
    const width = widths[at] ?? 0;
    return { text: toShape(text, column.shape, width), width, align: column.align ?? "left", style };
  };
  const head = columns.map((column, at) => toCell(column, at, column.title, "bold"));
  const body = rows.map((row, index) =>
    columns.map((column, at) => toCell(column, at, texts[index]?.[at] ?? "", column.style?.(row))),
  );
  return [head, ...body].map((cells) => renderRow(cells, screen)).join("");
}
