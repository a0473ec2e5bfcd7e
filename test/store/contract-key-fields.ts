import { InvalidItemError } from "@cadastre/store/errors";
import { create, put, replace } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import { host, type Opened } from "./entities.ts";

/** Fields that an entity makes of its key: what it stores, and what reads like any other item. */
export function keyFieldContract(opened: () => Opened): void {
  describe("fields that the key says", () => {
    test("come back with the item in every kind of read, also after it was loaded or replaced", async () => {
      const { table } = opened();
      const item = { zone: "h1", id: "日本#a", load: 2 };
      await table.commit([create(host, item)]);
      const stored = await table.get(host, item);
      expect(stored).toEqual({ ...item, version: expect.any(Number) });
      expect(await table.getMany(host, [item])).toEqual([stored]);
      expect((await table.query(host, { partition: "zone/h1" })).items).toEqual([stored]);
      await table.commit([replace(host, { ...item, load: 3 }, stored?.version ?? 0)]);
      expect(await table.get(host, item, { consistent: true })).toMatchObject({ ...item, load: 3 });
      await table.load([put(host, { ...item, load: 4 })]);
      expect(await table.get(host, item, { consistent: true })).toMatchObject({ ...item, load: 4 });
    });

    test("are refused where the item says something else, with both", async () => {
      const { table } = opened();
      // A key that cuts its zone would lose what it cut.
      const wrong = { ...host, fromKey: () => ({ zone: "h2", id: "a" }) };
      for (const refused of [
        table.commit([put(wrong, { zone: "h2", id: "b" })]),
        table.load([put(wrong, { zone: "h2", id: "b" })]),
      ]) {
        await expect(refused).rejects.toThrow(InvalidItemError);
        await expect(refused).rejects.toThrow('field id is "b", allowed: "a", as its key says');
      }
      expect((await table.query(host, { partition: "zone/h2" })).items).toEqual([]);
    });
  });
}
