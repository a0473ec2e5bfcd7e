import Table from "cli-table3";
import width from "string-width";
import type { Screen, Style } from "./screen.ts";
import { neutralise, shorten } from "./text.ts";

export interface Column<Row> {
  readonly title: string;
  /** The cell's text, from anyone: it is neutralised here. */
  readonly value: (row: Row) => string | number | undefined;
  readonly align?: "left" | "right";
  /** `id` is shortened in the middle, `text` wrapped, when a terminal is too narrow; all others keep their width while they can. */
  readonly shape?: "id" | "text";
  readonly style?: (row: Row) => Style | undefined;
}

const GAP = 2;
const LEAST_FLEXIBLE = 12;
const LEAST = 3;

const NO_BORDERS = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: " ".repeat(GAP),
};

interface Fitting {
  readonly natural: number;
  readonly flexible: boolean;
}

/** Widths that sum up to what there is: the widest flexible column gives first, then the widest of all. */
export function fitWidths(columns: readonly Fitting[], available: number): number[] {
  const widths = columns.map((column) => column.natural);
  let excess = widths.reduce((sum, one) => sum + one, 0) + GAP * (columns.length - 1) - available;
  const shrink = (least: number, may: (column: Fitting) => boolean) => {
    while (excess > 0) {
      const candidates = columns.flatMap((column, at) => (may(column) && (widths[at] ?? 0) > least ? [at] : []));
      if (candidates.length === 0) return;
      const widest = candidates.reduce((best, at) => ((widths[at] ?? 0) > (widths[best] ?? 0) ? at : best));
      widths[widest] = (widths[widest] ?? 0) - 1;
      excess -= 1;
    }
  };
  shrink(LEAST_FLEXIBLE, (column) => column.flexible);
  shrink(LEAST, () => true);
  return widths;
}

/**
 * A table without borders. On a terminal it fits the width: long ids are shortened, texts wrapped. Elsewhere every value is
 * whole and on one line. Cells hold no control characters but our own colours.
 */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], screen: Screen): string {
  const texts = rows.map((row) => columns.map((column) => neutralise(String(column.value(row) ?? ""))));
  const fittings = columns.map((column, at) => ({
    natural: Math.max(width(column.title), ...texts.map((cells) => width(cells[at] ?? ""))),
    flexible: column.shape !== undefined,
  }));
  const widths =
    screen.columns === undefined ? fittings.map((one) => one.natural) : fitWidths(fittings, screen.columns);
  const table = new Table({
    head: columns.map((column) => screen.style("bold", column.title)),
    chars: NO_BORDERS,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    // A width of 0 would stand for any width.
    colWidths: widths.map((one) => Math.max(1, one)),
    colAligns: columns.map((column) => column.align ?? "left"),
    wordWrap: screen.columns !== undefined,
    wrapOnWordBoundary: true,
  });
  for (const [index, row] of rows.entries()) {
    table.push(
      columns.map((column, at) => {
        const text = texts[index]?.[at] ?? "";
        const shown = column.shape === "id" ? shorten(text, widths[at] ?? text.length) : text;
        const style = column.style?.(row);
        return style && shown !== "" ? screen.style(style, shown) : shown;
      }),
    );
  }
  const lines = table.toString().split("\n");
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}
