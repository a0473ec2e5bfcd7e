import { describe, expect, it } from "vitest";
import * as z from "zod";
import { createTable } from "./create-table.ts";
import type { Change, Driver, PageRequest } from "./driver.ts";
import { defineEntity } from "./entity.ts";
import { ConflictError, CursorError, InvalidItemError, LimitError } from "./errors.ts";
import { createMeter } from "./meter.ts";
import { keyText, type Refused } from "./plan.ts";
import type { Row } from "./row.ts";
import { check, put, remove } from "./table.ts";

const define = (type: string) =>
  defineEntity({
    type,
    about: "For tests",
    schema: z.object({ id: z.string(), text: z.string().optional(), until: z.number().optional() }),
    key: { partition: () => "list", sort: (of: { id: string }) => of.id },
    expires: "until",
  });
const note = define("note");
const other = define("other");
const NOW = 10_000;

const row = (id: string, more: Partial<Row> = {}): Row => ({
  pk: "list",
  sk: id,
  type: "note",
  version: 7,
  expires: undefined,
  fields: { id },
  ...more,
});
const ids = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => String(from + n).padStart(4, "0"));

/** A table over rows that stand still, with what its driver was asked. `most` rows fit on a page. */
function over(rows: readonly Row[], { most = 1000, refused = [] }: { most?: number; refused?: Refused[] } = {}) {
  const pages: PageRequest[] = [];
  const gets: { keys: string[]; consistent: boolean }[] = [];
  const loads: (readonly Change[])[] = [];
  const commits: number[] = [];
  const driver: Driver = {
    async get(key, consistent) {
      gets.push({ keys: [keyText(key)], consistent });
      return rows.find((one) => keyText(one) === keyText(key));
    },
    async getMany(keys, consistent) {
      gets.push({ keys: keys.map(keyText), consistent });
      const wanted = new Set(keys.map(keyText));
      return rows.filter((one) => wanted.has(keyText(one))).toReversed();
    },
    async page(request) {
      pages.push(request);
      const { after, limit = Number.POSITIVE_INFINITY, reverse } = request;
      const sorted = reverse ? rows.toReversed() : rows;
      const left = sorted.filter(({ sk }) => after === undefined || (reverse ? sk < after : sk > after));
      const some = left.slice(0, Math.min(limit, most));
      return { rows: some, next: some.length < left.length || some.length === limit ? some.at(-1)?.sk : undefined };
    },
    async commit(planned) {
      commits.push(planned.length);
      return refused;
    },
    async load(changes) {
      loads.push(changes);
    },
    move: async () => undefined,
    ready: async () => undefined,
    close: async () => undefined,
  };
  const meter = createMeter();
  return { table: createTable({ driver, meter, now: () => new Date(NOW) }), pages, gets, loads, commits, meter };
}

describe("reading items", () => {
  const rows = [row("a"), row("b", { expires: NOW / 1000 }), row("c", { expires: NOW / 1000 + 1 })];

  it("answers what is there and has not ended, with its version, as consistently as it was asked", async () => {
    const { table, gets } = over(rows);
    expect(await table.get(note, { id: "a" })).toEqual({ id: "a", version: 7 });
    expect(await table.get(note, { id: "b" })).toBeUndefined();
    expect(await table.get(note, { id: "c" }, { consistent: true })).toMatchObject({ id: "c" });
    expect(await table.get(note, { id: "d" }, {})).toBeUndefined();
    expect(gets.map(({ consistent }) => consistent)).toEqual([false, false, true, false]);
  });

  it("answers many in the order of their keys, each asked for once, and asks nothing for none", async () => {
    const { table, gets } = over(rows);
    const keys = ["c", "x", "a", "b", "a"].map((id) => ({ id }));
    const found = await table.getMany(note, keys, { consistent: true });
    expect(found.map((item) => item?.id)).toEqual(["c", undefined, "a", undefined, "a"]);
    expect(gets).toMatchObject([{ consistent: true }]);
    expect(gets[0]?.keys).toHaveLength(4);
    expect(await table.getMany(note, [])).toEqual([]);
    await table.getMany(note, [{ id: "a" }]);
    expect(gets.map(({ consistent }) => consistent)).toEqual([true, false]);
  });

  it("refuses a key that cannot be, and says of which entity", async () => {
    const { table } = over([]);
    await expect(table.get(note, { id: "" })).rejects.toThrow(LimitError);
    await expect(table.get(note, { id: "" })).rejects.toThrow("note");
    await expect(table.getMany(note, [{ id: "" }])).rejects.toThrow("note");
    await expect(table.query(note, { partition: "" })).rejects.toThrow("query of note");
  });
});

