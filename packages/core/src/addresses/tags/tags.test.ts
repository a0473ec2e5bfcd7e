import { newTag } from "@cadastre/contract/addresses/tag";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { checkTags } from "./check-tags.ts";
import type { TagDefinition, TagDefinitions } from "./definitions.ts";
import { resolveTags, type Tagged } from "./resolve-tags.ts";
import { tagUseWrites } from "./tag-use.ts";

type Given = Partial<Pick<TagDefinition, "type" | "knownValues" | "implies">>;
const defined = (tags: Record<string, Given>): TagDefinitions =>
  new Map(Object.entries(tags).map(([name, of]) => [name, newTag.parse({ name, type: "Inheritable", ...of })]));
const at = (prefix: string, tags: Record<string, string> = {}): Tagged => ({ prefix, tags });

const TAGS = defined({
  env: { knownValues: ["prod", "test"], implies: { tier: { prod: "gold" } } },
  tier: { implies: { support: { gold: "24x7" } } },
  support: {},
  note: { type: "NonInheritable" },
});

describe("tags of a prefix are checked", () => {
  const messages = (tags: Record<string, string>) => checkTags(TAGS, tags).map(({ path, message }) => [path, message]);

  it("and are fine where the space has them, with a value that is known, or any where none is", () => {
    expect(messages({ env: "prod", note: "whatever, = it is" })).toEqual([]);
  });

  it.each([
    [{ evn: "prod" }, "tags.evn", "did you mean env"],
    [{ nothing_like_it: "x" }, "tags.nothing_like_it", "env, tier, support, note"],
    [{ env: "staging" }, "tags.env", '"staging" is none of prod, test'],
    [{ note: "" }, "tags.note", "not empty"],
    [{ note: "a\u0000b" }, "tags.note", "control characters"],
    [{ note: "x".repeat(257) }, "tags.note", "256"],
    [{ "a=b": "x" }, "tags.a=b", "no ="],
    [{ "a,b": "x" }, "tags.a,b", "no comma"],
    [{ constructor: "x" }, "tags.constructor", "no tag of this name"],
    [JSON.parse('{"__proto__":"x"}'), "tags.__proto__", "no tag of this name"],
  ])("%j is refused at its place", (tags, path, message) => {
    expect(messages(tags)).toEqual([[path, expect.stringContaining(message)]]);
  });

  it("where there are none, it says so", () => {
    expect(checkTags(new Map(), { env: "prod" })[0]?.message).toContain("define this one first");
  });
});

describe("tags of a prefix are resolved", () => {
  const resolved = (...chain: Tagged[]) => resolveTags(TAGS, chain);

  it("inheritable ones come down, others do not, and neither does what these imply", () => {
    const parent = at("10.0.0.0/8", { support: "9x5", note: "mine" });
    expect(resolved(at("10.1.0.0/16"), parent)).toEqual({ tags: { support: "9x5" }, errors: [] });
  });

  it("the nearest value counts, with its implications, which imply in turn", () => {
    const chain = [
      at("10.1.1.0/24"),
      at("10.1.0.0/16", { env: "prod" }),
      at("10.0.0.0/8", { env: "test", tier: "tin" }),
    ];
    expect(resolved(...chain)).toEqual({ tags: { env: "prod", tier: "gold", support: "24x7" }, errors: [] });
  });

  it("what is overridden implies nothing any more", () => {
    const chain = [at("10.1.0.0/16", { env: "test", tier: "tin" }), at("10.0.0.0/8", { env: "prod" })];
    expect(resolved(...chain)).toEqual({ tags: { env: "test", tier: "tin" }, errors: [] });
  });

  it("what says the same as is implied is no contradiction", () => {
    expect(resolved(at("10.0.0.0/8", { env: "prod", tier: "gold", support: "24x7" })).errors).toEqual([]);
  });

  it("another value than the implied one is an error with where: of the same prefix, and of one below", () => {
    const own = resolved(at("10.0.0.0/8", { env: "prod", tier: "tin" }));
    expect(own.errors).toEqual([
      { path: "tags.tier", message: "env=prod, of 10.0.0.0/8, implies tier=gold, but 10.0.0.0/8 has tier=tin" },
    ]);
    expect(own.tags).toEqual({ env: "prod", tier: "tin" });
    const nearer = resolved(at("10.1.0.0/16", { support: "none" }), at("10.0.0.0/8", { env: "prod" }));
    expect(nearer.errors).toEqual([
      {
        path: "tags.support",
        message: "tier=gold, of 10.0.0.0/8, implies support=24x7, but 10.1.0.0/16 has support=none",
      },
    ]);
    expect(nearer.tags).toEqual({ env: "prod", tier: "gold", support: "none" });
  });

  it("two that imply different values of a third contradict each other", () => {
    const both = defined({ a: { implies: { c: { x: "1" } } }, b: { implies: { c: { x: "2" } } }, c: {} });
    expect(resolveTags(both, [at("10.0.0.0/8", { a: "x", b: "x" })]).errors).toEqual([
      { path: "tags.c", message: "b=x, of 10.0.0.0/8, implies c=2, but a=x, of 10.0.0.0/8, implies c=1" },
    ]);
  });

  it("a circle of implications ends", () => {
    const circle = defined({ a: { implies: { b: { x: "x" } } }, b: { implies: { a: { x: "x" } } } });
    expect(resolveTags(circle, [at("10.0.0.0/8", { a: "x" })])).toEqual({ tags: { a: "x", b: "x" }, errors: [] });
  });

  it("names that objects have by themselves are names like all others", () => {
    const odd = defined({ constructor: { implies: { toString: { valueOf: "x" } } }, toString: {} });
    expect(resolveTags(odd, [at("10.0.0.0/8", { constructor: "valueOf" })]).tags).toEqual({
      constructor: "valueOf",
      toString: "x",
    });
    const proto = JSON.parse('{"__proto__":"x"}');
    const tags = resolveTags(new Map(), [at("10.0.0.0/8", proto)]).tags;
    expect(Object.entries(tags)).toEqual([["__proto__", "x"]]);
  });
});

