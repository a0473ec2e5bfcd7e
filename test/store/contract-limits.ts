import { ItemTooLargeError, LimitError } from "@cadastre/store/errors";
import { check, create, put } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import { note, type Opened } from "./entities.ts";

const ITEM_LIMIT = 409_600;

export function limitContract(opened: () => Opened): void {
  // Bytes of a note besides its text: pk 2+8, sk 2+1, type 4+4, version 7+7, space 5+2, id 2+1, text 4.
  const overhead = 10 + 3 + 8 + 14 + 7 + 3 + 4;
  const noteOf = (bytes: number) => ({ space: "m1", id: "a", text: "x".repeat(bytes - overhead) });

  describe("limits", () => {
    test("an item of 400 KB is stored, and one byte more is refused with its type, key, size and limit", async () => {
      const { table } = opened();
      await table.commit([put(note, noteOf(ITEM_LIMIT))]);
      expect((await table.get(note, { space: "m1", id: "a" }))?.text).toHaveLength(ITEM_LIMIT - overhead);
      const tooLarge = noteOf(ITEM_LIMIT + 1);
      for (const refused of [table.commit([put(note, tooLarge)]), table.load([put(note, tooLarge)])]) {
        await expect(refused).rejects.toThrow(ItemTooLargeError);
        await expect(refused).rejects.toMatchObject({
          type: "note",
          key: { pk: "space/m1", sk: "a" },
          size: ITEM_LIMIT + 1,
          limit: ITEM_LIMIT,
        });
      }
    });

    test("100 writes are one commit, and 101 are refused before anything is written", async () => {
      const { table } = opened();
      const writes = (count: number, space: string) =>
        Array.from({ length: count }, (_, n) => create(note, { space, id: `i${n}` }));
      await table.commit(writes(100, "m2"));
      await expect(table.commit(writes(101, "m3"))).rejects.toThrow(/101 writes.*at most 100/);
      const count = async (space: string) => (await table.query(note, { partition: `space/${space}` })).items.length;
      expect([await count("m2"), await count("m3")]).toEqual([100, 0]);
    });

    test("two writes on one key are refused with both places", async () => {
      const { table } = opened();
      const key = { space: "m5", id: "a" };
      const refused = table.commit([
        put(note, { space: "m5", id: "b" }),
        create(note, key),
        check(note, key, "absent"),
      ]);
      await expect(refused).rejects.toThrow(LimitError);
      await expect(refused).rejects.toThrow(/writes 1 and 2/);
      expect(await table.get(note, { space: "m5", id: "b" })).toBeUndefined();
    });

    test("a commit of more than 4 MB is refused", async () => {
      const { table } = opened();
      const writes = Array.from({ length: 11 }, (_, n) => put(note, { ...noteOf(400_000), space: "m6", id: `i${n}` }));
      await expect(table.commit(writes)).rejects.toThrow(/bytes of items.*at most 4194304 bytes/);
      expect((await table.query(note, { partition: "space/m6" })).items).toEqual([]);
    });

    test.each([
      ["an empty sort key", { space: "m7", id: "" }, /sort key is empty/],
      [
        "a sort key of 1,025 bytes",
        { space: "m7", id: `${"é".repeat(512)}x` },
        /sort key has 1025 bytes.*at most 1024/,
      ],
      ["a partition key of 2,049 bytes", { space: "x".repeat(2043), id: "a" }, /partition key has 2049.*at most 2048/],
      ["a lone surrogate", { space: "m7", id: "\ud800" }, /lone surrogate/],
    ])("%s is refused by reads and writes", async (_, key, message) => {
      const { table } = opened();
      await expect(table.commit([put(note, key)])).rejects.toThrow(message);
      await expect(table.load([put(note, key)])).rejects.toThrow(message);
      await expect(table.get(note, key)).rejects.toThrow(message);
      await expect(table.getMany(note, [key])).rejects.toThrow(LimitError);
    });

    test("keys of the longest length are stored", async () => {
      const { table } = opened();
      const key = { space: "x".repeat(2042), id: "é".repeat(512) };
      await table.commit([put(note, key)]);
      expect(await table.get(note, key)).toMatchObject(key);
      await expect(table.query(note, { partition: "" })).rejects.toThrow(LimitError);
    });
  });
}
