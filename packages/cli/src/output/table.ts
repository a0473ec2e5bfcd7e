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

/**
 * A table without borders. On a terminal it fits the width, elsewhere every value is whole and on one line. Cells hold no control
 * characters but our own colours.
 */
export function renderTable<Row>(all: readonly Column<Row>[], rows: readonly Row[], screen: Screen): string {
  const textOf = (column: Column<Row>, row: Row) => neutralise(String(column.value(row) ?? ""));
  const columns = all.filter((column) => !column.optional || rows.some((row) => textOf(column, row) !== ""));
  const texts = rows.map((row) => columns.map((column) => textOf(column, row)));
  const fittings = columns.map((column, at) => ({
    natural: texts.reduce((most, cells) => Math.max(most, measure(cells[at] ?? "")), measure(column.title)),
    shape: column.shape,
  }));
  const widths =
    screen.columns === undefined ? fittings.map((one) => one.natural) : fitWidths(fittings, screen.columns);
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
