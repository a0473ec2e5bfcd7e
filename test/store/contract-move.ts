import { defineEntity } from "@cadastre/store/entity";
import { inKeySpace } from "@cadastre/store/key-space";
import { put, type Table } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { note, type Opened } from "./entities.ts";

const schema = z.object({ shelf: z.string(), id: z.string(), text: z.string().optional() });

const shelved = (type: string, place: string) =>
  defineEntity({
    type,
    about: "Papers of a shelf by id",
    schema,
    key: {
      partition: (of: { shelf: string; id: string }) => `${place}/${of.shelf}`,
      sort: (of: { shelf: string; id: string }) => of.id,
    },
    fromKey: ({ pk, sk }) => ({ shelf: pk.slice(place.length + 1), id: sk }),
    packed: true,
  });

const paper = shelved("paper", "in");
const filed = shelved("filed-paper", "filed");

export function moveContract(opened: () => Opened): void {
  async function there(table: Table, shelf: string) {
    const [incoming, done] = await Promise.all([
      table.query(paper, { partition: `in/${shelf}`, consistent: true }),
      table.query(filed, { partition: `filed/${shelf}`, consistent: true }),
    ]);
    const texts = (items: readonly z.output<typeof schema>[]) => items.map(({ id, text = "" }) => [id, text.length]);
    return { paper: texts(incoming.items), filed: texts(done.items) };
  }

  /** Papers as they are read, of so many characters each. */
  async function some(table: Table, shelf: string, sizes: readonly number[]) {
    const items = sizes.map((size, at) => ({ shelf, id: `p${String(at).padStart(3, "0")}`, text: "x".repeat(size) }));
    await table.load(items.map((item) => put(paper, item)));
    return (await table.query(paper, { partition: `in/${shelf}`, consistent: true })).items;
  }

  describe("a move", () => {
    test("takes items, also packed ones, from where they were to where they go, and leaves the others", async () => {
      const { table } = opened();
      const items = await some(table, "m1", [1, 20, 3000, 4]);
      await table.move(paper, filed, items.slice(0, 3));
      expect(await there(table, "m1")).toEqual({
        paper: [["p003", 4]],
        filed: [
          ["p000", 1],
          ["p001", 20],
          ["p002", 3000],
        ],
      });
      expect(await table.get(filed, { shelf: "m1", id: "p001" }, { consistent: true })).toMatchObject(
        items[1] ? { ...items[1], version: expect.any(Number) } : {},
      );
      // Of the last one that was there nothing is left that could be in the way of the next.
      await table.move(paper, filed, items.slice(3));
      await some(table, "m1", [7]);
      expect((await there(table, "m1")).paper).toEqual([["p000", 7]]);
    });

    test("that is done again, or was done in part, comes to the same, over whatever is there", async () => {
      const { table } = opened();
      const items = await some(table, "m2", [5, 6]);
      await table.load([put(filed, { shelf: "m2", id: "p000", text: "other" })]);
      const moved = {
        paper: [],
        filed: [
          ["p000", 5],
          ["p001", 6],
        ],
      };
      for (let again = 0; again < 2; again++) {
        await table.move(paper, filed, items);
        expect(await there(table, "m2")).toEqual(moved);
      }
    });

    test("writes what was read, also of an item that is gone or was changed since", async () => {
      const { table } = opened();
      const items = await some(table, "m3", [5, 6]);
      await table.load([
        { op: "remove", entity: paper, key: { shelf: "m3", id: "p000" } },
        put(paper, { shelf: "m3", id: "p001", text: "changed" }),
      ]);
      await table.move(paper, filed, items);
      expect(await there(table, "m3")).toEqual({
        paper: [],
        filed: [
          ["p000", 5],
          ["p001", 6],
        ],
      });
    });

    test("costs a write where each item goes and one where it was, in calls of 25", async () => {
      const { table } = opened();
      const items = await some(
        table,
        "m4",
        Array.from({ length: 30 }, () => 10),
      );
      const { units, calls } = await table.meter.measure(() => table.move(paper, filed, items));
      expect({ ...units, calls }).toEqual({ read: 0, write: 60, calls: 4 });
      // The name of its type and its key make this one longer than 1 KB where it goes, and there it is packed.
      const [edge] = await some(table, "m5", [1024 - 88]);
      const moved = await table.meter.measure(() => table.move(paper, filed, edge ? [edge] : []));
      expect(moved.units.write).toBe(2);
    });

    test("stays in its key space, and is refused between entities that are stored otherwise", async () => {
      const { table } = opened();
      const [one, other] = [inKeySpace(table, "aa/"), inKeySpace(table, "bb/")];
      const items = await some(one, "m6", [1]);
      await some(other, "m6", [2]);
      await one.move(paper, filed, items);
      expect(await there(one, "m6")).toEqual({ paper: [], filed: [["p000", 1]] });
      expect(await there(other, "m6")).toEqual({ paper: [["p000", 2]], filed: [] });
      await expect(table.move(paper, note, items)).rejects.toThrow(TypeError);
    });
  });
}
