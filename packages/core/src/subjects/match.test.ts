import { describe, expect, it } from "vitest";
import { type Filters, NO_FILTERS } from "./filters.ts";
import { nameMatches, ownerMatches, prefixesMatch, tagsMatch, wordsMatch } from "./match.ts";

const of = (more: Partial<Filters>): Filters => ({ ...NO_FILTERS, ...more });

describe("what is asked for of a subject", () => {
  it("of words: each begins one of its words, upper and lower case alike", () => {
    const words = ["web-12", "prod"];
    expect(wordsMatch(words, [])).toBe(true);
    expect(wordsMatch(words, ["WEB", "pro"])).toBe(true);
    expect(wordsMatch(words, ["web", "other"])).toBe(false);
    expect(wordsMatch(words, ["12"])).toBe(false);
  });

  it("of tags: each is there, with its value where one is given, and no tag is what every object has", () => {
    const tags = { env: "prod", team: "" };
    expect(tagsMatch(tags, of({}))).toBe(true);
    expect(tagsMatch(tags, of({ tags: [{ key: "env" }, { key: "team" }] }))).toBe(true);
    expect(tagsMatch(tags, of({ tags: [{ key: "env", value: "prod" }] }))).toBe(true);
    expect(tagsMatch(tags, of({ tags: [{ key: "env", value: "pro" }] }))).toBe(false);
    expect(tagsMatch(tags, of({ tags: [{ key: "env" }, { key: "other" }] }))).toBe(false);
    expect(tagsMatch(tags, of({ tags: [{ key: "constructor" }] }))).toBe(false);
  });

  it("of its name and its owner: anything where nothing is asked", () => {
    expect([nameMatches("web-1", of({})), nameMatches("web-1", of({ name: "WEB*" }))]).toEqual([true, true]);
    expect(nameMatches("web-1", of({ name: "web" }))).toBe(false);
    expect([ownerMatches("Team A", of({})), ownerMatches("Team A", of({ owner: "team a" }))]).toEqual([true, true]);
    expect([ownerMatches("Team A", of({ owner: "team" })), ownerMatches("", of({ owner: "team" }))]).toEqual([
      false,
      false,
    ]);
  });

  it.each<[Partial<Filters>, readonly string[], boolean]>([
    [{}, [], true],
    [{ ip: "10.1.2.5" }, [], false],
    [{ ip: "10.1.2.5" }, ["10.2.0.0/16", "10.1.0.0/16"], true],
    [{ ip: "10.1.2.5" }, ["10.1.2.5/32"], true],
    [{ ip: "10.1.2.5" }, ["10.1.2.4/32"], false],
    [{ cidr: "10.1.0.0/16" }, ["10.0.0.0/8"], false],
    [{ cidr: "10.1.0.0/16" }, ["10.1.2.0/24", "10.9.0.0/16"], true],
    [{ cidr: "10.1.2.5" }, ["10.1.2.5/32"], true],
    [{ cidr: "10.1.0.0/16" }, ["2001:db8::/32"], false],
    [{ ip: "10.1.2.5", cidr: "10.9.0.0/16" }, ["10.1.0.0/16", "10.9.1.0/24"], true],
    [{ ip: "10.1.2.5", cidr: "10.9.0.0/16" }, ["10.1.0.0/16"], false],
    [{ ip: "10.1.2.5", cidr: "10.9.0.0/16" }, ["10.9.1.0/24"], false],
  ])("of its addresses: %j of %j is %s", (filters, prefixes, expected) => {
    expect(prefixesMatch(prefixes, of(filters))).toBe(expected);
  });
});
