import { zipSync } from "fflate";
import { readSheet } from "read-excel-file/node";
import { describe, expect, it } from "vitest";
import writeExcelFile from "write-excel-file/node";
import { FILE_LIMITS } from "../limits.ts";
import { problemOf, rowsOf } from "../testing/files.ts";

const NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
const TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

interface Book {
  readonly rows: string;
  readonly texts?: string;
  readonly styles?: string;
  readonly properties?: string;
  readonly sheetPath?: string;
}

/** A workbook of two sheets, the second one with these rows; as programs other than ours write them. */
function aBook({
  rows,
  texts = "",
  styles = "",
  properties = "",
  sheetPath = "worksheets/data.xml",
}: Book): Uint8Array {
  const files = {
    "xl/workbook.xml": `<workbook ${NAMESPACE} xmlns:r="${TYPE}">${properties}<sheets><sheet name="Empty" sheetId="1" r:id="rId9"/><sheet name="Data &amp; more" sheetId="2" r:id="rId1"/></sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId9" Type="${TYPE}/worksheet" Target="worksheets/none.xml"/><Relationship Id="rId1" Type="${TYPE}/worksheet" Target="${sheetPath}"/><Relationship Id="rId2" Type="${TYPE}/sharedStrings" Target="/xl/texts.xml"/><Relationship Id="rId3" Type="${TYPE}/styles" Target="styles.xml"/></Relationships>`,
    "xl/worksheets/none.xml": `<worksheet ${NAMESPACE}><sheetData/></worksheet>`,
    [`xl/${sheetPath}`]: `<?xml version="1.0" encoding="UTF-8"?><x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>${rows}</x:sheetData></x:worksheet>`,
    "xl/texts.xml": `<sst ${NAMESPACE}>${texts}</sst>`,
    "xl/styles.xml": `<styleSheet ${NAMESPACE}>${styles}</styleSheet>`,
  };
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])));
}

const data = { sheet: "Data & more", size: 1000 };
const header =
  '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row>';
const readCell = async (cell: string, book: Partial<Book> = {}) => {
  const rows = await rowsOf(aBook({ ...book, rows: `${header}<row r="2">${cell}</row>` }), data);
  const [row] = rows;
  return row?.problems.length ? row.problems : row?.values.a;
};

describe("a workbook", () => {
  it.each([
    ["a shared text", '<c r="A2" t="s"><v>1</v></c>', "two &\n lines"],
    ["a rich text, without how it is spoken", '<c r="A2" t="s"><v>2</v></c>', "bold plain"],
    [
      "a text of its own",
      '<c r="A2" t="inlineStr"><is><r><t xml:space="preserve">x </t></r><r><t>y</t></r></is></c>',
      "x y",
    ],
    [
      "a text with characters that XML has not",
      '<c r="A2" t="inlineStr"><is><t>_x000D__x005F_x0041_</t></is></c>',
      "\r_x0041_",
    ],
    ["a text in CDATA", '<c r="A2" t="inlineStr"><is><t><![CDATA[<a>]]></t></is></c>', "<a>"],
    [
      "a whole number, however long",
      '<c r="A2"><v>336395549904799703390415618052362076160</v></c>',
      "336395549904799703390415618052362076160",
    ],
    ["another number", '<c r="A2"><v>1E2</v></c>', "100"],
    ["a number with a decimal", '<c r="A2"><v>10.100000000000000</v></c>', "10.1"],
    ["a truth", '<c r="A2" t="b"><v>1</v></c>', "true"],
    ["a date", '<c r="A2" s="1"><v>45292</v></c>', "2024-01-01"],
    ["a date with a time", '<c r="A2" s="2"><v>45292.75</v></c>', "2024-01-01T18:00:00.000Z"],
    ["a number whose format only looks like a date's", '<c r="A2" s="3"><v>45292</v></c>', "45292"],
    ["a date as text", '<c r="A2" t="d"><v>2024-01-01</v></c>', "2024-01-01"],
    [
      "the value that was stored with a formula",
      '<c r="A2" t="str"><f>B2&amp;"x"</f><v>10.0.0.0/8</v></c>',
      "10.0.0.0/8",
    ],
    ["the number that was stored with a formula", '<c r="A2"><f>1+1</f><v>2</v></c>', "2"],
    ["nothing before it", '<c r="B2"><v>1</v></c>', ""],
    ["cells that do not say where they are", "<c><v>1</v></c><c><v>2</v></c>", "1"],
  ])("has %s", async (_, cell, text) => {
    const texts =
      '<si><t>one</t></si><si><t xml:space="preserve">two &amp;\n lines</t></si><si><r><rPr><b/></rPr><t>bold</t></r><r><t xml:space="preserve"> plain</t></r><rPh sb="0" eb="1"><t>spoken</t></rPh></si>';
    const styles =
      '<numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm"/><numFmt numFmtId="165" formatCode="[Red]0&quot;days&quot;"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs>';
    expect(await readCell(cell, { texts, styles })).toBe(text);
  });

  it("may count its days from 1904", async () => {
    const styles = '<cellXfs><xf numFmtId="14"/></cellXfs>';
    const properties = '<workbookPr date1904="1"/>';
    expect(await readCell('<c r="A2" s="0"><v>43830</v></c>', { styles, properties })).toBe("2024-01-01");
  });

  it.each([
    ["a formula without a value", "<c r='A2'><f>HYPERLINK(\"http://x\")</f></c>", "no value stored"],
    ["an error", "<c r='A2' t='e'><f>1/0</f><v>#DIV/0!</v></c>", "the error #DIV/0!"],
    ["a text that there is not", "<c r='A2' t='s'><v>7</v></c>", "does not hold"],
    ["a date that there is not", "<c r='A2' s='0'><v>1E300</v></c>", "no date"],
  ])("tells of %s by its cell", async (_, cell, reason) => {
    const problems = await readCell(cell, { styles: '<cellXfs><xf numFmtId="14"/></cellXfs>' });
    expect(problems).toMatchObject([{ row: 2, column: "a", reason: expect.stringContaining(reason) }]);
  });

  it("numbers rows as it does itself, gaps and all", async () => {
    const rows = `${header}<row r="5"><c r="A5"><v>1</v></c></row><row><c><v>2</v></c></row>`;
    expect((await rowsOf(aBook({ rows }), data)).map(({ row }) => row)).toEqual([5, 6]);
  });

  it("is read by the name of its sheet", async () => {
    const book = aBook({ rows: header });
    expect((await problemOf(rowsOf(book, { size: 1000 }))).reason).toBe("empty");
    const problem = await problemOf(rowsOf(book, { sheet: "Other", size: 1000 }));
    expect(problem).toMatchObject({ reason: "sheet", choices: ["Empty", "Data & more"] });
  });

  it("is read as another reader reads it", async () => {
    const cells = [
      ["a", "b", "c", "d"],
      ["x", 1.5, true, { value: new Date("2024-02-29T12:00:00Z"), format: "yyyy-mm-dd hh:mm" }],
      [" & <", -7, false, { value: new Date("1999-12-31"), format: "mm/dd/yyyy" }],
    ];
    const book = await writeExcelFile(cells as never).toBuffer();
    const theirs = await readSheet(book, { trim: false });
    const text = (cell: unknown) =>
      cell instanceof Date ? cell.toISOString().replace("T00:00:00.000Z", "") : String(cell);
    const ours = await rowsOf(book, { size: 1000 });
    expect(ours.map(({ values }) => Object.values(values))).toEqual(theirs.slice(1).map((line) => line.map(text)));
  });
});

