import { newTag } from "@cadastre/contract/addresses/tag";
import { prefixKey } from "@cadastre/net/key";
import { contains, parsePrefix } from "@cadastre/net/prefix";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { brokenBy, namesAtStake, type TagUse } from "./broken.ts";
import { checkDefinition } from "./check-definition.ts";
import type { TagDefinition, TagDefinitions } from "./definitions.ts";
import { resolveTags, type Tagged } from "./resolve-tags.ts";

type Given = Partial<Pick<TagDefinition, "type" | "knownValues" | "implies">>;
const define = (name: string, of: Given) => newTag.parse({ name, type: "Inheritable", ...of });
const defined = (tags: Record<string, Given>): TagDefinitions =>
  new Map(Object.entries(tags).map(([name, of]) => [name, define(name, of)]));

describe("a definition", () => {
  const TAGS = defined({
    env: { knownValues: ["prod", "test"], implies: { tier: { prod: "gold" } } },
    tier: { knownValues: ["gold", "tin"], implies: { support: { gold: "24x7" } } },
    support: {},
  });
  const errors = (name: string, of: Given) => checkDefinition(TAGS, define(name, of));

  it("is fine where what it implies is there, and follows from nothing twice", () => {
    expect(errors("zone", { implies: { env: { a: "prod" }, tier: { a: "gold" }, support: { a: "24x7" } } })).toEqual(
      [],
    );
    expect(errors("tier", { knownValues: ["gold"], implies: {} })).toEqual([]);
  });

  it.each<readonly [string, Given, string, string]>([
    ["zone", { implies: { nothing: { a: "b" } } }, "implies.nothing", "no tag of this name"],
    ["zone", { implies: { tier: { a: "lead" } } }, "implies.tier", 'none of gold, tin: "lead"'],
    ["zone", { knownValues: ["b"], implies: { tier: { a: "tin" } } }, "implies.tier", '"a" is none of b'],
    ["tier", { knownValues: ["tin"] }, "knownValues", "env=prod implies tier=gold"],
    ["zone", { implies: { zone: { a: "a" } } }, "implies.zone", "in a circle: zone → zone"],
    ["support", { implies: { support: { a: "a" } } }, "implies.support", "support → support"],
    ["support", { implies: { env: { "24x7": "prod" } } }, "implies.env", "support → env → tier → support"],
    ["support", { implies: { tier: { never: "tin" } } }, "implies.tier", "support → tier → support"],
    ["zone", { implies: { env: { a: "prod" }, tier: { a: "tin" } } }, "implies", "implies tier"],
    ["zone", { implies: { constructor: { a: "b" } } }, "implies.constructor", "no tag of this name"],
  ])("%s of %j is refused at its place", (name, of, path, message) => {
    expect(errors(name, of)).toMatchObject([{ path, message: expect.stringContaining(message) }]);
  });

  it("that makes another's value mean two things of a third is refused, and says which", () => {
    const tags = defined({ a: { implies: { b: { x: "1" }, c: { x: "1" } } }, b: {}, c: {} });
    expect(checkDefinition(tags, define("b", { implies: { c: { 1: "2" } } }))).toEqual([
      { path: "implies", message: "b=1 implies c=2, but a=x implies c=1" },
    ]);
  });
});

const NAMES = ["a", "b", "c", "d"];
const VALUES = ["1", "2"];
const PREFIXES = ["10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "10.0.1.0/24", "10.1.0.0/16", "10.0.0.0/32"];
const value = fc.constantFrom(...VALUES);
const ownTags = fc.dictionary(fc.constantFrom(...NAMES), value, { noNullPrototype: true });
/** Only later names are implied, so that there is no circle. */
const aDefinition = (at: number) =>
  fc
    .record({
      type: fc.constantFrom("Inheritable" as const, "Inheritable" as const, "NonInheritable" as const),
      implies: fc.dictionary(
        fc.constantFrom(...NAMES.slice(at + 1), "none"),
        fc.dictionary(value, value, { noNullPrototype: true }),
        { maxKeys: 2, noNullPrototype: true },
      ),
    })
    .map(({ type, implies: { none: _, ...implies } }) => define(NAMES[at] as string, { type, implies }));
const definitions = fc
  .tuple(...NAMES.map((_, at) => aDefinition(at)))
  .map((all): TagDefinitions => new Map(all.map((one) => [one.name, one])));
const trees = fc.dictionary(fc.constantFrom(...PREFIXES), ownTags, { noNullPrototype: true });
type Tree = Readonly<Record<string, Readonly<Record<string, string>>>>;

const usesOf = (tree: Tree): TagUse[] =>
  Object.entries(tree).flatMap(([prefix, tags]) =>
    Object.entries(tags).map(([tag, own]) => ({ tag, value: own, at: prefixKey(parsePrefix(prefix)), ip: prefix })),
  );

/** What is wrong anywhere, looked for at each prefix and below each. */
function wrongIn(tags: TagDefinitions, tree: Tree): Set<string> {
  const nodes = Object.entries(tree).map(([prefix, own]): Tagged => ({ prefix, tags: own }));
  const found = nodes.flatMap(({ prefix }) => {
    const at = parsePrefix(prefix);
    const chain = nodes
      .filter((one) => contains(parsePrefix(one.prefix), at))
      .toSorted((one, other) => parsePrefix(other.prefix).length - parsePrefix(one.prefix).length);
    const below = [{ prefix: "", tags: {} }, ...chain];
    return [...resolveTags(tags, chain).errors, ...resolveTags(tags, below).errors];
  });
  return new Set(found.map(({ message }) => message));
}

describe("whatever the tags and prefixes are", () => {
  test("prefixes that are wrong are all found, and told once", () => {
    fc.assert(
      fc.property(definitions, trees, (tags, tree) => {
        const messages = brokenBy(tags, usesOf(tree)).map(({ message }) => message);
        expect(new Set(messages)).toEqual(wrongIn(tags, tree));
        expect(new Set(messages).size).toBe(messages.length);
      }),
      { numRuns: 500 },
    );
  });

  test("a change of one definition makes something wrong exactly where the tags at stake say so", () => {
    fc.assert(
      fc.property(definitions, trees, fc.integer({ min: 0, max: 3 }), definitions, (before, tree, at, others) => {
        fc.pre(wrongIn(before, tree).size === 0);
        const name = NAMES[at] as string;
        const after = new Map([...before, [name, others.get(name) as TagDefinition]]);
        const names = namesAtStake(before, after, [name]);
        const broken = brokenBy(
          after,
          usesOf(tree).filter(({ tag }) => names.has(tag)),
        );
        expect(broken.length > 0).toBe(wrongIn(after, tree).size > 0);
      }),
      { numRuns: 1000 },
    );
  });
});
