import { FileProblem } from "../file-problem.ts";
import { columnName } from "../read/header.ts";
import { cellsOf, type Table } from "./table.ts";
import { writeZip } from "./zip.ts";

/** What a sheet has at most (Excel specifications and limits): rows with the header, and characters of a cell. */
const MOST_ROWS = 1_048_576;
const MOST_CHARACTERS = 32_767;
/** So many rows are made into text at once. */
const BATCH = 200;

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/**
 * Rows as a workbook (.xlsx, ECMA-376) of one sheet, piece by piece, with the names of the columns first. Every cell is a text,
 * so none is a formula. The libraries that write workbooks hold the whole of one: 100,000 rows took one of them half a gigabyte.
 * Throws FileProblem (`rows`, `row_length`) for what a sheet does not take.
 */
export function writeXlsx<Row>(
  table: Table<Row>,
  rows: AsyncIterable<Row>,
  { sheet, at }: { readonly sheet: string; readonly at: Date },
): AsyncGenerator<Uint8Array> {
  const relationship = (type: string, target: string) =>
    `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${DOCUMENT}/${type}" Target="${target}"/></Relationships>`;
  const parts = {
    "[Content_Types].xml": `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${CONTENT}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${CONTENT}.worksheet+xml"/></Types>`,
    "_rels/.rels": relationship("officeDocument", "xl/workbook.xml"),
    "xl/_rels/workbook.xml.rels": relationship("worksheet", "worksheets/sheet1.xml"),
    "xl/workbook.xml": `<workbook xmlns="${MAIN}" xmlns:r="${DOCUMENT}"><sheets><sheet name="${toXml(sheet)}" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  };
  const entries = Object.entries(parts).map(([name, xml]) => ({ name, content: once(HEAD + xml) }));
  return writeZip([...entries, { name: "xl/worksheets/sheet1.xml", content: sheetXml(table, rows) }], at);
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

async function* sheetXml<Row>(table: Table<Row>, rows: AsyncIterable<Row>): AsyncGenerator<string> {
  let text = `${HEAD}<worksheet xmlns="${MAIN}"><sheetData>${rowXml(
    table.columns.map(({ name }) => name),
    1,
  )}`;
  let count = 1;
  for await (const row of rows) {
    if (++count > MOST_ROWS) throw new FileProblem("rows", `a sheet takes ${MOST_ROWS} rows; export as CSV`);
    text += rowXml(cellsOf(table, row), count);
    if (count % BATCH > 0) continue;
    yield text;
    text = "";
  }
  yield `${text}</sheetData></worksheet>`;
}

function rowXml(cells: readonly string[], row: number): string {
  const xml = cells.map((text, column) => (text === "" ? "" : cellXml(text, columnName(column) + row)));
  return `<row r="${row}">${xml.join("")}</row>`;
}

function cellXml(text: string, address: string): string {
  if (text.length > MOST_CHARACTERS) {
    throw new FileProblem("row_length", `a cell takes ${MOST_CHARACTERS} characters; export as CSV`);
  }
  return `<c r="${address}" t="inlineStr"><is><t xml:space="preserve">${toXml(text)}</t></is></c>`;
}

/** Characters that XML does not allow or does not keep, and what would read as one that is escaped (ECMA-376-1, 22.9.2.19). */
const ESCAPED = /[[\p{Cc}\p{Cs}\ufffe\uffff]--[\t\n]]|_(?=x[0-9A-Fa-f]{4}_)/gv;

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function toXml(text: string): string {
  return text
    .replace(ESCAPED, (character) => `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}_`)
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
