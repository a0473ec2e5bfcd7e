import { expect, test } from "vitest";
import * as z from "zod";
import { describeEntities } from "./describe.ts";
import { defineEntity } from "./entity.ts";

test("entities are described as a markdown table in the order of their types", () => {
  const key = { partition: (i: { id: string }) => i.id, sort: () => "item" };
  const schema = z.object({ id: z.string(), ends: z.number() });
  const b = defineEntity({ type: "b", about: "read by id |\n or name", schema, key, expires: "ends" });
  const a = defineEntity({ type: "a", about: "plain", schema, key });
  expect(describeEntities([b, a]).split("\n")).toEqual([
    "| type | about | ends at |",
    "|---|---|---|",
    "| `a` | plain | – |",
    "| `b` | read by id \\| or name | `ends` |",
    "",
  ]);
});