describe("a workbook that is made to harm", () => {
  const limits = (changes: Partial<typeof FILE_LIMITS>) => ({ ...data, limits: { ...FILE_LIMITS, ...changes } });

  it.each([
    ["with a cell at the end of the world", "columns", '<row r="2"><c r="XFD2"><v>1</v></c></row>'],
    ["with a row that is no number", "malformed", '<row r="x"/>'],
    ["with a row that is endless", "malformed", '<row r="1e999"/>'],
    ["with rows backwards", "malformed", '<row r="1"/>'],
    ["with a cell twice", "malformed", '<row r="2"><c r="A2"/><c r="A2"/></row>'],
    ["with a cell nowhere", "malformed", '<row r="2"><c r="2A"/></row>'],
    ["that is no XML", "malformed", "<row"],
  ])("is refused %s", async (_, reason, rows) => {
    expect((await problemOf(rowsOf(aBook({ rows: header + rows }), data))).reason).toBe(reason);
  });

  it("has a row far out without anything between", async () => {
    const rows = `${header}<row r="9007199254740991"><c><v>1</v></c></row>`;
    expect((await rowsOf(aBook({ rows }), data)).map(({ row }) => row)).toEqual([9007199254740991]);
  });

  it("has no file outside of itself", async () => {
    const book = aBook({ rows: header, sheetPath: "../../etc/passwd" });
    expect((await problemOf(rowsOf(book, { sheet: "Data & more", size: 1000 }))).reason).toBe("malformed");
  });

  it("is refused when it unpacks to too much, whatever it says of its sizes", async () => {
    const bomb = Buffer.from(zipSync({ "xl/workbook.xml": new Uint8Array(20_000_000) }));
    expect(bomb.length).toBeLessThan(30_000);
    const read = (book: Uint8Array) =>
      problemOf(rowsOf(book, { ...limits({ unpackedBytes: 1_000_000 }), size: 100_000 }));
    expect((await read(bomb)).reason).toBe("unpacked");
    const index = bomb.lastIndexOf(Buffer.from("504b0102", "hex"));
    bomb.writeUInt32LE(10, 22);
    bomb.writeUInt32LE(10, index + 24);
    expect((await read(bomb)).reason).toBe("unpacked");
    const many = zipSync(
      Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`xl/${index}.xml`, new Uint8Array(1)])),
    );
    expect((await read(many)).reason).toBe("unpacked");
    const large = aBook({ rows: header });
    expect((await problemOf(rowsOf(large, limits({ packedBytes: 100 })))).reason).toBe("bytes");
  });

  it("is refused when it is damaged", async () => {
    const book = aBook({ rows: header });
    for (const at of [40, 200, 900]) {
      const damaged = Uint8Array.from(book);
      damaged.fill(0xff, at, at + 20);
      expect((await problemOf(rowsOf(damaged, data))).reason).toMatch(/^(malformed|sheet)$/);
    }
    expect((await problemOf(rowsOf(book.subarray(0, 300), data))).reason).toMatch(/^(malformed|sheet)$/);
  });

  it.each([
    ["a tag", "<"],
    ["a text", '<c r="A2" t="inlineStr"><is><t>'],
    ["a comment", "<!--"],
  ])("does not keep anybody busy with %s that never ends", async (_, beginning) => {
    const rows = `${header}<row r="2">${beginning}${"x".repeat(20_000_000)}`;
    expect((await problemOf(rowsOf(aBook({ rows }), { ...data, size: 100_000 }))).message).toContain("no sheet's");
  });

  it("expands no entities", async () => {
    const bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>';
    expect(await readCell('<c r="A2" t="inlineStr"><is><t>&b;</t></is></c>', { properties: bomb })).toBe("&b;");
  });
});
