import { ProblemError } from "@cadastre/contract/errors";
import { parsePrefix } from "@cadastre/net/prefix";
import type { SortRange, Stored, Write } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { laterOf } from "../../feed/record-change.ts";
import { deletionWrites } from "./change.ts";
import { windowWrites } from "./commit-writes.ts";
import { createEdit } from "./edit.ts";
import { IpItem, spacePartition } from "./items.ts";
import { type Located, locate } from "./locate.ts";
import { removePlaced } from "./place.ts";

/** Prefixes that one commit removes: each takes some six writes, and a window. */
const MOST_AT_ONCE = 10;
/** The last prefixes within bounds, in the order of addresses: what is inside another comes first. */
async function lastOf({ table }: Context, space: string, sort: SortRange): Promise<readonly Stored<IpItem>[]> {
  const partition = spacePartition(space);
  const { items } = await table.query(IpItem, {
    partition,
    sort,
    reverse: true,
    limit: MOST_AT_ONCE + 1,
    consistent: true,
  });
  return items;
}

/** The writes that remove prefixes, of which each comes before what it is inside of. */
async function removalWrites(context: Context, items: readonly Stored<IpItem>[], actor: string): Promise<Write[]> {
  const [first] = items;
  if (!first) return [];
  const edit = createEdit(context.table, first.space);
  const own: Write[] = [];
  let outer: Located | undefined;
  for (const item of items) {
    outer = await locate(context, edit, item.space, parsePrefix(item.prefix));
    await removePlaced(edit, outer.parent, item.prefix);
    const time = laterOf(context.now().toISOString(), item.modifiedOn);
    own.push(...deletionWrites(context, item, time, { actor, changes: [] }));
  }
  return outer ? [...own, ...windowWrites(edit, outer.parent, outer.containing, own.length)] : own;
}

const isTooMuch = (error: unknown): boolean => error instanceof ProblemError && error.code === "ip.too_much_inside";

/** Of some prefixes as many, from the first on, as one commit removes, and its writes. */
async function mostOf(context: Context, items: readonly Stored<IpItem>[], actor: string) {
  for (let count = Math.min(items.length, MOST_AT_ONCE); ; count = Math.ceil(count / 2)) {
    try {
      return { count, writes: await removalWrites(context, items.slice(0, count), actor) };
    } catch (error) {
      if (count <= 1 || !isTooMuch(error)) throw error;
    }
  }
}

/** What one commit removes of some prefixes. */
interface Removed {
  readonly count: number;
  /** Whether these are all there are. */
  readonly isAll: boolean;
  readonly writes: readonly Write[];
}

/**
 * The writes that remove the last prefixes within bounds, as many as one commit removes: none where there are none. All that stays stands as it is
 * to. Reads strongly. Throws 409 `ip.too_much_inside` when one alone is more than a commit.
 */
export async function removeLast(context: Context, space: string, sort: SortRange, actor: string): Promise<Removed> {
  const items = await lastOf(context, space, sort);
  const { count, writes } = await mostOf(context, items, actor);
  return { count, isAll: count === items.length, writes };
}
