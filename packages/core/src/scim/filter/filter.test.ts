import { ProblemError } from "@cadastre/contract/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { USERS } from "../schemas.ts";
import type { AttributePath, Filter } from "./filter.ts";
import { FILTER_LIMITS, OPERATORS } from "./filter.ts";
import { toMatcher } from "./match.ts";
import { parseFilter, parsePatchPath } from "./parse.ts";
import { printFilter } from "./print.ts";

const word = fc.stringMatching(/^\$?[A-Za-z][A-Za-z0-9_-]{0,6}$/).filter((name) => !/^(not|and|or|pr)$/i.test(name));
const aPath: fc.Arbitrary<AttributePath> = fc
  .record({
    name: word,
    sub: fc.option(word, { nil: undefined }),
    schema: fc.option(fc.constantFrom("urn:a:b:2.0:User", "urn:x:y")),
  })
  .map(({ name, sub, schema }) => ({
    ...(schema === null ? {} : { schema }),
    name,
    ...(sub === undefined ? {} : { sub }),
  }));
const aLiteral = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
);
const simple = fc.oneof(
  fc.record({ kind: fc.constant("present" as const), path: aPath }),
  fc.record({
    kind: fc.constant("compare" as const),
    path: aPath,
    operator: fc.constantFrom(...OPERATORS),
    value: aLiteral,
  }),
);
const tree = (withBrackets: boolean, depth: number): fc.Arbitrary<Filter> => {
  if (depth === 0) return simple;
  const inner = tree(withBrackets, depth - 1);
  return fc.oneof(
    simple,
    fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      filters: fc.array(inner, { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant("not" as const), filter: inner }),
    ...(withBrackets
      ? [fc.record({ kind: fc.constant("some" as const), path: aPath, filter: tree(false, depth - 1) })]
      : []),
  );
};

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ProblemError) return error.code;
    throw error;
  }
  return "none";
}

describe("a filter", () => {
  test("that is printed is read as the same filter again", () => {
    fc.assert(
      fc.property(tree(true, 3), (filter) => {
        expect(parseFilter(printFilter(filter))).toEqual(filter);
      }),
    );
  });

  test("of any text is read or refused with its own code", () => {
    const piece = fc.constantFrom(
      "a",
      "eq",
      '"x"',
      "(",
      ")",
      "[",
      "]",
      "and",
      "or",
      "not",
      "pr",
      ".",
      "urn:",
      "1",
      "\\",
      '"',
      " ",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((all) => all.join(" ")),
        ),
        (text) => {
          expect(["none", "scim.invalid_filter"]).toContain(codeOf(() => toMatcher(parseFilter(text), USERS)));
          expect(["none", "scim.invalid_path"]).toContain(codeOf(() => parsePatchPath(text)));
        },
      ),
    );
  });

  test("binds not before and before or", () => {
    expect(printFilter(parseFilter('a pr or b pr and not (c pr) or d EQ "x"'))).toBe(
      'a pr or (b pr and not (c pr)) or d eq "x"',
    );
  });

  test("needs no space before a string", () => {
    expect(parseFilter('members[value eq"1"]')).toEqual(parseFilter('members[value eq "1"]'));
  });

  test("tells where it cannot be read", () => {
    expect(() => parseFilter("userName eq bob")).toThrow(/a value.*found "bob" at position 12/);
    expect(() => parseFilter('userName eq "bob')).toThrow(/the string at position 12 does not end/);
    expect(() => parseFilter("userName pr extra")).toThrow(/the end, found "extra" at position 12/);
    expect(() => parseFilter('emails[type eq "a" and x[y pr]]')).toThrow(/an operator/);
    expect(() => parseFilter("")).toThrow(/found the end/);
  });

  test.each([
    ["parentheses", "(".repeat(100_000)],
    ["nots", `${"not (".repeat(FILTER_LIMITS.levels + 1)}a pr${")".repeat(FILTER_LIMITS.levels + 1)}`],
    ["comparisons", Array.from({ length: FILTER_LIMITS.comparisons + 1 }, () => "a pr").join(" or ")],
    ["characters", `userName eq "${"x".repeat(FILTER_LIMITS.characters)}"`],
  ])("with too many %s is refused", (_, text) => {
    expect(codeOf(() => parseFilter(text))).toBe("scim.invalid_filter");
  });

  test("up to its bounds is read", () => {
    const levels = FILTER_LIMITS.levels;
    expect(codeOf(() => parseFilter(`${"(".repeat(levels)}a pr${")".repeat(levels)}`))).toBe("none");
    const comparisons = Array.from({ length: FILTER_LIMITS.comparisons }, () => "a pr").join(" or ");
    expect(codeOf(() => parseFilter(comparisons))).toBe("none");
  });
});

describe("the path of a PATCH", () => {
  test.each([
    ["userName", { path: { name: "userName" } }],
    ["name.givenName", { path: { name: "name", sub: "givenName" } }],
    ["urn:a:2.0:User:manager.value", { path: { schema: "urn:a:2.0:User", name: "manager", sub: "value" } }],
  ])("%s is an attribute", (text, expected) => {
    expect(parsePatchPath(text)).toEqual(expected);
  });

  test("has a filter and a part", () => {
    expect(parsePatchPath('emails[type eq "work"].value')).toEqual({
      path: { name: "emails" },
      filter: parseFilter('type eq "work"'),
      sub: "value",
    });
  });

  test.each([
    "",
    "emails[",
    "emails[type pr].",
    "emails[type pr].a.b",
    "emails[type pr] .value",
    "a.b[c pr]",
    "emails[type pr]x",
    "1a",
    "a b",
  ])("is refused when it is %j", (text) => {
    expect(codeOf(() => parsePatchPath(text))).toBe("scim.invalid_path");
  });
});
