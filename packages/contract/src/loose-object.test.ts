import { describe, expect, test } from "vitest";
import * as z from "zod";
import { looseObject } from "./loose-object.ts";

const GIVEN = JSON.parse(
  '{"__proto__":{"polluted":true},"constructor":1,"toString":2,"more":{"__proto__":3}}',
) as object;

describe("a loose object", () => {
  const schema = looseObject({ name: z.string().default("none") });

  test("keeps every member that it does not know, whatever it is called", () => {
    for (const parsed of [schema.parse(GIVEN), schema.optional().parse(GIVEN), schema.meta({ id: "x" }).parse(GIVEN)]) {
      expect(JSON.parse(JSON.stringify(parsed))).toEqual(JSON.parse(JSON.stringify({ ...GIVEN, name: "none" })));
      expect(Object.keys(parsed ?? {})).toContain("__proto__");
      expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    }
    expect({}).not.toHaveProperty("polluted");
  });

  test("keeps them inside of others and in lists, and adds none", () => {
    const parsed = z.object({ all: z.array(schema) }).parse({ all: [GIVEN, {}] });
    expect(parsed.all.map((one) => Object.hasOwn(one, "__proto__"))).toEqual([true, false]);
  });

  test("holds its own members to their schemas, and refuses what is no object", () => {
    const odd = JSON.parse('{"name":5,"__proto__":1}') as object;
    expect(schema.safeParse(odd).error?.issues).toMatchObject([{ path: ["name"] }]);
    for (const value of [null, 5, "x", [], undefined]) expect(schema.safeParse(value).success).toBe(false);
  });
});
