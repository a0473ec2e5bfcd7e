import { describe, expect, it } from "vitest";
import { FILE_LIMITS } from "../limits.ts";
import { inPieces, problemOf, rowsOf } from "../testing/files.ts";
import { readRows } from "./read-rows.ts";

const limits = (changes: Partial<typeof FILE_LIMITS>) => ({ limits: { ...FILE_LIMITS, ...changes } });
const utf16 = (text: string, bigEndian = false) => {
  const bytes = Buffer.from(`\ufeff${text}`, "utf16le");
  return bigEndian ? bytes.swap16() : bytes;
};
const TABLE = "prefix,name\r\n10.0.0.0/8,ten\r\n";
const ROW = { row: 2, values: { prefix: "10.0.0.0/8", name: "ten" }, problems: [] };

describe("text with delimiters", () => {
  it.each([
    ["commas", TABLE],
    ["semicolons", TABLE.replaceAll(",", ";")],
    ["tabs", TABLE.replaceAll(",", "\t")],
    ["bars", TABLE.replaceAll(",", "|")],
    ["a byte order mark", `\ufeff${TABLE}`],
    ["line feeds", TABLE.replaceAll("\r\n", "\n")],
    ["carriage returns", TABLE.replaceAll("\r\n", "\r")],
    ["quotes", '"prefix","name"\n"10.0.0.0/8","ten"'],
    ["a delimiter in a quoted name", '"prefix",name\n10.0.0.0/8,ten\n\n\n'],
    ["UTF-16, little end first", utf16(TABLE)],
    ["UTF-16, big end first", utf16(TABLE, true)],
  ])("is read with %s", async (_, content) => {
    for (const size of [1, 3, 1000]) expect(await rowsOf(content, { size })).toEqual([ROW]);
  });

  it("says its delimiter itself, as Excel does", async () => {
    expect(await rowsOf("sep=;\r\nprefix;name\r\n10.0.0.0/8;a,b\r\n")).toEqual([
      { row: 3, values: { prefix: "10.0.0.0/8", name: "a,b" }, problems: [] },
    ]);
  });

  it("numbers rows as a spreadsheet does: with the header, with empty ones, and whatever lines a cell has", async () => {
    const rows = await rowsOf('a,b\n"1\n2\n3",x\n\n,\n4,y');
    expect(rows.map(({ row, values }) => [row, values.a])).toEqual([
      [2, "1\n2\n3"],
      [5, "4"],
    ]);
  });

  it("passes over titles above the header", async () => {
    const rows = await rowsOf("Customer 1,,\n10.0.0.0/24,,\n\nip address,tag,description\n10.0.0.5,,web\n");
    expect(rows.map(({ row, values }) => [row, values["ip address"]])).toEqual([[5, "10.0.0.5"]]);
  });

  it("may have one column", async () => {
    for (const count of [1, 9, 10, 30]) {
      const lines = Array.from({ length: count }, (_, index) => `10.0.${index}.0/24`);
      expect((await rowsOf(["prefix", ...lines].join("\n"))).map(({ values }) => values.prefix)).toEqual(lines);
    }
  });

  it("lists rows of another length, and reads the others", async () => {
    const rows = await rowsOf("a,b,c\n1,2\n1,2,3\n1,2,3,4\n");
    expect(rows.map(({ row, problems }) => [row, problems.map(({ column, reason }) => [column, reason])])).toEqual([
      [2, [[undefined, "the row has 2 cells, and the header names 3 columns"]]],
      [3, []],
      [4, [["D", "the row has 4 cells, and the header names 3 columns"]]],
    ]);
  });

  it.each([
    ["not UTF-8, whole", "encoding", Buffer.from("prefix,name\n10.0.0.0/8,ten\n10.1.0.0/16,Z\xfcrich\n", "latin1"), 3],
    ["cut in a character", "encoding", Buffer.from("prefix\n10.0.0.0/8\nü").subarray(0, -1), 3],
    ["with a NUL", "nul", "prefix\n10.0.0.0/8\n10\0", 3],
    ["in UTF-16 that does not say so", "nul", Buffer.from(TABLE, "utf16le"), 1],
    ["with a quote that stays open", "malformed", 'prefix,name\n10.0.0.0/8,"ten\n', 2],
    ["with a quote in a cell", "malformed", 'prefix,name\n10.0.0.0/8,te"n\n', 2],
    ["without a header", "no_header", "10.0.0.0/8,ten\n10.1.0.0/16,eleven\n", 1],
    ["with a column twice", "duplicate_column", "prefix,name,Prefix\n", 1],
    ["empty", "empty", "", undefined],
    ["blank", "empty", "\n \n\n", undefined],
  ])("is refused %s", async (_, reason, content, row) => {
    for (const size of [1, 2, 5, 1000]) {
      const problem = await problemOf(rowsOf(content, { size }));
      expect([problem.reason, problem.row]).toEqual([reason, row]);
    }
  });

  it("is refused when it is too large, without being held", async () => {
    let given = 0;
    const endless = async function* () {
      yield Buffer.from("prefix\n");
      for (;;) {
        given += 22_000;
        yield Buffer.alloc(22_000, "10.0.0.0/8\n");
      }
    };
    const read = async (options: object) => {
      for await (const _ of readRows(endless(), options));
    };
    expect((await problemOf(read(limits({ bytes: 200_000, rows: 1e9 })))).reason).toBe("bytes");
    expect(given).toBeLessThan(500_000);
    expect(await problemOf(read(limits({ rows: 5 })))).toMatchObject({ reason: "rows", row: 7 });
    expect((await problemOf(rowsOf(`a,b\n1,${"x".repeat(200)}`, limits({ rowLength: 100 })))).reason).toBe(
      "row_length",
    );
    expect((await problemOf(rowsOf("a,b,c", limits({ columns: 2 })))).reason).toBe("columns");
  });
});

