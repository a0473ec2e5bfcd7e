import type { AnyEntity, ItemOf } from "@cadastre/store/entity";
import type { SortRange, Stored } from "@cadastre/store/table";
import * as z from "zod";
import type { Context } from "./context.ts";
import { createCursors } from "./cursor.ts";
import type { Restriction } from "./restriction.ts";

/** What every list takes: how many at most, and where the page before it ended. */
export interface ListOptions {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** What every list answers; there is no more when the cursor is absent. */
export interface Listed<View> {
  readonly items: readonly View[];
  readonly cursor?: string;
}

/** Whether an item has the wanted values; those that are undefined do not matter. */
export function hasValues<Item extends object>(item: Item, wanted: Partial<Record<keyof Item, unknown>>): boolean {
  return Object.entries(wanted).every(([name, value]) => value === undefined || item[name as keyof Item] === value);
}

/** A list of which a caller may see, or want, only a part. */
export interface Selection<E extends AnyEntity, View> {
  /** Its name; with the filters it binds cursors to the list. */
  readonly list: string;
  readonly filters?: object;
  readonly entity: E;
  readonly partition: string;
  /** Only sort keys that begin with this. */
  readonly beginsWith?: string;
  /** Only sort keys after this, and before that; not together with `beginsWith`. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  /** Greatest sort key first. */
  readonly reverse?: boolean;
  /** The views of some items in their order, undefined for what is left out. */
  readonly select: (items: readonly Stored<ItemOf<E>>[]) => Promise<readonly (View | undefined)[]>;
}

/** Bounds of one page's work; a page that reaches it ends early, with a cursor to go on from. */
export const MOST_EXAMINED = 2000;
const MOST_READ = 200;

const position = z.string().min(1).max(2000);

/** After every key that begins so. */
const END = "\u{10ffff}";

function boundsOf(selection: Selection<AnyEntity, unknown>, at: string | undefined): SortRange {
  const { beginsWith, reverse, after = beginsWith } = selection;
  const { before = beginsWith && `${beginsWith}${END}` } = selection;
  const first = after === undefined ? {} : { after };
  const last = before === undefined ? {} : { before };
  if (at === undefined) return { ...first, ...last };
  return reverse ? { ...first, before: at } : { ...last, after: at };
}

/**
 * A page of a list, filled with what is selected: a filter makes it short only when 2,000 items were looked at, and it then has
 * a cursor to go on from. Costs one strongly consistent query for a list without filters. Throws 422 `cursor.invalid`.
 */
export async function selectPage<E extends AnyEntity, View>(
  {
    table,
    restriction,
  }: Pick<Context, "table"> & { readonly restriction?: Pick<Restriction, "cursorKey"> | undefined },
  selection: Selection<E, View>,
  { limit, cursor }: ListOptions,
): Promise<Listed<View>> {
  const { list, filters = {}, entity, partition, reverse = false, select } = selection;
  const cursors = createCursors(list, filters, position, restriction);
  let at = cursor === undefined ? undefined : cursors.decode(cursor);
  const items: View[] = [];
  // The first read is as long as the page; when much of it is left out, the next are longer.
  for (let examined = 0, size = limit; ; size = MOST_READ) {
    const sort = boundsOf(selection as unknown as Selection<AnyEntity, unknown>, at);
    const page = await table.query(entity, { partition, sort, reverse, consistent: true, limit: size });
    const views = await select(page.items);
    for (const [index, item] of page.items.entries()) {
      at = entity.keyOf(item).sk;
      const view = views[index];
      if (view === undefined) continue;
      items.push(view);
      const isLast = page.cursor === undefined && index === page.items.length - 1;
      if (items.length === limit) return { items, ...(isLast ? {} : { cursor: cursors.encode(at) }) };
    }
    examined += page.items.length;
    if (page.cursor === undefined || at === undefined) return { items };
    if (examined >= MOST_EXAMINED) return { items, cursor: cursors.encode(at) };
  }
}
