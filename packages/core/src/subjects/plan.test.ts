import { prefixKey } from "@cadastre/net/key";
import { parsePrefix } from "@cadastre/net/prefix";
import type { SortRange } from "@cadastre/store/table";
import { put } from "@cadastre/store/table";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aContext } from "../audit/testing.ts";
import { type Filters, NO_FILTERS } from "./filters.ts";
import { IndexItem } from "./items.ts";
import { partitions, type Standing } from "./keys.ts";
import { boundsAfter, isInRange, planReferring, planSearch } from "./plan.ts";
import type { PrefixLengths } from "./prefix-lengths.ts";
import type { AnySubject, IndexRange } from "./subject.ts";

/** A type of subject with one list of its own for each standing, and one relation. */
const aSubject = (name: string, rank = "0"): AnySubject =>
  ({
    list: async (_: unknown, __: unknown, standing: Standing) => [{ partition: `${name} ${standing}`, rank }],
    referring: async (_: unknown, word: string, standing: Standing) => [
      { partition: `${name} of ${word} ${standing}`, rank },
    ],
  }) as unknown as AnySubject;

const LENGTHS: PrefixLengths = (family, { isSighting }) => (isSighting ? [] : family === 4 ? [8, 32, 16] : [64]);
const plan = (filters: Partial<Filters>, subjects = [aSubject("a"), aSubject("b")]) =>
  planSearch(aContext(), subjects, { ...NO_FILTERS, ...filters }, LENGTHS);
const partitionsOf = (ranges: readonly IndexRange[]) => ranges.map(({ partition }) => partition);
const word = (text: string, standing: Standing = "active") => ({
  partition: partitions.word(standing, text),
  sort: { beginsWith: text },
});

describe("the plan of a search", () => {
  it("is one exact look for each prefix length in use, the longest first, when it asks for an address", async () => {
    const ranges = await plan({ ip: "10.1.2.5", words: ["web"] });
    expect(partitionsOf(ranges)).toEqual(Array(3).fill(partitions.prefix("active", 4)));
    expect(ranges.map(({ sort }) => sort)).toEqual(
      ["10.1.2.5/32", "10.1.0.0/16", "10.0.0.0/8"].map((text) => ({ beginsWith: `${prefixKey(parsePrefix(text))}#` })),
    );
    expect(ranges.map(({ rank }) => rank)).toEqual(["0#000", "0#001", "0#002"]);
    expect(partitionsOf(await plan({ ip: "2001:db8::1" }))).toEqual([partitions.prefix("active", 6)]);
  });

  it("looks for sightings at the lengths that they have in use, after all that is confirmed", async () => {
    const lengths: PrefixLengths = (_, { isSighting }) => (isSighting ? [24] : [8, 32]);
    const ranges = await planSearch(aContext(), [], { ...NO_FILTERS, ip: "10.1.2.5" }, lengths);
    expect(partitionsOf(ranges)).toEqual([
      partitions.prefix("active", 4),
      partitions.prefix("active", 4),
      partitions.prefix("active", 4, true),
    ]);
  });

  it("is what is inside a prefix when it asks for one", async () => {
    const sort = { from: expect.any(String), to: expect.any(String) };
    expect(await plan({ cidr: "10.0.0.0/8", words: ["web"] })).toMatchObject([
      { partition: partitions.prefix("active", 4), sort },
      { partition: partitions.prefix("active", 4, true), sort },
    ]);
    expect(await plan({ cidr: "10.1.2.5" })).toHaveLength(2);
  });

  it.each<[string, Partial<Filters>, object]>([
    ["the longest word", { words: ["web", "prod-1", "eu"] }, word("prod-1")],
    ["the beginning of a name up to its star", { name: "Web-1*x", words: ["eu"] }, word("web-1")],
    ["a word of three before a tag", { words: ["web"], tags: [{ key: "env", value: "prod" }] }, word("web")],
    [
      "a tag before a word of two",
      { words: ["eu"], tags: [{ key: "team" }, { key: "env", value: "prod" }] },
      word("prod\u0001env#"),
    ],
    ["the digits of a fingerprint", { words: ["sha256:abcdef"] }, word("abcdef")],
    ["a word of two", { words: ["eu"] }, word("eu")],
    [
      "an owner",
      { owner: "Team A", expiresBefore: "2026-01-01T00:00:00.000Z" },
      { partition: partitions.owner("team a"), sort: { beginsWith: "team a#" } },
    ],
    [
      "an end",
      { expiresBefore: "2026-01-01T00:00:00.000Z", words: ["eu"] },
      { partition: partitions.end("active"), sort: { before: "2026-01-01T00:00:00.000Z" } },
    ],
  ])("is narrowed by %s", async (_, filters, range) => {
    expect(await plan(filters)).toEqual([{ ...range, rank: "0#000" }]);
  });

  it("of a host name that spells an address looks among addresses, too", async () => {
    const ranges = await plan({ words: ["ip-10-1"] });
    expect(partitionsOf(ranges)).toEqual([
      partitions.word("active", "ip-10-1"),
      partitions.prefix("active", 4),
      partitions.prefix("active", 4, true),
    ]);
  });

  it.each<[string, Partial<Filters>]>([
    ["nothing", {}],
    ["one character", { words: ["w"] }],
    ["a star", { name: "*web" }],
    ["the beginning of natural ids", { words: ["arn:aws:ec2"] }],
    ["the key of a tag", { tags: [{ key: "env" }] }],
    ["the empty value of a tag", { tags: [{ key: "env", value: "" }] }],
    ["two characters in a network, which has a list of its own", { words: ["eu"], network: "vpc-1" }],
  ])("that is narrowed by %s is the lists of all types, in their order", async (_, filters) => {
    expect(await plan(filters)).toEqual([
      { partition: "a active", rank: "0#0#0" },
      { partition: "b active", rank: "0#1#0" },
    ]);
  });

  it("of any status is what is active, then what is retired; of one of them that one", async () => {
    expect(partitionsOf(await plan({ status: "any" }))).toEqual(["a active", "b active", "a retired", "b retired"]);
    expect(partitionsOf(await plan({ status: "retired" }))).toEqual(["a retired", "b retired"]);
    expect(await plan({ status: "any", words: ["web"] })).toEqual([
      { ...word("web"), rank: "0#000" },
      { ...word("web", "retired"), rank: "1#000" },
    ]);
  });

  it("of relations is those of all types that have any, in their order", async () => {
    const { referring: _, ...without } = aSubject("b");
    const subjects = [aSubject("a"), without as AnySubject, aSubject("c")];
    const ranges = await planReferring(aContext(), subjects, { ...NO_FILTERS, status: "any" }, "vpc-1");
    expect(ranges).toEqual([
      { partition: "a of vpc-1 active", rank: "0#0#0" },
      { partition: "c of vpc-1 active", rank: "0#2#0" },
      { partition: "a of vpc-1 retired", rank: "1#0#0" },
      { partition: "c of vpc-1 retired", rank: "1#2#0" },
    ]);
    const one = await planReferring(aContext(), [aSubject("a")], NO_FILTERS, "vpc-1");
    expect(partitionsOf(one)).toEqual(["a of vpc-1 active"]);
  });
});

