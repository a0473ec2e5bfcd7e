import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBody, digestOf, encodeBody, type Fields } from "./body.ts";

const name = fc.oneof(fc.constantFrom("$bytes", "$", "$$a", "__proto__", "a"), fc.string({ maxLength: 4 }));
const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
const document = (withBytes: boolean) =>
  fc.letrec<{ value: unknown; fields: Fields }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      ...(withBytes ? [fc.uint8Array({ maxLength: 5 })] : []),
      fc.array(tie("value"), { maxLength: 3 }),
      tie("fields"),
    ),
    fields: fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  })).fields;

describe("the fields of an item as text", () => {
  it("are read back as they were, with binary values and any names at any depth", () => {
    fc.assert(
      fc.property(document(true), (fields) => {
        expect(decodeBody(encodeBody(fields))).toEqual(fields);
      }),
      { numRuns: 1000 },
    );
  });

  it("are plain JSON as long as nothing in them is binary", () => {
    fc.assert(
      fc.property(document(false), (fields) => {
        expect(encodeBody(fields)).toBe(JSON.stringify(fields));
      }),
    );
  });

  it.each<[Fields, string]>([
    [{ a: new Uint8Array([1, 2, 255]) }, 'b{"a":{"$bytes":"AQL/"}}'],
    [{ a: [{ b: new Uint8Array() }], $c: 1 }, 'b{"a":[{"b":{"$bytes":""}}],"$$c":1}'],
    [{ a: [1, new Uint8Array([1])] }, 'b{"a":[1,{"$bytes":"AQ=="}]}'],
    [{ $bytes: "AQ==" }, '{"$bytes":"AQ=="}'],
  ])("are kept as they always were: %j", (fields, text) => {
    expect(encodeBody(fields)).toBe(text);
    expect(decodeBody(text)).toEqual(fields);
  });

  it("have of a part of a buffer that part", () => {
    const part = new Uint8Array([9, 1, 2, 9]).subarray(1, 3);
    expect(decodeBody(encodeBody({ part }))).toEqual({ part: new Uint8Array([1, 2]) });
  });
});

it("a digest is safe in a key and in a URL", () => {
  expect(digestOf("a")).toMatch(/^[\w-]{43}$/);
  expect(digestOf("a")).not.toBe(digestOf("b"));
});
