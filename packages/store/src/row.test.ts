import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { type AnyEntity, defineEntity } from "./entity.ts";
import { InvalidItemError, ItemTooLargeError } from "./errors.ts";
import { fromRow, isExpired, parseItem, toRow } from "./row.ts";

const lent = defineEntity({
  type: "lent",
  about: "Something with an end",
  schema: z.object({
    id: z.string(),
    until: z.union([z.number(), z.string()]).nullish(),
    note: z.string().default("none"),
  }),
  key: { partition: (of: { id: string }) => `lent/${of.id}`, sort: () => "lent" },
  expires: "until",
});
const endOf = (until: number | string | null | undefined) => toRow(lent, { id: "a", until }).expires;

describe("when an item ends", () => {
  it("is a whole second, never later than its field says, and never where it says nothing", () => {
    expect(endOf(100)).toBe(100);
    expect(endOf(100.9)).toBe(100);
    expect(endOf("1970-01-01T00:01:40.999Z")).toBe(100);
    expect([endOf(undefined), endOf(null)]).toEqual([undefined, undefined]);
    expect(() => endOf("soon")).toThrow(/field until is no time, allowed: epoch seconds or an ISO time/);
    expect(() => endOf(Number.POSITIVE_INFINITY)).toThrow(InvalidItemError);
  });

  it("is the very beginning of that second", () => {
    const at = (ms: number, expires: number | undefined) => isExpired({ expires }, new Date(ms));
    expect([at(99_999, 100), at(100_000, 100), at(100_001, 100), at(1e15, undefined)]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

describe("an item", () => {
  it("that was read can be written as it is: the version that the read added is not its own", () => {
    expect(parseItem(lent, { id: "a", version: 7 })).toEqual({ id: "a", note: "none" });
    const plain = { id: "a", note: "x" };
    expect(parseItem(lent, plain)).toEqual(plain);
  });

  it("that is not of its schema is refused with each place", () => {
    expect(() => parseItem(lent, { id: 1, note: 2 })).toThrow(/id: .*note: /s);
    expect(() => parseItem(lent, [] as never)).toThrow(/item: /);
    const schema = z.object({ id: z.string(), deep: z.object({ list: z.array(z.int()) }) });
    const nested = { ...lent, schema } as AnyEntity;
    expect(() => parseItem(nested, { id: "a", deep: { list: [1, "x"] } })).toThrow(/deep\.list\.1: /);
  });

  it("cannot have a version of its own", () => {
    const own = defineEntity({
      type: "own",
      about: "With a version",
      schema: z.object({ id: z.string(), version: z.int() }),
      key: { partition: (of: { id: string }) => of.id, sort: () => "x" },
    });
    expect(() => toRow(own, { id: "a", version: 1 })).toThrow(/field version belongs to the store/);
  });

  it("of the same content has the same version when it is loaded, of another content another", () => {
    const version = (note: string) => toRow(lent, { id: "a", note }).version;
    expect(version("x")).toBe(version("x"));
    expect(version("x")).not.toBe(version("y"));
    expect(toRow(lent, { id: "a" }, 5).version).toBe(5);
  });

  it("that is too large is refused with its size", () => {
    const size = (length: number) => toRow(lent, { id: "a", note: "x".repeat(length) }).size;
    const most = 409_600 - size(0);
    expect(size(most)).toBe(409_600);
    expect(() => size(most + 1)).toThrow(ItemTooLargeError);
    expect(() => size(most + 1)).toThrow(
      expect.objectContaining({ type: "lent", key: { pk: "lent/a", sk: "lent" }, size: 409_601, limit: 409_600 }),
    );
  });

  it("is read back through its schema, so that what is new in it has its default", () => {
    const row = toRow(lent, { id: "a" }, 5);
    expect(fromRow(lent, row)).toEqual({ id: "a", note: "none", version: 5 });
  });

  it("that stands where another type is expected is not taken for it", () => {
    const row = { ...toRow(lent, { id: "a" }), type: "other" };
    expect(() => fromRow(lent, row)).toThrow('the item at ["lent/a","lent"] is a other');
  });
});

describe("fields that the key says", () => {
  const entry: AnyEntity = defineEntity({
    type: "entry",
    about: "All in its key, but one field",
    schema: z.object({ p: z.string(), s: z.string(), more: z.string() }),
    key: {
      partition: (of: { p: string; s: string }) => of.p.toLowerCase(),
      sort: (of: { p: string; s: string }) => of.s,
    },
    fromKey: ({ pk, sk }) => ({ p: pk, s: sk }),
  }) as never;

  it("are not stored again, and are there when it is read", () => {
    const row = toRow(entry, { p: "a", s: "b", more: "c" }, 1);
    expect(row.fields).toEqual({ more: "c" });
    expect(fromRow(entry, row)).toEqual({ p: "a", s: "b", more: "c", version: 1 });
  });

  it("cannot say something else than the key", () => {
    expect(() => toRow(entry, { p: "A", s: "b", more: "c" })).toThrow('field p is "A", allowed: "a", as its key says');
  });
});

describe("an item whose fields may be packed", () => {
  const much = (more: object = {}): AnyEntity =>
    defineEntity({
      type: "much",
      about: "Much text",
      schema: z.object({ id: z.string(), text: z.string(), ...more }),
      key: { partition: (of: { id: string }) => of.id, sort: () => "much" },
      packed: true,
    }) as never;
  /** Text of which nothing can be saved. */
  const noise = (length: number) => hash("shake256", "noise", { outputEncoding: "base64url", outputLength: length });

  it("is packed where that saves a write unit, and read back the same; else it is kept as it is", () => {
    const packed = toRow(much(), { id: "a", text: "x".repeat(2000) }, 1);
    expect(Object.keys(packed.fields)).toEqual(["packed"]);
    expect(packed.size).toBeLessThan(1025);
    expect(fromRow(much(), packed)).toEqual({ id: "a", text: "x".repeat(2000), version: 1 });
    for (const text of ["x".repeat(500), noise(2000)]) {
      const plain = toRow(much(), { id: "a", text }, 1);
      expect(plain.fields).toEqual({ id: "a", text });
      expect(plain.size).toBeGreaterThan(text.length);
    }
    const never = toRow({ ...much(), packed: false }, { id: "a", text: "x".repeat(2000) }, 1);
    expect(Object.keys(never.fields)).toEqual(["id", "text"]);
  });

  it("has no field of the name that the store takes for it; others may", () => {
    const own = much({ packed: z.string() });
    const item = { id: "a", text: "", packed: "" };
    expect(() => toRow(own, item)).toThrow("field packed belongs to the store where items are packed");
    expect(toRow({ ...own, packed: false }, item).fields).toEqual(item);
  });
});
