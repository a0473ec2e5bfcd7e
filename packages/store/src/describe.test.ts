import { expect, test } from "vitest";
import * as z from "zod";
import { describeEntities } from "./describe.ts";
import { defineEntity } from "./entity.ts";

test("entities are described as a markdown table in the order of their types", () => {
  const key = { partition: (i: { id: string }) => i.id, sort: () => "item" };
  const schema = z.object({ id: z.string(), ends: z.number() });
  const b = defineEntity({ type: "b", about: "read by id |\n or name", schema, key, expires: "ends" });
  const a = defineEntity({ type: "a", about: "plain", schema, key, indexes: { byName: () => undefined } });
  expect(describeEntities([b, a]).split("\n")).toEqual([
    "| type | about | indexes | ends at |",
    "|---|---|---|---|",
    "| `a` | plain | `byName` | – |",
    "| `b` | read by id \\| or name | – | `ends` |",
    "",
  ]);
});

test("an index name that DynamoDB would not take is refused where the entity is defined", () => {
  const key = { partition: (i: { id: string }) => i.id, sort: () => "item" };
  const schema = z.object({ id: z.string() });
  expect(() => defineEntity({ type: "a", about: "", schema, key, indexes: { ip: () => undefined } })).toThrow(
    'entity a has index "ip"; allowed: 3 to 255',
  );
});
