import { expect, test } from "vitest";
import { MalformedError } from "../values.ts";
import { readPage } from "./page.ts";

const expected = { answer: "compute#instanceAggregatedList", member: "instances" };
const anAnswer = (over: object = {}) => ({ kind: expected.answer, items: {}, ...over });

test("zones and regions are known by their region, with what they hold", () => {
  const page = readPage(
    anAnswer({
      items: {
        "zones/us-east1-b": { instances: [{ name: "a" }], warning: null },
        "zones/us-east1-c": { instances: [], warning: { code: "NO_RESULTS_ON_PAGE", message: "none" } },
        "regions/us-west1": {},
      },
      nextPageToken: "more",
    }),
    expected,
  );
  expect(page).toEqual({
    parts: [
      { region: "us-east1", items: [{ name: "a" }] },
      { region: "us-east1", items: [] },
      { region: "us-west1", items: [] },
    ],
    warnings: [],
    next: "more",
  });
});

test("what could not be reached is known by its zone or region, and of the whole list when it is neither", () => {
  const { warnings } = readPage(
    anAnswer({ unreachables: ["zones/us-east1-b", "projects/p/regions/us-west1", "somewhere"] }),
    expected,
  );
  expect(warnings.map(({ region, code }) => [region, code])).toEqual([
    ["us-east1", "unreachable"],
    ["us-west1", "unreachable"],
    [undefined, "unreachable"],
  ]);
});

test("a warning without a code that can be one is still a warning", () => {
  const { warnings } = readPage(anAnswer({ warning: { code: "7 UP!", message: "" } }), expected);
  expect(warnings).toEqual([{ region: undefined, code: "unexpected", message: "7 UP!" }]);
});

test.each([
  ["nothing", undefined],
  ["another server's JSON", { status: "ok" }],
  ["another list", { kind: "compute#networkList", items: [] }],
  ["a list where scopes should be", anAnswer({ items: [] })],
  ["a scope that is none", anAnswer({ items: { "planets/earth": {} } })],
])("an answer that is no such list does not pass for an empty one: %s", (_what, answer) => {
  expect(() => readPage(answer, expected)).toThrow(MalformedError);
});
