import { describe, expect, test } from "vitest";
import { membersLookedAt, rulesOfAction } from "./looked-at.ts";

const NAMES = ["time", "address", "strength", "age", "token"];
const when = (condition: string) => ({
  text: `permit (principal, action, resource) when { ${condition} };`,
  scope: {},
});
const lookedAt = (...conditions: string[]) => membersLookedAt(conditions.map(when), NAMES).toSorted();

describe("what rules look at of the situation", () => {
  test.each<[string, readonly string[]]>([
    ['resource has tier && resource.tier == "1"', []],
    ["context.strength > 1", ["strength"]],
    ["context has age && context.age < 300", ["age"]],
    ['context["token"]', ["token"]],
    ["context // ours\n.token", NAMES],
    ['context["\\u{74}oken"]', NAMES],
    ["context == {strength: 1}", NAMES],
    ["[context].contains(context)", NAMES],
    // Rather one too many.
    ['context.strength > 1 && resource has name && resource.name == "age"', ["age", "strength"]],
  ])("%s", (condition, names) => {
    expect(lookedAt(condition)).toEqual(names.toSorted());
  });

  test("is of several what each looks at", () => {
    expect(lookedAt("context.strength > 1", "context.token")).toEqual(["strength", "token"]);
    expect(lookedAt("context.strength > 1", "context == {}")).toEqual(NAMES.toSorted());
  });
});

test("rules of an action are those that name it, or none", () => {
  const [all, read] = [
    { text: "a", scope: {} },
    { text: "b", scope: { actions: ["accounts:read"] } },
  ];
  const rules = [all, read];
  expect(rulesOfAction(rules, "accounts:read")).toEqual(rules);
  expect(rulesOfAction(rules, "accounts:write")).toEqual([all]);
  expect(rulesOfAction([read], "accounts:write")).toEqual([]);
});
