import { FileProblem } from "../file-problem.ts";
import { cellsOf, type Table } from "./table.ts";

/** A workbook is made whole before its first byte goes out. */
const MOST_ROWS = 200_000;
/** Excel shows no more of a cell. */
const MOST_CHARACTERS = 32_767;
const PIECE = 64 * 1024;

/**
 * Characters that XML, or what writes it, does not keep; and what would read as one that is escaped
 * (ECMA-376-1, 22.9.2.19, ST_Xstring).
 */
const ESCAPED =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are the ones
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffd-\uffff]|[\ud83f\ud87f\ud8bf\ud8ff\ud93f\ud97f\ud9bf\ud9ff\uda3f\uda7f\udabf\udaff\udb3f\udb7f\udbbf\udbff][\udffe\udfff]|_(?=x[0-9A-Fa-f]{4}_)/g;

/**
 * Rows as a workbook (.xlsx) of one sheet, with the names of the columns first. All cells are text, so none is a formula.
 * Throws FileProblem (`rows`) for more than 200,000 rows.
 */
export async function* writeXlsx<Row>(
  { columns }: Table<Row>,
  rows: AsyncIterable<Row>,
  sheet: string,
): AsyncGenerator<Uint8Array> {
  const data: (string | null)[][] = [columns.map(({ name }) => name)];
  for await (const row of rows) {
    if (data.length > MOST_ROWS) throw new FileProblem("rows", `a workbook takes ${MOST_ROWS} rows; export as CSV`);
    data.push(cellsOf({ columns }, row).map(toCell));
  }
  const { default: writeExcelFile } = await import("write-excel-file/node");
  const book = await writeExcelFile(data, { sheet }).toBuffer();
  for (let start = 0; start < book.length; start += PIECE) yield book.subarray(start, start + PIECE);
}

function toCell(text: string): string | null {
  if (text === "") return null;
  if (text.length > MOST_CHARACTERS) {
    throw new FileProblem("row_length", `a workbook's cell takes ${MOST_CHARACTERS} characters; export as CSV`);
  }
  const escaped = text.replace(ESCAPED, (characters) => characters.split("").map(escape).join(""));
  // The writer looks texts up in an object, in which names such as "constructor" are there already.
  return escaped in Object.prototype ? escape(escaped.charAt(0)) + escaped.slice(1) : escaped;
}

const escape = (character: string): string =>
  `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}_`;
