import { CursorError, InvalidItemError } from "@cadastre/store/errors";
import { put, type Query, remove, type SortRange } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import { lease, mark, note, type Opened } from "./entities.ts";

export function queryContract(opened: () => Opened): void {
  const load = (space: string, ids: readonly string[], text?: string) =>
    opened().table.load(ids.map((id) => put(note, { space, id, ...(text === undefined ? {} : { text }) })));
  const page = (query: Query) => opened().table.query(note, query);
  const idsOf = (items: readonly { id: string }[]) => items.map(({ id }) => id);

  /** All pages of a query, and how many there were. */
  async function pages(query: Query): Promise<{ ids: string[]; count: number }> {
    const ids: string[] = [];
    let cursor: string | undefined;
    let count = 0;
    do {
      const found = await page({ ...query, cursor });
      ids.push(...idsOf(found.items));
      cursor = found.cursor;
      count++;
    } while (cursor !== undefined);
    return { ids, count };
  }

  describe("query", () => {
    const ids = ["a", "b1", "b2", "b3", "c", "d"];

    test.each<[SortRange | undefined, string[]]>([
      [undefined, ids],
      [{ beginsWith: "b" }, ["b1", "b2", "b3"]],
      [{ beginsWith: "" }, ids],
      [{ from: "b2", to: "c" }, ["b2", "b3", "c"]],
      [{ after: "b2", before: "d" }, ["b3", "c"]],
      [{ from: "b3" }, ["b3", "c", "d"]],
      [{ after: "b3" }, ["c", "d"]],
      [{ to: "b1" }, ["a", "b1"]],
      [{ before: "b1" }, ["a"]],
      [{ from: "b1", to: "b1" }, ["b1"]],
      [{ after: "b1", before: "b1" }, []],
      [{ from: "d", to: "a" }, []],
      [{ from: "", to: "a" }, ["a"]],
      [{ after: "", before: "" }, []],
    ])("answers the range %j in order and, reversed, backwards", async (sort, expected) => {
      await load("q1", ids);
      const query = { partition: "space/q1", ...(sort === undefined ? {} : { sort }) };
      expect(idsOf((await page(query)).items)).toEqual(expected);
      expect(idsOf((await page({ ...query, reverse: true, consistent: true })).items)).toEqual(expected.toReversed());
      for (const reverse of [false, true]) {
        const paged = await pages({ ...query, reverse, limit: 2 });
        expect(paged.ids).toEqual(reverse ? expected.toReversed() : expected);
        expect(paged.count).toBe(Math.max(1, Math.ceil(expected.length / 2)));
      }
    });

    test("orders by UTF-8 bytes and finds prefixes in every script", async () => {
      const mixed = ["Z", "a", "é", "日本", "日本語", "\uffee", "😀", "😀x", "\u{10ffff}", "\u{10ffff}z"];
      await load("q2 ünï😀", mixed.toReversed());
      const partition = "space/q2 ünï😀";
      expect(idsOf((await page({ partition })).items)).toEqual(mixed);
      expect(idsOf((await page({ partition, sort: { beginsWith: "日本" } })).items)).toEqual(["日本", "日本語"]);
      const last = { partition, sort: { beginsWith: "\u{10ffff}" }, reverse: true };
      expect(idsOf((await page(last)).items)).toEqual(["\u{10ffff}z", "\u{10ffff}"]);
      expect(idsOf((await page({ partition, sort: { after: "\uffee" } })).items)).toEqual(mixed.slice(6));
      expect((await pages({ partition, limit: 3 })).ids).toEqual(mixed);
      expect(await opened().table.get(note, { space: "q2 ünï😀", id: "😀x" })).toMatchObject({ id: "😀x" });
    });

    test("the last page has no cursor, also when the items fill it exactly", async () => {
      await load("q3", ids);
      expect((await page({ partition: "space/q3", limit: 6 })).cursor).toBeUndefined();
      expect((await page({ partition: "space/q3", limit: 5 })).cursor).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(await page({ partition: "space/none" })).toEqual({ items: [] });
    });

    test("a page ends at 1 MB, and the pages together hold everything once", async () => {
      const many = Array.from({ length: 24 }, (_, n) => `i${String(n).padStart(2, "0")}`);
      await load("q4", many, "x".repeat(99_000));
      const first = await page({ partition: "space/q4" });
      expect(first.items).toHaveLength(10);
      expect(first.cursor).toBeDefined();
      expect(await pages({ partition: "space/q4" })).toEqual({ ids: many, count: 3 });
      expect(await pages({ partition: "space/q4", reverse: true })).toEqual({ ids: many.toReversed(), count: 3 });
      expect((await page({ partition: "space/q4", limit: 20 })).items).toHaveLength(10);
    });

    test("a limit is filled past items of other types and items that ended", async () => {
      const { table } = opened();
      const other = Array.from({ length: 60 }, (_, n) => put(mark, { space: "q5", id: `a${n}` }));
      await table.load([...other, ...["b", "c", "d"].map((id) => put(note, { space: "q5", id }))]);
      const first = await page({ partition: "space/q5", limit: 2 });
      expect(idsOf(first.items)).toEqual(["b", "c"]);
      const second = await page({ partition: "space/q5", limit: 2, cursor: first.cursor });
      expect(idsOf(second.items)).toEqual(["d"]);
      expect(second.cursor).toBeUndefined();
      expect((await table.query(mark, { partition: "space/q5" })).items).toHaveLength(60);
    });

    test("a limit below one is refused", async () => {
      for (const limit of [0, -1, 1.5, Number.NaN]) {
        await expect(page({ partition: "p", limit })).rejects.toThrow(InvalidItemError);
      }
    });
  });

  describe("cursors", () => {
    test("of another query, or altered, are refused", async () => {
      const { table } = opened();
      await load("k1", ["a", "b", "c", "d"]);
      await load("k2", ["a", "b", "c", "d"]);
      const query = { partition: "space/k1", limit: 2 };
      const cursor = (await page(query)).cursor ?? "";
      expect(idsOf((await page({ ...query, limit: 1, cursor })).items)).toEqual(["c"]);
      const parts: string[] = JSON.parse(Buffer.from(cursor, "base64url").toString());
      const forged = (...changed: unknown[]) => Buffer.from(JSON.stringify(changed)).toString("base64url");
      const foreign: Query[] = [
        { ...query, partition: "space/k2", cursor },
        { ...query, reverse: true, cursor },
        { ...query, sort: { from: "a" }, cursor },
        { ...query, cursor: `${cursor}!` },
        { ...query, cursor: cursor.slice(0, -3) },
        { ...query, cursor: "" },
        { ...query, cursor: "no cursor" },
        { ...query, cursor: forged("a", parts[1]) },
        { ...query, cursor: forged(1, 2) },
        { ...query, cursor: forged(...parts, "x") },
        { ...query, cursor: Buffer.from("{}").toString("base64url") },
      ];
      for (const wrong of foreign) await expect(page(wrong)).rejects.toThrow(CursorError);
      await expect(table.query(mark, { ...query, cursor })).rejects.toMatchObject({ code: "cursor.invalid" });
    });

    test("go on where the page ended, also when that item is gone meanwhile", async () => {
      await load("k3", ["a", "b", "c", "d"]);
      const first = await page({ partition: "space/k3", limit: 2 });
      await opened().table.commit([remove(note, { space: "k3", id: "b" }), put(note, { space: "k3", id: "b5" })]);
      const second = await page({ partition: "space/k3", limit: 9, cursor: first.cursor });
      expect(idsOf(second.items)).toEqual(["b5", "c", "d"]);
    });
  });

  describe("getMany", () => {
    test("answers any number of keys in their order, with undefined where nothing is, also for repeated keys", async () => {
      const ids = Array.from({ length: 230 }, (_, n) => `i${n}`);
      await load(
        "g1",
        ids.filter((_, n) => n % 2 === 0),
      );
      const keys = [...ids, "i4", "i5"].toReversed().map((id) => ({ space: "g1", id }));
      const found = await opened().table.getMany(note, keys, { consistent: true });
      expect(found.map((item) => item?.id)).toEqual(
        keys.map(({ id }) => (Number(id.slice(1)) % 2 === 0 ? id : undefined)),
      );
      expect(await opened().table.getMany(note, [])).toEqual([]);
    });

    test("an item of another type at the key is an error, not an item", async () => {
      const { table } = opened();
      await load("g2", ["a"]);
      await expect(table.get(mark, { space: "g2", id: "a" })).rejects.toThrow(/is a note/);
      expect(await table.get(lease, { name: "g2" })).toBeUndefined();
    });
  });
}