const NAMES = ["a", "b", "c", "d"];
const VALUES = ["1", "2"];
const value = fc.constantFrom(...VALUES);
const ownTags = fc.dictionary(fc.constantFrom(...NAMES), value, { noNullPrototype: true });
const definitions = fc
  .tuple(
    ...NAMES.map(() =>
      fc.record({
        type: fc.constantFrom("Inheritable" as const, "NonInheritable" as const),
        implies: fc.dictionary(fc.constantFrom(...NAMES), fc.dictionary(value, value, { noNullPrototype: true }), {
          maxKeys: 2,
          noNullPrototype: true,
        }),
      }),
    ),
  )
  .map((all) => defined(Object.fromEntries(NAMES.map((name, n) => [name, all[n] as Given]))));
const chains = fc
  .array(ownTags, { minLength: 1, maxLength: 4 })
  .map((all) => all.map((tags, n) => at(`10.0.0.0/${32 - n}`, tags)));
const shuffled = (tags: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(tags).toReversed());

describe("whatever the tags are", () => {
  test("own ones are what they are, and without errors all that is implied holds, whatever the order", () => {
    fc.assert(
      fc.property(definitions, chains, (known, chain) => {
        const { tags, errors } = resolveTags(known, chain);
        for (const [name, own] of Object.entries(chain[0]?.tags ?? {})) expect(tags[name]).toBe(own);
        const turned = resolveTags(
          known,
          chain.map(({ prefix, tags: own }) => ({ prefix, tags: shuffled(own) })),
        );
        expect(turned.errors.length > 0).toBe(errors.length > 0);
        if (errors.length > 0) return;
        expect(turned.tags).toEqual(tags);
        for (const [name, has] of Object.entries(tags))
          for (const [other, values] of Object.entries(known.get(name)?.implies ?? {}))
            if (values[has] !== undefined) expect(tags[other]).toBe(values[has]);
      }),
      { numRuns: 500 },
    );
  });

  test("a prefix without own tags has what its parent has of inheritable ones and what these imply, and nothing else", () => {
    fc.assert(
      fc.property(definitions, chains, (known, chain) => {
        const [first, ...rest] = chain;
        const inherited = Object.entries(first?.tags ?? {}).filter(([name]) => known.get(name)?.type === "Inheritable");
        const of = (own: Record<string, string>) => resolveTags(known, [at("10.0.0.0/32", own), ...rest]);
        const below = resolveTags(known, [at("10.0.0.1/32"), ...chain]);
        const as = of(Object.fromEntries(inherited));
        if (below.errors.length + as.errors.length > 0) return;
        expect(below.tags).toEqual(as.tags);
      }),
    );
  });

  test("use is written for what is new, gone or another, and for nothing else", () => {
    const key = (write: object) =>
      JSON.stringify((write as { item?: object; key?: object }).item ?? (write as { key: object }).key);
    fc.assert(
      fc.property(fc.option(ownTags), fc.option(ownTags), (one, other) => {
        const ip = (tags: Record<string, string>) => ({ id: "ip_1", prefix: "10.0.0.0/24", tags });
        const [before, after] = [one === null ? undefined : ip(one), other === null ? undefined : ip(other)];
        const writes = tagUseWrites("spc_1", before, after);
        const changed = NAMES.filter((name) => one?.[name] !== other?.[name]);
        const created = writes.filter(({ op }) => op === "create");
        expect(created).toHaveLength(changed.filter((name) => other?.[name] !== undefined).length);
        expect(writes.length - created.length).toBe(changed.filter((name) => one?.[name] !== undefined).length);
        expect(new Set(writes.map(key)).size).toBe(writes.length);
        const back = tagUseWrites("spc_1", after, before);
        expect(new Set(back.map(key))).toEqual(new Set(writes.map(key)));
      }),
    );
  });

  test("a prefix that becomes another one leaves no use behind", () => {
    const tags = { a: "1" };
    const writes = tagUseWrites(
      "spc_1",
      { id: "ip_1", prefix: "10.0.0.0/24", tags },
      { id: "ip_1", prefix: "10.0.0.0/23", tags },
    );
    expect(writes.map(({ op }) => op)).toEqual(["create", "remove"]);
  });
});
