import { defineEntity } from "@cadastre/store/entity";
import { create, type Stored } from "@cadastre/store/table";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { aContext } from "./audit/testing.ts";
import { type Listed, MOST_EXAMINED, selectPage } from "./lists.ts";
import { newSealKey } from "./sealed-text.ts";

const Numbered = defineEntity({
  type: "numbered",
  about: "For these tests",
  schema: z.object({ n: z.int() }),
  key: { partition: () => "numbers", sort: (of: { n: number }) => `n/${String(of.n).padStart(5, "0")}` },
});
type Numbered = z.output<typeof Numbered.schema>;

async function aListOf(count: number) {
  const context = aContext();
  for (let at = 0; at < count; at += 100) {
    const some = Array.from({ length: Math.min(100, count - at) }, (_, index) => create(Numbered, { n: at + index }));
    await context.table.commit(some);
  }
  const page = (
    limit: number,
    cursor: string | undefined,
    {
      keep = () => true,
      reverse = false,
      cursorKey,
    }: { keep?: (n: number) => boolean; reverse?: boolean; cursorKey?: string } = {},
  ) =>
    selectPage(
      { ...context, ...(cursorKey === undefined ? {} : { restriction: { accounts: [], cursorKey } }) },
      {
        list: "numbers",
        filters: { reverse },
        entity: Numbered,
        partition: "numbers",
        beginsWith: "n/",
        reverse,
        select: async (items: readonly Stored<Numbered>[]) => items.map(({ n }) => (keep(n) ? n : undefined)),
      },
      { limit, cursor },
    );
  return { context, page };
}

/** All pages of a list. */
async function walk(read: (cursor: string | undefined) => Promise<Listed<number>>) {
  const pages: (readonly number[])[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    pages.push(page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return pages;
}

describe("a page of what is selected", () => {
  test("has each wanted item once, in order, whatever is left out and however large the pages are", async () => {
    const { page } = await aListOf(120);
    const numbers = Array.from({ length: 120 }, (_, n) => n);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 130 }),
        fc.uniqueArray(fc.nat(119)),
        fc.boolean(),
        async (limit, kept, reverse) => {
          const wanted = new Set(kept);
          const keep = (n: number) => wanted.has(n);
          const pages = await walk((cursor) => page(limit, cursor, { keep, reverse }));
          const expected = numbers.filter(keep);
          expect(pages.flat()).toEqual(reverse ? expected.toReversed() : expected);
          for (const full of pages.slice(0, -1)) expect(full).toHaveLength(limit);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("has no cursor when nothing follows, and costs one query when nothing is left out", async () => {
    const { context, page } = await aListOf(20);
    const { result, calls } = await context.table.meter.measure(() => page(20, undefined));
    expect([result.items.length, result.cursor, calls]).toEqual([20, undefined, 1]);
  });

  test("ends after a bounded number of items, with a cursor to go on from", async () => {
    const { context, page } = await aListOf(MOST_EXAMINED + 500);
    const keep = (n: number) => n === MOST_EXAMINED + 400;
    const first = await context.table.meter.measure(() => page(10, undefined, { keep }));
    expect(first.result.items).toEqual([]);
    expect(first.calls).toBeLessThan(25);
    expect((await page(10, first.result.cursor, { keep })).items).toEqual([MOST_EXAMINED + 400]);
  });

  test("that ends at what a limited caller may not see tells nothing of it", async () => {
    const { page } = await aListOf(MOST_EXAMINED + 500);
    const limited = { keep: (n: number) => n === MOST_EXAMINED + 400, cursorKey: newSealKey() };
    const { cursor = "" } = await page(10, undefined, limited);
    expect(Buffer.from(cursor, "base64url").toString("latin1")).not.toContain("n/0");
    expect((await page(10, cursor, limited)).items).toEqual([MOST_EXAMINED + 400]);
    const { cursor: open } = await page(10, undefined, { keep: limited.keep });
    for (const other of [open, `${cursor.slice(0, -1)}${cursor.endsWith("A") ? "B" : "A"}`])
      await expect(page(10, other, limited)).rejects.toMatchObject({ code: "cursor.invalid" });
    await expect(page(10, cursor, { ...limited, cursorKey: newSealKey() })).rejects.toMatchObject({
      code: "cursor.invalid",
    });
  });

  test("refuses a cursor of another list or of other filters", async () => {
    const { page } = await aListOf(3);
    const { cursor } = await page(1, undefined);
    for (const foreign of [cursor, "bm9uc2Vuc2U", ""]) {
      await expect(page(1, foreign, { reverse: true })).rejects.toMatchObject({ code: "cursor.invalid" });
    }
  });
});