describe("JSON", () => {
  const rows = [
    { row: 1, values: { prefix: "10.0.0.0/8", "vrf.name": 'a"]}', tags: '["x",{"y":1}]', pool: "true" }, problems: [] },
    { row: 2, values: { prefix: "10.1.0.0/16", vrf: "" }, problems: [] },
  ];
  const first = '{"prefix":"10.0.0.0/8","vrf":{"name":"a\\"]}"},"tags":["x",{"y":1}],"pool":true}';
  const second = '{"prefix":"10.1.0.0/16","vrf":null}';

  it.each([
    ["an array", `[${first},\n ${second}]`],
    ["lines", `${first}\n${second}\n`],
    ["a page of NetBox", `{"count":2,"next":null,"previous":null,"results":[${first},${second}]}`],
    ["an answer of phpIPAM", `{"code":200,"success":true,"data":[${first},${second}],"time":0.01}`],
    ["an answer of AWS", `{\n  "IpamResourceCidrs": [\n${first},${second}\n]\n}\n`],
    ["pages one after the other", `{"results":[${first}],"next":"https://x"}\n{"results":[${second}],"next":null}`],
    ["an array with a byte order mark", `\ufeff[${first},${second}]`],
  ])("is read as %s", async (_, content) => {
    for (const size of [1, 5, 1000]) expect(await rowsOf(content, { size })).toEqual(rows);
  });

  it("has no rows in an empty list", async () => {
    for (const content of ['{"results":[],"next":null}', '{"data":[]}']) expect(await rowsOf(content)).toEqual([]);
    for (const content of ["[]", " [ ] "]) expect((await problemOf(rowsOf(content))).reason).toBe("empty");
  });

  it.each([
    ["that ends in the middle", "malformed", '[{"prefix":"10.0.0.0/8"}'],
    ["that ends in a text", "malformed", '[{"prefix":"10'],
    ["that is none", "malformed", "[{prefix}]"],
    ["of numbers", "malformed", "[1,2]"],
    ["of lists", "malformed", "[[1],[2]]"],
    ["that closes too much", "malformed", '[{"a":1}]]'],
    ["that mixes brackets", "malformed", '[{"a":1}}'],
    ["whose pages go on", "incomplete", '{"IpamResourceCidrs":[{"a":1}],"NextToken":"abc"}'],
    ["whose pages go on, in NetBox", "incomplete", '{"next":"https://n/?offset=50","results":[{"a":1}]}'],
  ])("is refused %s", async (_, reason, content) => {
    for (const size of [1, 1000]) expect((await problemOf(rowsOf(content, { size }))).reason).toBe(reason);
  });

  it("is refused when one of its objects is too large, or deeper than any stack", async () => {
    expect((await problemOf(rowsOf(`[{"a":"${"x".repeat(500)}"}]`, limits({ rowLength: 100 })))).reason).toBe(
      "row_length",
    );
    const deep = `[{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}]`;
    expect((await problemOf(rowsOf(deep, { size: 4096 }))).reason).toBe("malformed");
  });

  it("takes no longer for many lists than for one", async () => {
    const lists = Array.from({ length: 90_000 }, (_, index) => `"${index}":[]`).join(",");
    expect((await problemOf(rowsOf(`{${lists}}`, { size: 65_536 }))).reason).toBe("columns");
  });

  it("keeps names that mean something to the language", async () => {
    const rows = [];
    for await (const row of readRows(inPieces('[{"__proto__":"a","constructor":"b"}]'))) rows.push([...row.values]);
    expect(rows).toEqual([
      [
        ["__proto__", "a"],
        ["constructor", "b"],
      ],
    ]);
  });

  it("lists a NUL that is escaped", async () => {
    expect((await rowsOf('[{"a":"x\\u0000"}]'))[0]?.problems).toMatchObject([{ row: 1, column: "a" }]);
  });
});

describe("a file that is something else", () => {
  it("is refused by what it is", async () => {
    const old = Buffer.from("d0cf11e0a1b11ae1000000", "hex");
    expect((await problemOf(rowsOf(old))).reason).toBe("old_workbook");
    const archive = Buffer.from("504b030414000000", "hex");
    expect((await problemOf(rowsOf(archive))).reason).toBe("malformed");
  });
});
