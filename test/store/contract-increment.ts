import { defineEntity } from "@cadastre/store/entity";
import { ConflictError, InvalidItemError } from "@cadastre/store/errors";
import { check, create, increment, put, replace } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { counter, lease, note, type Opened } from "./entities.ts";

const key = { partition: (i: { name: string }) => `count/${i.name}`, sort: () => "count" };

/** A count that the key alone does not make: it needs an owner. */
const owned = defineEntity({
  type: "owned",
  about: "Counts with an owner",
  schema: z.object({ name: z.string(), owner: z.string(), count: z.int() }),
  key,
});

/** A count with a default beside it, in an item that does not store its name. */
const priced = defineEntity({
  type: "priced",
  about: "Counts with a price",
  schema: z.object({ name: z.string(), price: z.number().default(7), count: z.int() }),
  key,
  fromKey: ({ pk }) => ({ name: pk.slice("count/".length) }),
});

export function incrementContract(opened: () => Opened): void {
  const countOf = async (name: string) =>
    (await opened().table.get(counter, { name }, { consistent: true }))?.count ?? 0;

  describe("increment", () => {
    test("makes the item of its key and the count where nothing is, and of the schema's defaults", async () => {
      const { table } = opened();
      await table.commit([increment(counter, { name: "i1", slot: 3 }, "count", 5)]);
      const stored = await table.get(counter, { name: "i1", slot: 3 }, { consistent: true });
      expect(stored).toEqual({ name: "i1", slot: 3, count: 5, version: expect.any(Number) });
      await table.commit([increment(priced, { name: "i1" }, "count", 1)]);
      const { items } = await table.query(priced, { partition: "count/i1", consistent: true });
      expect(items).toEqual([{ name: "i1", price: 7, count: 1, version: expect.any(Number) }]);
    });

    test("starts from zero where the field is absent, leaves the other fields, and makes a new version", async () => {
      const { table } = opened();
      const get = () => table.get(note, { space: "i2", id: "a" }, { consistent: true });
      await table.commit([put(note, { space: "i2", id: "a", text: "kept" })]);
      const before = await get();
      await table.commit([increment(note, { space: "i2", id: "a" }, "count", -2)]);
      const after = await get();
      expect(after).toEqual({ space: "i2", id: "a", text: "kept", count: -2, version: expect.any(Number) });
      expect(after?.version).not.toBe(before?.version);
      const late = table.commit([replace(note, { space: "i2", id: "a" }, before?.version ?? 0)]);
      await expect(late).rejects.toEqual(new ConflictError([{ index: 0, reason: "version" }]));
      await table.commit([put(priced, { name: "i2", price: 9, count: 1 })]);
      await table.commit([increment(priced, { name: "i2" }, "count", 2)]);
      expect(await table.get(priced, { name: "i2" }, { consistent: true })).toMatchObject({ price: 9, count: 3 });
    });

    test("counts once each, of many at once, alone and beside other writes in transactions", async () => {
      const { table } = opened();
      const alone = Array.from({ length: 30 }, () => table.commit([increment(counter, { name: "i3" }, "count", 3)]));
      const beside = Array.from({ length: 60 }, (_, n) =>
        table.commit([
          create(note, { space: "i3", id: `n${n}` }),
          increment(counter, { name: "i3" }, "count", 1),
          increment(counter, { name: `i3-${n % 4}` }, "count", 1),
        ]),
      );
      await Promise.all([...alone, ...beside]);
      expect(await countOf("i3")).toBe(30 * 3 + 60);
      expect(await Promise.all([0, 1, 2, 3].map((n) => countOf(`i3-${n}`)))).toEqual([15, 15, 15, 15]);
      expect((await table.query(note, { partition: "space/i3", consistent: true })).items).toHaveLength(60);
    });

    test("counts as often as the commits that it is in are done, and not for those that are refused", async () => {
      const { table } = opened();
      // Ten ids, each created by four at once: one of them wins, and only it counts.
      const results = await Promise.allSettled(
        Array.from({ length: 40 }, (_, n) =>
          table.commit([
            increment(counter, { name: "i4" }, "count", 1),
            create(note, { space: "i4", id: `n${n % 10}` }),
          ]),
        ),
      );
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
      expect(await countOf("i4")).toBe(10);
      const refused = table.commit([
        increment(counter, { name: "i4-new" }, "count", 1),
        check(note, { space: "i4", id: "none" }, "present"),
      ]);
      await expect(refused).rejects.toEqual(new ConflictError([{ index: 1, reason: "check" }]));
      expect(await table.get(counter, { name: "i4-new" }, { consistent: true })).toBeUndefined();
    });

    test.each([
      ["of a key field", () => increment(counter, { name: "i5" }, "name" as "count", 1), /name is part of the key/],
      ["by a fraction", () => increment(counter, { name: "i5" }, "count", 0.5), /count is to grow by 0.5/],
      ["of a text", () => increment(counter, { name: "i5" }, "label", 1), /invalid counter: .*label: .*string/],
      [
        "of no field",
        () => increment(note, { space: "i5", id: "b" }, "hits" as "count", 1),
        /hits is not in the schema/,
      ],
      ["of an item that ends", () => increment(lease, { name: "i5" }, "ends", 1), /ends ends the item/],
      ["of an item that needs more", () => increment(owned, { name: "i5" }, "count", 1), /invalid owned: owner: /],
      ["without the whole key", () => increment(note, { id: "i5" } as never, "count", 1), /invalid note: space: /],
    ])("%s is refused before anything is written", async (_, write, message) => {
      const { table } = opened();
      const refused = table.commit([put(note, { space: "i5", id: "a" }), write()]);
      await expect(refused).rejects.toThrow(InvalidItemError);
      await expect(refused).rejects.toThrow(message);
      expect(await table.get(note, { space: "i5", id: "a" }, { consistent: true })).toBeUndefined();
    });
  });
}
