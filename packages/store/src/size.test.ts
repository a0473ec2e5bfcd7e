import { expect, test } from "vitest";
import { fieldName, fieldOfName, numberSize, rowSize, valueSize } from "./size.ts";

const complain = (path: string, problem: string): never => {
  throw new Error(`${path} ${problem}`);
};

test.each([
  [0, 1],
  [7, 2],
  [10, 2],
  [1200, 2],
  [123, 3],
  [123456789012, 7],
  [-5, 3],
  [0.5, 2],
  [1.5, 2],
  [0.00123, 3],
  [100.25, 4],
  [1e21, 2],
  [1.5e-7, 2],
  [1, 2],
  [99, 2],
  [100, 2],
  [101, 3],
  [1001, 3],
  [-1200, 3],
  [-0.5, 3],
  [-1.5e-7, 3],
  [0.05, 2],
  [10.5, 3],
  [12.25, 3],
  [1.25e22, 3],
  [-1.25e22, 4],
  [Number.MAX_SAFE_INTEGER, 9],
  [2 ** 53, 9],
])("the number %d has %d bytes", (value, bytes) => {
  expect(numberSize(value)).toBe(bytes);
});

test("lists and maps cost 3 bytes and one for each element, besides names and values", () => {
  expect(valueSize([], "a", complain)).toBe(3);
  expect(valueSize(["ab", true, null], "a", complain)).toBe(3 + 3 + 2 + 1 + 1);
  expect(valueSize({ é: "日", b: new Uint8Array(5) }, "a", complain)).toBe(3 + 2 + 2 + 3 + 1 + 5);
});

test.each(["type", "pk", "sk", "version", "expires", "disk", "_x", "__x", "name", "$a"])(
  "the field %s keeps its name and never meets an attribute of the store",
  (field) => {
    const name = fieldName(field);
    expect(fieldOfName(name)).toBe(field);
    expect(name.startsWith("_") || !/^(pk|sk|type|version|expires)$/.test(name)).toBe(true);
  },
);

test.each<[string, unknown, string | undefined]>([
  ["the largest number", 9.99e125, undefined],
  ["more than that", 1e126, "a is 1e+126, allowed: numbers of magnitude 1e-130 to 9.99e+125, and 0"],
  ["the same below zero", -1e126, "a is -1e+126"],
  ["the smallest number", 1e-130, undefined],
  ["less than that", 9e-131, "a is 9e-131"],
  ["no number", Number.NaN, "a is NaN"],
  ["a class of one's own", new (class Own {})(), "a is a Own, allowed: plain objects, lists, Uint8Array"],
  ["an object of no prototype", Object.assign(Object.create(null), { b: 1 }), undefined],
  ["a function", [{ b: () => 1 }], "a[0].b is function, allowed: text, number"],
  ["a member of a name that is no text", { "\ud800": 1 }, "a has a lone surrogate, allowed: Unicode text"],
  ["a member of no value", { b: undefined }, undefined],
])("%s is stored, or refused with its place and what is allowed", (_, value, message) => {
  const size = () => valueSize(value, "a", complain);
  if (message === undefined) expect(size()).toBeGreaterThan(0);
  else expect(size).toThrow(message);
});

test("lists and objects are nested to 32 levels, and no further", () => {
  const lists = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels)) as unknown;
  const objects = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`) as unknown;
  for (const nested of [lists, objects]) {
    expect(valueSize(nested(32), "a", complain)).toBeGreaterThan(32);
    expect(() => valueSize(nested(33), "a", complain)).toThrow("is nested deeper than 32 levels, allowed: 32");
  }
});

test("a row is as large as all its names and values, also those of the store's own", () => {
  const row = { pk: "ab", sk: "é", type: "note", version: 100_000_000_001, expires: undefined, fields: {} };
  const own = 2 + 2 + 2 + 2 + 4 + 4 + 7 + 7;
  expect(rowSize(row, complain)).toBe(own);
  expect(rowSize({ ...row, expires: 1_700_000_001 }, complain)).toBe(own + 7 + 6);
  const fields = { text: "xy", type: "t", none: undefined };
  expect(rowSize({ ...row, fields }, complain)).toBe(own + 4 + 2 + 5 + 1);
});
