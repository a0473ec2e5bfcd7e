import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PageRequest } from "./driver.ts";
import { openSqliteFile } from "./sqlite-file.ts";
import { createTransactionRows, type WrittenRow } from "./sqlite-rows.ts";

let db: DatabaseSync;
let rows: ReturnType<typeof createTransactionRows>;
beforeEach(() => {
  db = openSqliteFile(":memory:");
  rows = createTransactionRows(db);
});
afterEach(() => db.close());

const aRow = (sk: string, more: Partial<WrittenRow> = {}): WrittenRow => ({
  pk: "p",
  sk,
  type: "note",
  version: 1,
  expires: undefined,
  size: 10,
  body: `{"text":"${sk}"}`,
  ...more,
});
const write = (...sorts: readonly string[]) => {
  for (const sk of sorts) rows.write(aRow(sk));
};
const page = (more: Partial<PageRequest> = {}) =>
  rows.page({
    partition: "p",
    range: { kind: "all" },
    reverse: false,
    consistent: false,
    limit: undefined,
    after: undefined,
    ...more,
  });
const sortsOf = (more: Partial<PageRequest> = {}) => page(more).rows.map(({ sk }) => sk);
const count = (table: string) => db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n;

describe("a row", () => {
  it("is read as it was written, over whatever was there", () => {
    rows.write(aRow("a"));
    rows.write(aRow("a", { type: "mark", version: 7, expires: 99, size: 20, body: '{"text":"b"}' }));
    const head = { pk: "p", sk: "a", type: "mark", version: 7, expires: 99, size: 20 };
    expect(rows.read({ pk: "p", sk: "a" })).toEqual({ ...head, fields: { text: "b" } });
    expect(rows.head({ pk: "p", sk: "a" })).toEqual(head);
    expect(count("items")).toBe(1);
    rows.write(aRow("a"));
    expect(rows.head({ pk: "p", sk: "a" })?.expires).toBeUndefined();
  });

  it("is not there of another key or partition", () => {
    write("a");
    for (const key of [
      { pk: "p", sk: "b" },
      { pk: "q", sk: "a" },
    ])
      expect([rows.read(key), rows.head(key)]).toEqual([undefined, undefined]);
  });

  it("is inserted where nothing is, and else left as it stands", () => {
    expect(rows.insert(aRow("a"))).toBe(true);
    expect(rows.insert(aRow("a", { version: 2 }))).toBe(false);
    expect(rows.head({ pk: "p", sk: "a" })?.version).toBe(1);
  });

  it("is removed alone, and its partition with the last one of it", () => {
    write("a", "b");
    rows.remove({ pk: "p", sk: "a" });
    expect([sortsOf(), count("partitions")]).toEqual([["b"], 1]);
    rows.remove({ pk: "p", sk: "x" });
    rows.remove({ pk: "q", sk: "b" });
    expect(sortsOf()).toEqual(["b"]);
    rows.remove({ pk: "p", sk: "b" });
    expect([count("items"), count("partitions")]).toEqual([0, 0]);
    rows.write(aRow("o", { pk: "other" }));
    write("c");
    expect([sortsOf(), sortsOf({ partition: "other" })]).toEqual([["c"], ["o"]]);
  });

  it("is written beside what is there, also once what was remembered of partitions is given up", () => {
    write("a");
    rows.forget();
    expect(rows.head({ pk: "p", sk: "a" })).toBeDefined();
    write("b");
    expect([sortsOf(), count("partitions")]).toEqual([["a", "b"], 1]);
  });

  it("is written where it belongs when what was remembered of partitions does not hold any more", () => {
    write("a");
    db.exec("DELETE FROM items; DELETE FROM partitions; INSERT INTO partitions (id, pk) VALUES (1, 'other')");
    rows.forget();
    write("b");
    expect([sortsOf(), sortsOf({ partition: "other" })]).toEqual([["b"], []]);
  });

  it("is found in any number of partitions", () => {
    db.exec("BEGIN");
    for (let n = 0; n < 10_050; n++) rows.write(aRow("a", { pk: `p${n}` }));
    db.exec("COMMIT");
    expect(count("partitions")).toBe(10_050);
    for (const n of [0, 5000, 10_049]) expect(rows.head({ pk: `p${n}`, sk: "a" })).toBeDefined();
  });
});