describe("a query", () => {
  it("answers the entity's items that have not ended, within its range", async () => {
    const { table, pages } = over([
      row("a"),
      row("b", { type: "other" }),
      row("c", { expires: 1 }),
      row("d"),
      row("e"),
    ]);
    const { items, cursor } = await table.query(note, { partition: "list", sort: { from: "a", to: "d" } });
    expect([items.map(({ id }) => id), cursor]).toEqual([["a", "d"], undefined]);
    expect(pages).toMatchObject([{ partition: "list", reverse: false, consistent: false, limit: undefined }]);
    expect((await table.query(other, { partition: "list" })).items.map(({ id }) => id)).toEqual(["b"]);
  });

  it("of a range that can have nothing asks nothing", async () => {
    const { table, pages } = over([row("a")]);
    expect(await table.query(note, { partition: "list", sort: { from: "b", to: "a" } })).toEqual({ items: [] });
    expect(pages).toEqual([]);
  });

  it("has as many as its limit on a page, a cursor while there are more, and none on the last page", async () => {
    const { table } = over(ids(0, 10).map((id) => row(id)));
    const all: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await table.query(note, { partition: "list", limit: 5, cursor });
      all.push(page.items.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(all).toEqual([ids(0, 5), ids(5, 10)]);
  });

  it("goes the other way round when it is asked to, page by page", async () => {
    const { table, pages } = over(ids(0, 4).map((id) => row(id)));
    const first = await table.query(note, { partition: "list", limit: 3, reverse: true, consistent: true });
    expect(first.items.map(({ id }) => id)).toEqual(ids(1, 4).toReversed());
    const next = await table.query(note, { partition: "list", limit: 3, reverse: true, cursor: first.cursor });
    expect(next.items.map(({ id }) => id)).toEqual(ids(0, 1));
    expect(pages[0]).toMatchObject({ reverse: true, consistent: true });
  });

  it("goes on in growing steps past what is of another type or has ended", async () => {
    const rows = ids(0, 200).map((id, n) => row(id, n % 100 === 99 ? {} : { type: "other" }));
    const { table, pages } = over(rows);
    const { items, cursor } = await table.query(note, { partition: "list", limit: 2 });
    expect([items.map(({ id }) => id), cursor]).toEqual([["0099", "0199"], undefined]);
    expect(pages.map(({ limit }) => limit)).toEqual([3, 25, 50, 100, 200]);
  });

  it("hands out a page that ended by its size as it is, with a cursor after what was read", async () => {
    const { table } = over(
      ids(0, 10).map((id) => row(id)),
      { most: 4 },
    );
    const whole = await table.query(note, { partition: "list" });
    expect(whole.items).toHaveLength(4);
    const rest = await table.query(note, { partition: "list", cursor: whole.cursor });
    expect(rest.items.map(({ id }) => id)).toEqual(ids(4, 8));
    const limited = await table.query(note, { partition: "list", limit: 9 });
    expect([limited.items.length, limited.cursor === undefined]).toEqual([4, false]);
  });

  it("refuses another query's cursor, and a limit that is none", async () => {
    const { table } = over(ids(0, 4).map((id) => row(id)));
    const { cursor } = await table.query(note, { partition: "list", limit: 1 });
    await expect(table.query(note, { partition: "list", reverse: true, cursor })).rejects.toThrow(CursorError);
    for (const limit of [0, -1, 1.5, Number.NaN]) {
      const refused = table.query(note, { partition: "list", limit });
      await expect(refused).rejects.toThrow(InvalidItemError);
      await expect(refused).rejects.toThrow(`query limit is ${limit}, allowed: whole numbers from 1`);
    }
    expect((await table.query(note, { partition: "list", limit: 1 })).items).toHaveLength(1);
  });
});

describe("writing", () => {
  it("nothing asks for nothing", async () => {
    const { table, commits, loads } = over([]);
    await table.commit([]);
    await table.load([]);
    expect([commits, loads]).toEqual([[], []]);
  });

  it("that is refused says which writes and why", async () => {
    const refused: Refused[] = [{ index: 1, reason: "check", oldSize: 9 }];
    const { table, commits } = over([], { refused });
    const commit = table.commit([put(note, { id: "a" }), check(note, { id: "b" }, "present")]);
    await expect(commit).rejects.toThrow(ConflictError);
    await expect(commit).rejects.toMatchObject({ refusals: [{ index: 1, reason: "check" }] });
    expect(commits).toEqual([2]);
    await over([]).table.commit([put(note, { id: "a" })]);
  });

  it("bulk state goes in groups of 5,000, of each key the last write, removals without a row", async () => {
    const { table, loads } = over([]);
    const many = ids(0, 5001).map((id) => put(note, { id }));
    await table.load(many);
    expect(loads.map(({ length }) => length)).toEqual([5000, 1]);
    loads.length = 0;
    await table.load([
      put(note, { id: "a", text: "old" }),
      put(note, { id: "b" }),
      put(note, { id: "a", text: "new" }),
      remove(note, { id: "b" }) as never,
    ]);
    expect(loads).toMatchObject([[{ row: { fields: { text: "new" } } }, { key: { pk: "list", sk: "b" } }]]);
    expect(loads[0]?.[1]?.row).toBeUndefined();
  });

  it("bulk state is checked: its form, and the keys of what is removed", async () => {
    const { table, loads } = over([]);
    await expect(table.load([put(note, { id: 1 } as never)])).rejects.toThrow(InvalidItemError);
    await expect(table.load([remove(note, { id: "" }) as never])).rejects.toThrow("note");
    expect(loads).toEqual([]);
  });
});
