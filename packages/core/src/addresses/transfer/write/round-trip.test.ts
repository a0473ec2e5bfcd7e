import fc from "fast-check";
import { readSheet } from "read-excel-file/node";
import { describe, expect, it } from "vitest";
import { collect, collectBytes, each, understand } from "../testing/files.ts";
import { writeCsv } from "./csv.ts";
import { writeJson, writeJsonLines } from "./json.ts";
import { type ExportedPrefix, prefixTable } from "./tables.ts";
import { writeXlsx } from "./xlsx.ts";

const HOSTILE = [
  "=1+1",
  "'=1",
  "''",
  "'",
  "+1",
  "-1",
  "@SUM(A1)",
  "\t=x",
  "\r",
  "＝1",
  'a "quoted", one',
  "two\nlines",
  "two\r\nlines",
  " space ",
  "a\rb",
  "🏠 Zürich",
  "\u202eoverridden\u202c",
  "עברית",
  "_x000D_",
  "_x005F_x000D_",
  "<b>&amp;</b>",
  "]]>",
  "\u0001\u001f",
  "\ufffd\ufffe\u{1fffe}",
  "constructor",
  "__proto__",
  "toString",
  "null",
  "true",
  "1e5",
  "00012",
  "2024-01-01",
  "sep=;",
  "{",
  "x".repeat(4000),
];

const label = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "grapheme", maxLength: 40 }));
/** Texts that are kept as they are have their ends; names and the like are trimmed everywhere. */
const trimmed = label.map((text) => text.trim().slice(0, 256));
const tagName = trimmed.map((text) => text.replace(/[=,]/g, "")).filter((text) => text !== "");
const row: fc.Arbitrary<ExportedPrefix> = fc.record({
  prefix: fc.nat(0xffff).map((number) => `10.${number >> 8}.${number & 255}.0/24`),
  name: trimmed,
  description: label,
  status: fc.constantFrom("container", "active", "reserved", "deprecated"),
  pool: fc.boolean(),
  tags: fc
    .array(
      fc.tuple(
        tagName,
        trimmed.filter((text) => text !== ""),
      ),
      { maxLength: 3 },
    )
    .map((tags) => Object.fromEntries(tags)),
  vlan: fc.constantFrom("", "vln_01jd", "100"),
  account: trimmed,
  project: trimmed,
  owner: trimmed,
  externalId: trimmed,
  externalNetwork: trimmed,
  region: trimmed,
  reserveUntil: fc.constantFrom("", "2031-01-31T12:00:00.000Z"),
  attributes: fc.dictionary(trimmed, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 2, noNullPrototype: true }),
});
const rows = fc.array(row, { minLength: 1, maxLength: 5 });

const book = { sheet: "prefixes & more", at: new Date("2031-01-31T12:00:00Z") };

async function back(file: Buffer): Promise<unknown[]> {
  const { records, problems, ignored, format } = await understand(file);
  expect({ problems, ignored, format }).toEqual({ problems: [], ignored: [], format: "cadastre-prefixes" });
  return records.map(({ kind: _, row: __, ...said }) => ({ ...said, tagChanges: undefined }));
}

const expected = (written: readonly ExportedPrefix[]) => written.map((one) => ({ ...one, tagChanges: undefined }));

describe("what was written and is read again is the same", () => {
  it.each([
    ["CSV", 60, (all: ExportedPrefix[]) => writeCsv(prefixTable, each(all))],
    ["JSON", 60, (all: ExportedPrefix[]) => writeJson(each(all))],
    ["JSON Lines", 60, (all: ExportedPrefix[]) => writeJsonLines(each(all))],
    ["XLSX", 20, (all: ExportedPrefix[]) => writeXlsx(prefixTable, each(all), book)],
  ] as const)("as %s", async (_, numRuns, write) => {
    await fc.assert(
      fc.asyncProperty(rows, async (all) => {
        expect(await back(await collectBytes(write(all)))).toEqual(expected(all));
      }),
      { numRuns },
    );
  });

  it("for every hostile text, in each form", async () => {
    const all = HOSTILE.map((text, index) => {
      const name = text.trim();
      const rest = { status: "active", pool: false, vlan: "", account: name, project: name, owner: name };
      const external = { externalId: name, externalNetwork: name, region: name, reserveUntil: "" };
      return {
        prefix: `10.0.${index}.0/24`,
        name,
        description: text,
        tags: { [name.replace(/[=,]/g, "") || "a"]: name || "b" },
        ...rest,
        ...external,
        attributes: { [text]: text },
      };
    });
    for (const write of [
      writeCsv(prefixTable, each(all)),
      writeJson(each(all)),
      writeJsonLines(each(all)),
      writeXlsx(prefixTable, each(all), book),
    ]) {
      expect(await back(await collectBytes(write))).toEqual(expected(all));
    }
  });
});

describe("a table that spreadsheets open", () => {
  const dangerous = ["=cmd|'/c calc'!A1", "+1", "-1", "@x", "\tx", "\rx", "＝1"];
  const table = { columns: [{ name: "text", text: (text: string) => text }] };

  it("has no cell that begins as a formula in CSV", async () => {
    const lines = (await collect(writeCsv(table, each(dangerous)))).join("").split(/\r\n/).slice(1, -1);
    expect(lines).toHaveLength(dangerous.length);
    for (const line of lines) expect(line).toMatch(/^"?'/);
  });

  it("has texts and nothing else in a workbook, to another reader, too", async () => {
    const bytes = await collectBytes(writeXlsx(table, each(dangerous), book));
    expect((await readSheet(bytes, "prefixes & more", { trim: false })).flat()).toEqual(["text", ...dangerous]);
    await expect(collect(writeXlsx(table, each(["x".repeat(32_768)]), book))).rejects.toThrow("export as CSV");
  });
});
