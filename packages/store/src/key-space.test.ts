import { describe, expect, test } from "vitest";
import * as z from "zod";
import { defineEntity } from "./entity.ts";
import { inKeySpace } from "./key-space.ts";
import { openSqliteTable } from "./sqlite.ts";
import { check, create, increment, put, remove, replace } from "./table.ts";

const Note = defineEntity({
  type: "note",
  about: "for tests",
  schema: z.object({ book: z.string(), page: z.string(), text: z.string().default(""), count: z.int().default(0) }),
  key: {
    partition: (of: { book: string }) => `book#${of.book}`,
    sort: (of: { book: string; page: string }) => of.page,
  },
  fromKey: ({ pk, sk }) => ({ book: pk.slice("book#".length), page: sk }),
});
const Shared = defineEntity({
  type: "shared",
  about: "for tests",
  global: true,
  schema: z.object({ id: z.string(), text: z.string() }),
  key: { partition: (of: { id: string }) => `shared#${of.id}`, sort: () => "shared" },
});

const note = (page: string, text: string) => ({ book: "b", page, text, count: 0 });

function threeSpaces() {
  const whole = openSqliteTable({ path: ":memory:", now: () => new Date(0) });
  return { whole, one: inKeySpace(whole, "one/"), two: inKeySpace(whole, "two/") };
}

describe("a key space", () => {
  test("has what was written in it, by every way of writing and reading, and no other has it", async () => {
    const { whole, one, two } = threeSpaces();
    await one.commit([create(Note, note("1", "a")), put(Note, note("2", "b"))]);
    await one.load([put(Note, note("3", "c"))]);
    await one.commit([increment(Note, { book: "b", page: "3" }, "count", 2)]);
    const keys = ["1", "2", "3"].map((page) => ({ book: "b", page }));
    expect((await one.getMany(Note, keys)).map((found) => [found?.text, found?.count])).toEqual([
      ["a", 0],
      ["b", 0],
      ["c", 2],
    ]);
    expect((await one.query(Note, { partition: "book#b" })).items.map(({ book, page }) => book + page)).toEqual([
      "b1",
      "b2",
      "b3",
    ]);
    for (const other of [whole, two]) {
      expect(await other.getMany(Note, keys)).toEqual([undefined, undefined, undefined]);
      expect((await other.query(Note, { partition: "book#b" })).items).toEqual([]);
    }
  });

  test("refuses and removes by its own items alone", async () => {
    const { one, two } = threeSpaces();
    await one.commit([create(Note, note("1", "a"))]);
    await two.commit([create(Note, note("1", "other")), check(Note, { book: "b", page: "2" }, "absent")]);
    const [mine, theirs] = [
      await one.get(Note, { book: "b", page: "1" }),
      await two.get(Note, { book: "b", page: "1" }),
    ];
    await expect(two.commit([replace(Note, note("1", "x"), mine?.version ?? 0)])).rejects.toThrow();
    await two.commit([remove(Note, { book: "b", page: "1" }, theirs?.version)]);
    expect(await one.get(Note, { book: "b", page: "1" })).toMatchObject({ text: "a" });
  });

  test("shares what is global, in one commit with its own", async () => {
    const { whole, one, two } = threeSpaces();
    await one.commit([create(Note, note("1", "a")), create(Shared, { id: "s", text: "all" })]);
    for (const any of [whole, one, two]) {
      expect(await any.get(Shared, { id: "s" })).toMatchObject({ text: "all" });
      expect((await any.query(Shared, { partition: "shared#s" })).items).toHaveLength(1);
    }
    await expect(
      two.commit([create(Note, note("9", "b")), create(Shared, { id: "s", text: "mine" })]),
    ).rejects.toThrow();
    expect(await two.get(Note, { book: "b", page: "9" })).toBeUndefined();
  });

  test("of a key space is one of the whole, the empty one the whole itself, and one prefix is one table", async () => {
    const { whole, one, two } = threeSpaces();
    expect(inKeySpace(one, "two/")).toBe(two);
    expect(inKeySpace(two, "")).toBe(whole);
    expect(inKeySpace(whole, "")).toBe(whole);
    expect(one.meter).toBe(whole.meter);
  });

  test("gives cursors that are of no other", async () => {
    const { one, two } = threeSpaces();
    for (const space of [one, two]) await space.load(["1", "2", "3"].map((page) => put(Note, note(page, page))));
    const { cursor } = await one.query(Note, { partition: "book#b", limit: 1 });
    expect((await one.query(Note, { partition: "book#b", limit: 1, cursor })).items[0]?.page).toBe("2");
    await expect(two.query(Note, { partition: "book#b", limit: 1, cursor })).rejects.toThrow();
  });
});