describe("a page of a partition", () => {
  it("has rows in the order of their sort keys by UTF-8 bytes, or the other way round", () => {
    write("b", "a", "\u{1F600}", "\uFFFD");
    expect(sortsOf()).toEqual(["a", "b", "\uFFFD", "\u{1F600}"]);
    expect(sortsOf({ reverse: true })).toEqual(["\u{1F600}", "\uFFFD", "b", "a"]);
    expect(page().next).toBeUndefined();
  });

  it.each<[PageRequest["range"], string]>([
    [{ kind: "all" }, "a ab abc b c"],
    [{ kind: "compare", operator: ">", value: "ab" }, "abc b c"],
    [{ kind: "compare", operator: "<", value: "b" }, "a ab abc"],
    [{ kind: "compare", operator: ">=", value: "b" }, "b c"],
    [{ kind: "between", from: "ab", to: "b" }, "ab abc b"],
    [{ kind: "prefix", prefix: "ab" }, "ab abc"],
    [{ kind: "prefix", prefix: "" }, "a ab abc b c"],
  ])("has those of a range: %j", (range, sorts) => {
    write("a", "ab", "abc", "b", "c");
    rows.write(aRow("b", { pk: "q" }));
    expect(sortsOf({ range }).join(" ")).toBe(sorts);
    expect(sortsOf({ range, reverse: true }).toReversed().join(" ")).toBe(sorts);
  });

  it("has all that begins with the greatest character there is", () => {
    write("a", "\u{10ffff}", "\u{10ffff}b");
    expect(sortsOf({ range: { kind: "prefix", prefix: "\u{10ffff}" } })).toEqual(["\u{10ffff}", "\u{10ffff}b"]);
  });

  it("goes on after a sort key, in its direction, and tells where it ended", () => {
    write("a", "b", "c", "d");
    expect(sortsOf({ after: "b" })).toEqual(["c", "d"]);
    expect(sortsOf({ after: "c", reverse: true })).toEqual(["b", "a"]);
    expect(sortsOf({ after: "a", range: { kind: "prefix", prefix: "c" } })).toEqual(["c"]);
    expect(page({ limit: 2 })).toMatchObject({ next: "b", bytes: 20, rows: [{ sk: "a" }, { sk: "b" }] });
    expect(page({ limit: 4 }).next).toBe("d");
    expect(page({ limit: 5 }).next).toBeUndefined();
    expect(page({ limit: 2, after: "d" })).toEqual({ rows: [], bytes: 0, next: undefined });
  });

  it("ends before the row that would pass 1 MB, and has one at the least", () => {
    rows.write(aRow("a", { size: 600_000 }));
    rows.write(aRow("b", { size: 448_576 }));
    rows.write(aRow("c", { size: 1 }));
    expect(page()).toMatchObject({ next: "b", bytes: 1_048_576 });
    expect(page({ after: "b" })).toMatchObject({ bytes: 1, next: undefined });
    rows.write(aRow("a", { size: 2_000_000 }));
    expect(page()).toMatchObject({ next: "a", bytes: 2_000_000 });
  });

  it("has whole rows, with their expiry where they have one", () => {
    rows.write(aRow("a", { expires: 5 }));
    expect(page().rows).toEqual([
      { pk: "p", sk: "a", type: "note", version: 1, expires: 5, size: 10, fields: { text: "a" } },
    ]);
  });
});

describe("what has expired", () => {
  it("goes, the oldest first, some at a time, and partitions with the last of them", () => {
    for (const [sk, expires] of [
      ["c", 3],
      ["a", 1],
      ["b", 2],
      ["d", 4],
    ] as const)
      rows.write(aRow(sk, { pk: sk === "d" ? "q" : "p", expires }));
    write("never");
    expect(rows.sweep(3, 2)).toBe(2);
    expect(sortsOf()).toEqual(["c", "never"]);
    expect(rows.sweep(3, 2)).toBe(1);
    expect(rows.sweep(3, 2)).toBe(0);
    expect([sortsOf(), sortsOf({ partition: "q" })]).toEqual([["never"], ["d"]]);
    expect(rows.sweep(4, 2)).toBe(1);
    expect(count("partitions")).toBe(1);
  });
});
