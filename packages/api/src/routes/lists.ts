import * as z from "zod";

const DEFAULT_LIMIT = 50;
export const MOST_LIMIT = 200;

/** What every list takes. */
export const paging = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MOST_LIMIT)
    .default(DEFAULT_LIMIT)
    .meta({ description: "How many items a page has at most" }),
  cursor: z.string().min(1).max(2000).optional().meta({ description: "Of the page before, unchanged" }),
};

export const pagingQuery = z.strictObject(paging);

/**
 * The items of a page that have the wanted values; the cursor stays, so a page may be short or empty and still have more
 * after it. Wanted values that are absent do not matter.
 */
export function keepWanted<Item extends object>(
  page: { readonly items: readonly Item[]; readonly cursor?: string },
  wanted: Partial<Record<keyof Item, unknown>>,
): { items: Item[]; cursor?: string } {
  const filters = Object.entries(wanted).filter(([, value]) => value !== undefined);
  const items = page.items.filter((item) => filters.every(([name, value]) => item[name as keyof Item] === value));
  return { ...page, items };
}

/** Every item of a list, a page at a time. */
export async function* allOf<Item>(
  list: (options: {
    limit: number;
    cursor?: string | undefined;
  }) => Promise<{ items: readonly Item[]; cursor?: string }>,
): AsyncGenerator<Item> {
  let cursor: string | undefined;
  do {
    const page = await list({ limit: MOST_LIMIT, cursor });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
