import { hash } from "node:crypto";
import { defineEntity, type Key } from "@cadastre/store/entity";
import { InvalidItemError, ItemTooLargeError } from "@cadastre/store/errors";
import { create, increment, put, replace } from "@cadastre/store/table";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { type Opened, report } from "./entities.ts";

/** The same items, with what a packing entity stores as it is stored. */
const stored = defineEntity({
  type: "report",
  about: "Reports as they are stored",
  schema: z.looseObject({ id: z.string() }),
  key: report.key,
  fromKey: report.fromKey as (key: Key) => { id: string },
});

const LONG = "what clouds say of a machine, again and again; ".repeat(60);

const storable = (member: unknown): unknown => {
  const isNumber = typeof member === "number" && member !== 0;
  return isNumber && !(Math.abs(member) < 1e100 && Math.abs(member) > 1e-100) ? 1 : member;
};

/** Items whose fields are packed where that saves a write unit; readers see no difference. */
export function packedContract(opened: () => Opened): void {
  describe("packed items", () => {
    const read = (id: string) => opened().table.get(report, { id }, { consistent: true });
    const readStored = (id: string) => opened().table.get(stored, { id }, { consistent: true });

    test("are one binary attribute, and come back in every kind of read and after every write", async () => {
      const { table } = opened();
      const item = {
        id: "p1",
        title: "t",
        content: { text: LONG, list: [1, null, { a: true }] },
        labels: {},
        count: 2,
      };
      await table.commit([create(report, item)]);
      const found = await read("p1");
      expect(found).toStrictEqual({ ...item, version: expect.any(Number) });
      expect(await table.getMany(report, [{ id: "p1" }])).toStrictEqual([found]);
      expect((await table.query(report, { partition: "report/p1" })).items).toStrictEqual([found]);
      expect(Object.keys((await readStored("p1")) ?? {}).sort()).toEqual(["id", "packed", "version"]);
      await table.commit([replace(report, { ...item, labels: { a: LONG } }, found?.version ?? 0)]);
      expect((await read("p1"))?.labels).toEqual({ a: LONG });
      await table.load([put(report, { id: "p1", title: "t", content: LONG, count: 0 })]);
      expect(await read("p1")).toStrictEqual({
        id: "p1",
        title: "t",
        content: LONG,
        count: 0,
        version: expect.any(Number),
      });
    });

    test("cost the units of what is stored, and are left as they are where packing saves none", async () => {
      const { table } = opened();
      const cost = async (content: string) => {
        await table.commit([put(report, { id: "p2", title: "t", content: "", count: 0 })]);
        const { units } = await table.meter.measure(() =>
          table.commit([put(report, { id: "p2", title: "t", content, count: 0 })]),
        );
        return { write: units.write, packed: "packed" in ((await readStored("p2")) ?? {}) };
      };
      expect(await cost(LONG)).toEqual({ write: 1, packed: true });
      expect(await cost("x".repeat(900))).toEqual({ write: 1, packed: false });
      // Of 1,900 random characters 1,450 bytes are left, which takes as many units.
      const random = Array.from({ length: 45 }, (_, n) => hash("sha256", String(n), "base64url")).join("");
      expect(await cost(random)).toEqual({ write: 2, packed: false });
    });

    test("hold any JSON, binary, and what looks like the store's own coding or like a prototype", async () => {
      const { table } = opened();
      const odd = JSON.parse('{"__proto__": {"x": 1}, "constructor": null, "$bytes": "AAAA", "$": 1}') as object;
      const values = [
        odd,
        [odd, { bytes: new Uint8Array([0, 255]) }],
        "\u0000😀日本",
        [[], {}, "", 0, -1.5e-7, null, false],
      ];
      for (const value of values) {
        const item = { id: "p3", title: "t", content: { value, LONG }, labels: { __proto__: null, LONG }, count: 0 };
        await table.commit([put(report, item)]);
        expect((await readStored("p3"))?.packed).toBeInstanceOf(Uint8Array);
        const found = await read("p3");
        expect(found?.content).toStrictEqual({ value, LONG });
        expect(JSON.stringify(found?.content)).toBe(JSON.stringify({ value, LONG }));
      }
      await fc.assert(
        fc.asyncProperty(fc.jsonValue({ maxDepth: 5, stringUnit: "binary" }), async (value) => {
          const json = JSON.parse(JSON.stringify(value, (_, member) => storable(member))) as unknown;
          await table.commit([put(report, { id: "p4", title: "t", content: [json, LONG], count: 0 })]);
          expect((await read("p4"))?.content).toStrictEqual([json, LONG]);
        }),
        { numRuns: 50 },
      );
    });

    test("are refused for what cannot be stored, as others are, though JSON would take it", async () => {
      const { table } = opened();
      const refused = async (content: unknown, message: RegExp) => {
        const write = put(report, { id: "p5", title: "t", content: [LONG, content], count: 0 });
        await expect(table.commit([write])).rejects.toThrow(InvalidItemError);
        await expect(table.load([write])).rejects.toThrow(message);
      };
      await refused("x\udc00", /content\[1\] has a lone surrogate/);
      await refused({ at: new Date(0) }, /content\[1\]\.at is a Date/);
      await refused(Number.NaN, /content\[1\] is NaN/);
      await refused(JSON.parse("[".repeat(40) + "]".repeat(40)), /nested deeper than 32/);
    });

    test("may be as large as others, however small they get", async () => {
      const { table } = opened();
      const item = (bytes: number) => ({ id: "p6", title: "t", content: "\u0001".repeat(bytes), count: 0 });
      await table.commit([put(report, item(400_000))]);
      expect((await read("p6"))?.content).toHaveLength(400_000);
      await expect(table.commit([put(report, item(410_000))])).rejects.toThrow(ItemTooLargeError);
    });

    test("that are damaged are an error that names them", async () => {
      const { table } = opened();
      const bomb = new Uint8Array([1, 2, 3, 4, 5]);
      for (const packed of [bomb, new Uint8Array(), "text", 7, null]) {
        await table.commit([put(stored, { id: "p7", packed })]);
        await expect(read("p7")).rejects.toThrow(InvalidItemError);
        await expect(read("p7")).rejects.toThrow("field packed is damaged");
      }
    });

    test("cannot be incremented, and have no field of the name that is the store's", async () => {
      const { table } = opened();
      const write = increment(report, { id: "p8" } as never, "count", 1);
      await expect(table.commit([write])).rejects.toThrow("count may be packed");
      const taken = defineEntity({
        type: "report",
        about: "A field with the name of the packed ones",
        schema: z.object({ id: z.string(), packed: z.string() }),
        key: { partition: (i: { id: string }) => `report/${i.id}`, sort: () => "report" },
        packed: true,
      });
      await expect(table.commit([put(taken, { id: "p8", packed: "x" })])).rejects.toThrow(
        "field packed belongs to the store",
      );
    });
  });
}
