import { stringify as stringifyCsv } from "csv-stringify/sync";
import { Document, visit } from "yaml";
import { nameOf, rawOf } from "./columns.ts";
import type { Column } from "./table.ts";
import { isUnsafe, neutralise, neutraliseLines, toJson } from "./text.ts";

/** YAML that says the same as the JSON, with every control character escaped. Ends with a line break. */
export function toYaml(value: unknown): string {
  // What JSON leaves out is left out here, too.
  const document = new Document(JSON.parse(JSON.stringify(value)), { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === "string" && isUnsafe(node.value)) node.type = "QUOTE_DOUBLE";
    },
  });
  return neutraliseLines(document.toString({ lineWidth: 0, doubleQuotedAsJSON: true }));
}

/**
 * A line of CSV (RFC 4180). Texts come from others: one that a spreadsheet would take for a formula gets an apostrophe before it,
 * and control characters are escaped.
 */
export function toCsvLine(cells: readonly (string | number | undefined)[]): string {
  const safe = cells.map((cell) => (typeof cell === "string" ? neutralise(cell) : cell));
  return stringifyCsv([safe], { escape_formulas: true });
}

/** How a list is written, an item at a time, so that a long one needs no memory. */
export interface Encoder<Item> {
  readonly head: string;
  item(item: Item, index: number): string;
  foot(count: number): string;
}

/** What an item is with `--columns`: an object of these alone. */
function pick<Item>(columns: readonly Column<Item>[], item: Item): object {
  return Object.fromEntries(columns.map((column) => [nameOf(column), rawOf(column, item)]));
}

/** An array of the documents, or of objects of the `columns` that were picked. */
export function jsonEncoder<Item>(columns: readonly Column<Item>[] | undefined): Encoder<Item> {
  return {
    head: "",
    item: (item, index) => `${index === 0 ? "[\n" : ",\n"}${toJson(columns ? pick(columns, item) : item)}`,
    foot: (count) => (count === 0 ? "[]\n" : "\n]\n"),
  };
}

export function yamlEncoder<Item>(columns: readonly Column<Item>[] | undefined): Encoder<Item> {
  return {
    head: "",
    item: (item) => toYaml([columns ? pick(columns, item) : item]),
    foot: (count) => (count === 0 ? "[]\n" : ""),
  };
}

export function csvEncoder<Item>(columns: readonly Column<Item>[]): Encoder<Item> {
  return {
    head: toCsvLine(columns.map(nameOf)),
    item: (item) => toCsvLine(columns.map((column) => rawOf(column, item))),
    foot: () => "",
  };
}

/** A line for each: what stands in the column that names it, `ID` or else the first. */
export function nameEncoder<Item>(columns: readonly Column<Item>[]): Encoder<Item> {
  const naming = columns.find((column) => nameOf(column) === "id") ?? columns[0];
  return {
    head: "",
    item: (item) => `${neutralise(String((naming && rawOf(naming, item)) ?? ""))}\n`,
    foot: () => "",
  };
}
