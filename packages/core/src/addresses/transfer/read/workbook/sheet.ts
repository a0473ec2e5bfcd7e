import { FileProblem } from "../../file-problem.ts";
import type { FileLimits } from "../../limits.ts";
import type { TableLine } from "../table-line.ts";
import { readDateStyles, toDate } from "./dates.ts";
import type { SheetPlace } from "./find-sheet.ts";
import { parseXml } from "./parse-xml.ts";
import { readSharedTexts, TextReader, unescapeText } from "./texts.ts";

interface RawCell {
  readonly type: string;
  readonly style: number;
  formula: boolean;
  value: string;
  inline: string;
}

type CellText = { readonly text: string } | { readonly fault: string };

const NO_VALUE = "the formula has no value stored with it, and none is worked out here; put the value itself there";

/**
 * The lines of a sheet (SpreadsheetML), as far as they have cells. A cell lies where its address says; what lies further out
 * than allowed is refused, so that a single cell cannot blow a sheet up. Throws FileProblem (`malformed`, `columns`).
 */
export async function* sheetLines(place: SheetPlace, limits: FileLimits): AsyncGenerator<TableLine> {
  const toText = await cellReader(place);
  const texts = new TextReader();
  let lines: TableLine[] = [];
  let row = 0;
  let cells: string[] = [];
  let faults = new Map<number, string>();
  let column = -1;
  let cell: RawCell | undefined;
  let inValue = false;

  const startRow = (number: string | undefined) => {
    const next = number === undefined ? row + 1 : Number(number);
    if (!Number.isSafeInteger(next) || next <= row) throw misplaced();
    row = next;
    [cells, faults, column] = [[], new Map(), -1];
  };
  const startCell = (address: string | undefined) => {
    const next = address === undefined ? column + 1 : columnOf(address);
    if (next <= column) throw misplaced();
    column = next;
    if (column < limits.columns) return;
    throw new FileProblem("columns", `row ${row} has more than ${limits.columns} columns`, { row });
  };
  const endCell = (raw: RawCell) => {
    const read = toText(raw);
    while (cells.length < column) cells.push("");
    cells.push("text" in read ? read.text : raw.value);
    if ("fault" in read) faults.set(column, read.fault);
  };

  const pieces = parseXml(place.file, {
    open(name, attribute) {
      texts.open(name);
      if (name === "row") startRow(attribute("r"));
      else if (name === "c") {
        startCell(attribute("r"));
        const style = Number(attribute("s") ?? -1);
        cell = { type: attribute("t") ?? "n", style, formula: false, value: "", inline: "" };
      } else if (cell !== undefined && name === "f") cell.formula = true;
      else if (name === "v") inValue = true;
    },
    text(text) {
      texts.read(text);
      if (inValue && cell !== undefined) cell.value += text;
    },
    close(name) {
      texts.close(name);
      if (name === "v") inValue = false;
      else if (name === "c" && cell !== undefined) {
        cell.inline = texts.take();
        endCell(cell);
        cell = undefined;
      } else if (name === "row") lines.push({ row, cells, faults: faults.size > 0 ? faults : undefined });
    },
  });
  for await (const _ of pieces) {
    yield* lines;
    lines = [];
  }
}

async function cellReader(place: SheetPlace): Promise<(cell: RawCell) => CellText> {
  const shared = await readSharedTexts(place.sharedTexts);
  const dates = await readDateStyles(place.styles);
  return ({ type, style, formula, value, inline }) => {
    if (type === "e") return { fault: `the cell holds the error ${value}; put a value there` };
    if (formula && value === "") return { fault: NO_VALUE };
    if (type === "inlineStr") return { text: inline };
    if (type === "str") return { text: unescapeText(value) };
    if (value === "") return { text: "" };
    if (type === "s") return textOr(shared[Number(value)], "the cell names a text that the workbook does not hold");
    if (type === "b") return { text: value === "1" ? "true" : "false" };
    if (type === "n" && dates.has(style))
      return textOr(toDate(Number(value), place.calendar), "the cell holds no date");
    return { text: type === "n" ? plainNumber(value) : value };
  };
}

const textOr = (text: string | undefined, fault: string): CellText => (text === undefined ? { fault } : { text });

/** Whole numbers stay as they are written, however long; 1E2 and 100.0 are 100. */
function plainNumber(value: string): string {
  return /^-?(0|[1-9]\d*)$/.test(value) ? value : String(Number(value));
}

/** The column of an address such as AB12, from 0. */
function columnOf(address: string): number {
  const letters = /^([A-Z]{1,3})\d{1,9}$/.exec(address)?.[1];
  if (letters === undefined) throw misplaced();
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}

const misplaced = () => new FileProblem("malformed", "the workbook holds a cell that lies nowhere");
