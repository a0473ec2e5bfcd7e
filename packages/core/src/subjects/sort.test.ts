import { parsePrefix } from "@cadastre/net/prefix";
import { put } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { IndexItem } from "./items.ts";
import { parseSearch } from "./parse-search.ts";
import type { Search } from "./prepare.ts";
import type { Sort } from "./query.ts";
import { sortedPage } from "./sort.ts";
import type { AnySubject } from "./subject.ts";
import type { Position } from "./walk.ts";

interface Thing {
  readonly id: string;
  readonly name?: string;
  readonly kind?: string;
  readonly account?: string;
  readonly prefixes?: readonly string[];
  readonly changed?: number;
}

/** A search that finds these things, in the order of their ids. */
async function having(things: readonly Thing[]) {
  const context = aContext();
  const entries = things.map(({ id }) => ({ p: "a", s: `${id}#thing//${id}` }));
  await context.table.load(entries.map((entry) => put(IndexItem, entry)));
  const byId = new Map(things.map((thing) => [thing.id, thing]));
  const subject = {
    type: "thing",
    entries: ({ id }: Thing) => entries.filter(({ s }) => s.endsWith(`/${id}`)),
    read: async (_: Context, keys: readonly string[]) => keys.map((key) => byId.get(key)),
    isVisible: () => true,
    facts: ({ id, name = "", kind, account, prefixes = [], changed }: Thing) => ({
      subject: "thing",
      status: "active",
      name,
      kind,
      prefixes: prefixes.map((text) => parsePrefix(text)),
      texts: (field: string) => (field === "id" ? [id] : account === undefined ? [] : [account]),
      time: (field: string) => (field === "changed" ? changed : undefined),
    }),
  } as unknown as AnySubject;
  const search: Search = {
    subjects: [subject],
    query: parseSearch("", context.now()),
    ranges: [{ partition: "a", rank: "a" }],
    needs: { said: false, seen: false, confirmed: false },
  };
  return { context, search };
}

/** Ids on all pages, by pages of so many. */
async function sorted(
  things: readonly Thing[],
  sort: Partial<Sort> & Pick<Sort, "field">,
  limit = 2,
): Promise<string[][]> {
  const { context, search } = await having(things);
  const pages: string[][] = [];
  let from: Position | undefined;
  do {
    const page = await sortedPage(context, search, { descending: false, ...sort }, { from, limit });
    pages.push(page.found.map(({ item }) => (item as Thing).id));
    from = page.next;
  } while (from !== undefined);
  return pages;
}

describe("a search that is sorted", () => {
  const named = [
    { id: "1", name: "Straße" },
    { id: "2", name: "" },
    { id: "3", name: "alpha" },
    { id: "4", name: "Beta" },
    { id: "5", name: "Álpha" },
  ];

  it("is in the order of names, whatever their case and accents, equal ones by id, and what has none comes last", async () => {
    expect(await sorted(named, { field: "name" })).toEqual([["3", "5"], ["4", "1"], ["2"]]);
    expect(await sorted(named, { field: "name", descending: true })).toEqual([["1", "4"], ["3", "5"], ["2"]]);
    expect(await sorted(named, { field: "name" }, 5)).toEqual([["3", "5", "4", "1", "2"]]);
    expect(await sorted(named, { field: "name" }, 4)).toEqual([["3", "5", "4", "1"], ["2"]]);
  });

  it("is by kind, or by what it is where it has none", async () => {
    const things = [{ id: "1", kind: "vpc" }, { id: "2" }, { id: "3", kind: "subnet" }];
    expect((await sorted(things, { field: "kind" })).flat()).toEqual(["3", "2", "1"]);
  });

  it.each(["account", "region", "owner"] as const)("is by %s, folded", async (field) => {
    const things = [{ id: "1", account: "b" }, { id: "2", account: "A" }, { id: "3" }, { id: "4", account: "c" }];
    expect((await sorted(things, { field })).flat()).toEqual(["2", "1", "4", "3"]);
  });

  it("is by the first address as addresses are ordered, and by time", async () => {
    const things = [
      { id: "1", prefixes: ["10.0.10.0/24", "10.0.9.0/24"], changed: 3000 },
      { id: "2", prefixes: ["10.0.2.0/24"], changed: 20_000 },
      { id: "3" },
      { id: "4", prefixes: ["10.0.11.0/24"], changed: 1000 },
    ];
    expect((await sorted(things, { field: "ip" })).flat()).toEqual(["2", "1", "4", "3"]);
    expect((await sorted(things, { field: "changed" })).flat()).toEqual(["4", "1", "2", "3"]);
    expect((await sorted(things, { field: "changed", descending: true })).flat()).toEqual(["2", "1", "4", "3"]);
  });

  it("goes on behind where a page ended, also when that is gone by now, and ends", async () => {
    const { context, search } = await having(named);
    const page = (rank: string, after: string) =>
      sortedPage(context, search, { field: "name", descending: false }, { from: { rank, after }, limit: 9 });
    expect((await page("alpha", "thing#4")).found.map(({ item }) => (item as Thing).id)).toEqual(["5", "4", "1", "2"]);
    expect(await page("", "thing#2")).toEqual({ found: [] });
  });

  it("has no page more than there is", async () => {
    expect(await sorted([], { field: "name" })).toEqual([[]]);
    expect(await sorted(named.slice(0, 2), { field: "name" }, 2)).toEqual([["1", "2"]]);
  });

  it("is refused when there is more than one request reads, at the place that asks for it", async () => {
    const { context, search } = await having([]);
    const text = "kind:vpc sort:name";
    const ranges = Array.from({ length: 501 }, (_, n) => ({ partition: `e${n}`, rank: String(n).padStart(3, "0") }));
    const more = { ...search, query: { ...search.query, text }, ranges };
    const at = { from: 9, to: 18 };
    const options = { from: undefined, limit: 1 };
    await expect(sortedPage(context, more, { field: "name", descending: false, at }, options)).rejects.toMatchObject({
      message: expect.stringContaining("too much to sort"),
    });
    await expect(sortedPage(context, more, { field: "name", descending: false }, options)).rejects.toThrow(
      "too much to sort",
    );
  });
});
