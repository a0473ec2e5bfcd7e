import { expect, test } from "vitest";
import { fieldName, fieldOfName, numberSize, valueSize } from "./size.ts";

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
