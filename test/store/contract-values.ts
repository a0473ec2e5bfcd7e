import { unorderedJson } from "@cadastre/contract/digest";
import { defineEntity } from "@cadastre/store/entity";
import { InvalidItemError } from "@cadastre/store/errors";
import { put } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { note, type Opened } from "./entities.ts";

/** An item that holds anything, to show what can be stored. */
const anything = defineEntity({
  type: "anything",
  about: "Values of any shape",
  schema: z.object({ id: z.string(), value: z.unknown() }),
  key: { partition: (i: { id: string }) => `anything/${i.id}`, sort: () => "anything" },
});

/** As JSON has them: each name is a member of its own, also `__proto__`, at two depths and in a list. */
function named(...names: string[]): unknown {
  const members = names.map((name) => `${JSON.stringify(name)}:"of ${name}"`).join();
  return JSON.parse(`{${members},"deep":{${members}},"list":[{${members}}]}`);
}

export function valueContract(opened: () => Opened): void {
  describe("values", () => {
    test.each<[string, unknown]>([
      ["text of every script and an empty one", ["", "naïve", "日本語", "😀", "\u0000", '"\\']],
      ["numbers", [0, 1, -1, 0.1, -12.75, 1e20, 123456789012345, Number.MAX_SAFE_INTEGER, 1e-7, 5e120]],
      ["booleans and null", [true, false, null]],
      ["empty list and empty object", { list: [], object: {} }],
      ["nested objects and lists", { a: [{ b: [[1, "x"], {}] }, null], c: { d: { e: "f" } } }],
      ["32 levels", JSON.parse("[".repeat(30) + "]".repeat(30))],
      ["names that every object knows", named("__proto__", "constructor", "toString", "hasOwnProperty", "_proto_")],
      ["names that look like how such names are kept", named("___proto__", "____proto__", "__proto___")],
      ["names that look like the store's own", { $bytes: "x", $: 1, $$a: 2, pk: "p", _pk: "q", version: 3 }],
    ])("%s come back as they were", async (name, value) => {
      const { table } = opened();
      for (const write of [
        () => table.commit([put(anything, { id: name, value })]),
        () => table.load([put(anything, { id: name, value })]),
      ]) {
        await write();
        const stored = (await table.get(anything, { id: name }))?.value;
        expect(stored).toEqual(value);
        // What is equal by members may still lack one that is called __proto__.
        expect(unorderedJson(stored)).toBe(unorderedJson(value));
      }
    });

    test("binary comes back as Uint8Array at every depth, beside a name that looks like its coding", async () => {
      const { table } = opened();
      const bytes = new Uint8Array(Array.from({ length: 256 }, (_, n) => n));
      const item = {
        space: "v1",
        id: "a",
        bytes,
        $bytes: "AAAA",
        parts: [
          { name: "empty", bytes: new Uint8Array() },
          { name: "part", bytes: bytes.subarray(3, 9) },
        ],
      };
      await table.commit([put(note, item)]);
      const stored = await table.get(note, { space: "v1", id: "a" });
      expect(stored).toEqual({ ...item, version: expect.any(Number) });
      expect(stored?.bytes?.constructor).toBe(Uint8Array);
    });

    test("fields named like the store's attributes are kept apart from them", async () => {
      const { table } = opened();
      const item = { space: "v2", id: "a", type: "mine", disk: "ssd" };
      await table.load([put(note, item)]);
      expect(await table.get(note, { space: "v2", id: "a" })).toEqual({ ...item, version: expect.any(Number) });
    });

    test("absent and undefined fields are the same", async () => {
      const { table } = opened();
      await table.load([put(anything, { id: "undefined", value: { a: undefined, b: 1 } })]);
      expect((await table.get(anything, { id: "undefined" }))?.value).toStrictEqual({ b: 1 });
    });

    test.each<[string, unknown, RegExp]>([
      ["a date", { at: [new Date(0)] }, /field value\.at\[0\] is a Date/],
      ["a map", new Map(), /field value is a Map/],
      ["a bigint", { n: 1n }, /field value\.n is bigint/],
      ["no number", [1, Number.NaN], /field value\[1\] is NaN/],
      ["an endless number", Number.POSITIVE_INFINITY, /field value is Infinity/],
      ["more than 32 levels", JSON.parse("[".repeat(33) + "]".repeat(33)), /nested deeper than 32/],
      ["undefined in a list", [undefined], /field value\[0\] is undefined/],
      ["a lone surrogate", { a: "x\udc00" }, /field value\.a has a lone surrogate/],
    ])("%s is refused with its place, because it would not come back as it was", async (_, value, message) => {
      const { table } = opened();
      const write = put(anything, { id: "wrong", value });
      await expect(table.commit([write])).rejects.toThrow(InvalidItemError);
      await expect(table.commit([write])).rejects.toThrow(message);
      await expect(table.load([write])).rejects.toThrow(message);
    });
  });
}