describe("a range of the index", () => {
  const key = fc.string({ unit: fc.constantFrom("a", "b", "#", "\u{10000}", "\uffff"), minLength: 1, maxLength: 3 });
  const ends = fc.tuple(key, key).map((two) => two.sort() as [string, string]);
  const range: fc.Arbitrary<SortRange | undefined> = fc.oneof(
    fc.constant(undefined),
    key.map((beginsWith) => ({ beginsWith })),
    ends.map(([from, to]) => ({ from, to })),
    key.map((from) => ({ from })),
    key.map((to) => ({ to })),
    key.map((before) => ({ before })),
    ends.map(([after, before]) => ({ after, before })),
  );

  it("has the entries that the table answers it with, and after any of them those that are left", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { maxLength: 8 }), range, key, async (keys, sort, after) => {
        const context = aContext();
        await context.table.load(keys.map((s) => put(IndexItem, { p: "p", s })));
        const query = async (of: SortRange | undefined) => {
          const page = await context.table.query(IndexItem, { partition: "p", ...(of ? { sort: of } : {}) });
          return page.items.map(({ s }) => s);
        };
        const all = await query(sort);
        const own: IndexRange = { partition: "p", rank: "0", ...(sort ? { sort } : {}) };
        expect(keys.filter((s) => isInRange(own, { p: "p", s })).sort()).toEqual(all.toSorted());
        expect(keys.filter((s) => isInRange(own, { p: "q", s }))).toEqual([]);
        // Pages go on after what they have answered, which is in the range.
        const last = all.includes(after) ? after : all[0];
        if (last !== undefined) expect(await query(boundsAfter(sort, last))).toEqual(all.slice(all.indexOf(last) + 1));
      }),
      { numRuns: 300 },
    );
  });
});
