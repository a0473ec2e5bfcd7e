import { type Prefix, parsePrefix } from "@cadastre/net/prefix";
import type { Stored, Write } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { laterOf } from "../../feed/record-change.ts";
import { pendingTags, tagsDownWrites } from "./carry-out.ts";
import { deletionWrites } from "./change.ts";
import { childrenOf } from "./children.ts";
import { windowWrites } from "./commit-writes.ts";
import { createEdit, MOST_WRITES } from "./edit.ts";
import type { IpItem } from "./items.ts";
import { locate } from "./locate.ts";
import { removePlaced } from "./place.ts";
import { definitionsFor } from "./tagged.ts";

/** Children that get tags in the commit that removes their parent; of more it is decided there, and carried out after it. */
const MOST_CHILDREN = 10;

/** The tags of a prefix that come down to what is inside it. */
async function inheritable(context: Context, stored: Stored<IpItem>): Promise<Record<string, string>> {
  const definitions = await definitionsFor(context, stored.space, [stored]);
  return Object.fromEntries(
    Object.entries(stored.tags).filter(([name]) => definitions.get(name)?.type === "Inheritable"),
  );
}

/** What gives the children of a prefix that goes the tags that they had from it. */
async function handDown(context: Context, stored: Stored<IpItem>, at: Prefix, actor: string): Promise<Write[]> {
  const tags = await inheritable(context, stored);
  if (Object.keys(tags).length === 0) return [];
  const few: Stored<IpItem>[] = [];
  for await (const child of childrenOf(context, { space: stored.space, parent: at })) {
    if (few.length === MOST_CHILDREN) return [pendingTags(context, stored, tags, actor)];
    few.push(child);
  }
  const writes = few.flatMap((child) => tagsDownWrites(context, child, tags, actor));
  return writes.length > MOST_WRITES / 2 ? [pendingTags(context, stored, tags, actor)] : writes;
}

/**
 * The writes that remove a prefix, beside the gate of its space: what is inside it is then inside what contained it, and has the tags of its own
 * that it had from it. Throws 409 `ip.too_much_inside`. `by` is who removes it.
 */
export async function removalOf(context: Context, stored: Stored<IpItem>, by: string): Promise<Write[]> {
  const { space } = stored;
  const at = parsePrefix(stored.prefix);
  const edit = createEdit(context.table, space);
  const { containing, parent } = await locate(context, edit, space, at);
  await removePlaced(edit, parent, stored.prefix);
  const time = laterOf(context.now().toISOString(), stored.modifiedOn);
  const own = [
    ...deletionWrites(context, stored, time, { actor: by, changes: [] }),
    ...(await handDown(context, stored, at, by)),
  ];
  return [...own, ...windowWrites(edit, parent, containing, own.length + 2)];
}
