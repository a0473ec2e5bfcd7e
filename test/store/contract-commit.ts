import { ConflictError } from "@cadastre/store/errors";
import { check, create, increment, put, type Refusal, remove, replace, type Write } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import { counter, note, type Opened } from "./entities.ts";

/** The refusals of a commit, none when it was done. */
async function refusalsOf(commit: Promise<void>): Promise<readonly Refusal[]> {
  try {
    await commit;
    return [];
  } catch (error) {
    if (error instanceof ConflictError) return error.refusals;
    throw error;
  }
}

export function commitContract(opened: () => Opened): void {
  const commit = (writes: Write[]) => opened().table.commit(writes);
  const read = async (space: string, id: string) => opened().table.get(note, { space, id }, { consistent: true });
  const versionOf = async (space: string, id: string) => (await read(space, id))?.version ?? 0;

  describe("commit", () => {
    test("a created item is read back with its fields and a version", async () => {
      await commit([create(note, { space: "c1", id: "a", text: "hello" })]);
      expect(await read("c1", "a")).toEqual({ space: "c1", id: "a", text: "hello", version: expect.any(Number) });
    });

    test("an empty commit does nothing", async () => {
      expect(await refusalsOf(commit([]))).toEqual([]);
    });

    test("all writes of a commit are done together", async () => {
      await commit([put(note, { space: "c2", id: "old" }), put(note, { space: "c2", id: "gone" })]);
      const version = await versionOf("c2", "old");
      await commit([
        create(note, { space: "c2", id: "new" }),
        replace(note, { space: "c2", id: "old", text: "two" }, version),
        remove(note, { space: "c2", id: "gone" }),
      ]);
      const { items } = await opened().table.query(note, { partition: "space/c2", consistent: true });
      expect(items.map(({ id, text }) => [id, text])).toEqual([
        ["new", undefined],
        ["old", "two"],
      ]);
    });

    test("one refused write refuses all, and nothing of the commit is written", async () => {
      await commit([put(note, { space: "c3", id: "taken" })]);
      const refused = commit([
        create(note, { space: "c3", id: "new" }),
        create(note, { space: "c3", id: "taken" }),
        increment(counter, { name: "c3" }, "count", 1),
      ]);
      expect(await refusalsOf(refused)).toEqual([{ index: 1, reason: "exists" }]);
      expect(await read("c3", "new")).toBeUndefined();
      expect(await opened().table.get(counter, { name: "c3" }, { consistent: true })).toBeUndefined();
    });

    test("every failed condition is named with its place and reason", async () => {
      await commit([put(note, { space: "c4", id: "here" }), put(note, { space: "c4", id: "moved" })]);
      const refused = commit([
        create(note, { space: "c4", id: "here" }),
        put(note, { space: "c4", id: "fine" }),
        replace(note, { space: "c4", id: "none" }, 1),
        replace(note, { space: "c4", id: "moved" }, 1),
        check(note, { space: "c4", id: "nothing" }, "present"),
      ]);
      expect(await refusalsOf(refused)).toEqual([
        { index: 0, reason: "exists" },
        { index: 2, reason: "missing" },
        { index: 3, reason: "version" },
        { index: 4, reason: "check" },
      ]);
    });

    test.each<[string, (id: string, version: number) => Write, Refusal["reason"][]]>([
      ["create where something is", (id) => create(note, { space: "c5", id }), ["exists"]],
      ["replace at the version", (id, v) => replace(note, { space: "c5", id }, v), []],
      ["replace at another version", (id, v) => replace(note, { space: "c5", id }, v + 2), ["version"]],
      ["replace where nothing is", (id, v) => replace(note, { space: "none", id }, v), ["missing"]],
      ["remove at another version", (id, v) => remove(note, { space: "c5", id }, v + 2), ["version"]],
      ["remove at a version where nothing is", (id, v) => remove(note, { space: "none", id }, v), ["missing"]],
      ["remove of whatever is there", (id) => remove(note, { space: "c5", id }), []],
      ["remove where nothing is", (id) => remove(note, { space: "none", id }), []],
      ["check of presence", (id) => check(note, { space: "c5", id }, "present"), []],
      ["check of presence where nothing is", (id) => check(note, { space: "none", id }, "present"), ["check"]],
      ["check of absence", (id) => check(note, { space: "none", id }, "absent"), []],
      ["check of absence where something is", (id) => check(note, { space: "c5", id }, "absent"), ["check"]],
      ["check at the version", (id, v) => check(note, { space: "c5", id }, v), []],
      ["check at another version", (id, v) => check(note, { space: "c5", id }, v + 2), ["check"]],
      ["put over whatever is there", (id) => put(note, { space: "c5", id }), []],
      ["increment where something is", (id) => increment(note, { space: "c5", id }, "count", 1), []],
      ["increment where nothing is", (id) => increment(counter, { name: `c5 ${id}` }, "count", 1), []],
    ])("%s answers its reason, alone and in a transaction", async (name, write, reasons) => {
      for (const others of [[], [put(note, { space: "c5", id: `${name} other` })]]) {
        const id = `${name} ${others.length}`;
        await commit([put(note, { space: "c5", id })]);
        const refused = await refusalsOf(commit([write(id, await versionOf("c5", id)), ...others]));
        expect(refused.map((r) => r.reason)).toEqual(reasons);
      }
    });

    test("a check writes nothing", async () => {
      await commit([put(note, { space: "c6", id: "a" })]);
      const before = await read("c6", "a");
      await commit([check(note, { space: "c6", id: "a" }, "present")]);
      expect(await read("c6", "a")).toEqual(before);
    });

    test("every write changes the version, also one that changes nothing else", async () => {
      await commit([put(note, { space: "c7", id: "a" })]);
      const first = await versionOf("c7", "a");
      await commit([replace(note, { space: "c7", id: "a" }, first)]);
      const second = await versionOf("c7", "a");
      expect(second).not.toBe(first);
      expect(await refusalsOf(commit([replace(note, { space: "c7", id: "a" }, first)]))).toEqual([
        { index: 0, reason: "version" },
      ]);
    });

    test("an item that was removed and made anew does not take writes meant for the first", async () => {
      await commit([create(note, { space: "c8", id: "a" })]);
      const first = await versionOf("c8", "a");
      await commit([remove(note, { space: "c8", id: "a" }, first)]);
      await commit([create(note, { space: "c8", id: "a" })]);
      expect(await refusalsOf(commit([remove(note, { space: "c8", id: "a" }, first)]))).toEqual([
        { index: 0, reason: "version" },
      ]);
    });

    test("of concurrent commits on one version exactly one wins", async () => {
      await commit([put(note, { space: "c9", id: "a" })]);
      const version = await versionOf("c9", "a");
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          refusalsOf(
            commit([
              replace(note, { space: "c9", id: "a", count: n }, version),
              create(note, { space: "c9", id: `won-${n}` }),
            ]),
          ),
        ),
      );
      expect(results.filter((r) => r.length === 0)).toHaveLength(1);
      const winner = results.findIndex((r) => r.length === 0);
      expect((await read("c9", "a"))?.count).toBe(winner);
      const { items } = await opened().table.query(note, { partition: "space/c9", sort: { beginsWith: "won-" } });
      expect(items.map(({ id }) => id)).toEqual([`won-${winner}`]);
    });

    test("of concurrent creations of one key exactly one wins", async () => {
      const item = { space: "c10", id: "a" };
      const results = await Promise.all(Array.from({ length: 10 }, () => refusalsOf(commit([create(note, item)]))));
      expect(results.filter((r) => r.length === 0)).toHaveLength(1);
    });

    test("an item that does not fit its schema is refused with the field, and nothing is written", async () => {
      const wrong = { space: "c14", id: "b", count: "many" } as unknown as { space: string; id: string };
      const refused = commit([put(note, { space: "c14", id: "a" }), put(note, wrong)]);
      await expect(refused).rejects.toThrow(/invalid note: count: .*number/);
      expect(await read("c14", "a")).toBeUndefined();
    });

    test("an item may be written as it was read: its version is not stored as a field", async () => {
      await commit([put(note, { space: "c15", id: "a" })]);
      const first = await opened().table.get(note, { space: "c15", id: "a" });
      if (first === undefined) throw new Error("item missing");
      await commit([replace(note, { ...first, text: "x" }, first.version)]);
      expect(await read("c15", "a")).toEqual({ space: "c15", id: "a", text: "x", version: expect.any(Number) });
    });
  });

  describe("load", () => {
    test("any number of items is loaded, and the last write of a key wins", async () => {
      const items = Array.from({ length: 260 }, (_, n) => ({ space: "l1", id: `i${n % 130}`, count: n }));
      await opened().table.load(items.map((item) => put(note, item)));
      const { items: stored } = await opened().table.query(note, { partition: "space/l1", consistent: true });
      expect(stored).toHaveLength(130);
      expect(stored.every(({ count = 0 }) => count >= 130)).toBe(true);
    });

    test("loading the same again changes nothing, not even the version", async () => {
      const item = { space: "l2", id: "a", text: "x", bytes: new Uint8Array([1, 2]) };
      await opened().table.load([put(note, item)]);
      const before = await read("l2", "a");
      await opened().table.load([put(note, item)]);
      expect(await read("l2", "a")).toEqual(before);
      await opened().table.load([put(note, { ...item, text: "y" })]);
      expect(await versionOf("l2", "a")).not.toBe(before?.version);
    });

    test("removals are loaded too, also where nothing is", async () => {
      await opened().table.load([put(note, { space: "l3", id: "a" }), put(note, { space: "l3", id: "b" })]);
      await opened().table.load([
        { op: "remove", entity: note, key: { space: "l3", id: "a" } },
        { op: "remove", entity: note, key: { space: "l3", id: "none" } },
      ]);
      const { items } = await opened().table.query(note, { partition: "space/l3", consistent: true });
      expect(items.map(({ id }) => id)).toEqual(["b"]);
    });

    test("an item that does not fit its schema is refused with the field", async () => {
      const wrong = { space: "l4" } as unknown as { space: string; id: string };
      await expect(opened().table.load([put(note, wrong)])).rejects.toThrow(/invalid note: id/);
    });
  });
}
