import { describe, expect, it } from "vitest";
import { fromAttributes, toAttributes, toCondition, toKeyCondition, toUpdate } from "./dynamo-expressions.ts";
import type { Add } from "./plan.ts";
import type { KeyRange } from "./range.ts";
import type { Row } from "./row.ts";

const row = (more: Partial<Row> = {}): Row => ({
  pk: "p",
  sk: "s",
  type: "note",
  version: 7,
  expires: undefined,
  fields: { id: "a", type: "own" },
  ...more,
});

describe("a row as attributes", () => {
  it("has the store's own beside its fields, and is read back as it was", () => {
    const attributes = toAttributes(row());
    expect(attributes).toMatchObject({ pk: "p", sk: "s", type: "note", version: 7, id: "a" });
    expect(attributes).not.toHaveProperty("expires");
    expect(Object.keys(attributes)).toHaveLength(6);
    expect(fromAttributes(attributes)).toEqual(row());
    expect(toAttributes(row({ expires: 20 }))).toMatchObject({ expires: 20 });
    for (const expires of [0, 20]) expect(fromAttributes(toAttributes(row({ expires })))).toEqual(row({ expires }));
  });
});

describe("the condition of a write", () => {
  const live = "(attribute_not_exists(#expires) OR #expires > :now)";
  it.each([
    ["free", "attribute_not_exists(#pk) OR #expires <= :now", { "#pk": "pk", "#expires": "expires" }, { ":now": 9 }],
    ["present", `attribute_exists(#pk) AND ${live}`, { "#pk": "pk", "#expires": "expires" }, { ":now": 9 }],
    [
      { version: 7 },
      `#version = :version AND ${live}`,
      { "#version": "version", "#expires": "expires" },
      { ":version": 7, ":now": 9 },
    ],
  ] as const)("that needs %o takes what has ended for gone", (condition, text, names, values) => {
    expect(toCondition(condition, 9)).toEqual({ text, names, values });
  });

  it("that needs nothing is none", () => {
    expect(toCondition("any", 9)).toBeUndefined();
  });
});

it("adding to a field makes the item of what it has where there is none, and leaves what is there", () => {
  const fields = { id: "a", n: 2, none: undefined, type: "own" };
  const update = toUpdate({ row: row({ fields }), field: "n", by: 2 } as unknown as Add);
  const sets = [
    "#version = :version",
    "#type = if_not_exists(#type, :type)",
    "#0 = if_not_exists(#0, :0)",
    "#3 = if_not_exists(#3, :3)",
  ];
  expect(update.text).toBe(`SET ${sets.join(", ")} ADD #field :by`);
  expect(update.names).toMatchObject({ "#version": "version", "#type": "type", "#field": "n", "#0": "id" });
  expect(Object.keys(update.names)).toHaveLength(5);
  expect(update.names["#3"]).not.toBe("type");
  expect(update.values).toEqual({ ":version": 7, ":type": "note", ":by": 2, ":0": "a", ":3": "own" });
});

describe("the key condition of a read", () => {
  it.each<[KeyRange, string, object]>([
    [{ kind: "all" }, "", {}],
    [{ kind: "prefix", prefix: "x" }, " AND begins_with(#sk, :prefix)", { ":prefix": "x" }],
    [{ kind: "compare", operator: ">=", value: "x" }, " AND #sk >= :bound", { ":bound": "x" }],
    [{ kind: "between", from: "x", to: "y" }, " AND #sk BETWEEN :from AND :to", { ":from": "x", ":to": "y" }],
  ])("of %o names the partition and its range", (range, text, values) => {
    const request = { partition: "p", range, reverse: false, consistent: false, limit: undefined, after: undefined };
    expect(toKeyCondition(request)).toEqual({
      text: `#pk = :pk${text}`,
      names: range.kind === "all" ? { "#pk": "pk" } : { "#pk": "pk", "#sk": "sk" },
      values: { ":pk": "p", ...values },
    });
  });
});
