import { contains, type Prefix, parsePrefix } from "@cadastre/net/prefix";
import type { Stored } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { IpItem, ipSort, spacePartition } from "./items.ts";
import { boundsOf, boundsWithin } from "./ranges.ts";
import { isThere } from "./view.ts";

const READ_AT_ONCE = 50;

interface Walk {
  readonly space: string;
  /** All that is directly in it; without one, what is in nothing. */
  readonly parent?: Prefix | undefined;
  /** Of what is in nothing: of this family alone. */
  readonly family?: 4 | 6 | undefined;
  /** Behind this child. */
  readonly after?: Prefix | undefined;
}

/**
 * What is directly in a prefix, in the order of addresses. What is inside a child is read over, or left out when there is much of it: a child
 * costs a query at the most, however much is in it. Reads strongly.
 */
export async function* childrenOf({ table, now }: Context, walk: Walk): AsyncGenerator<Stored<IpItem>> {
  const { space, parent, family } = walk;
  const { before, ...start } = parent ? boundsWithin(parent, { itself: false }) : boundsOf(family);
  let after = walk.after ? boundsWithin(walk.after, { itself: false }).before : start.after;
  for (;;) {
    const page = await table.query(IpItem, {
      partition: spacePartition(space),
      sort: { after, before },
      limit: READ_AT_ONCE,
      consistent: true,
    });
    let child: Prefix | undefined;
    for (const item of page.items) {
      const at = parsePrefix(item.prefix);
      if (child && contains(child, at)) continue;
      // What is inside a reservation that has ended is inside what that was in.
      if (!isThere(item, now())) continue;
      child = at;
      yield item;
    }
    const last = page.items.at(-1);
    if (page.cursor === undefined || last === undefined) return;
    const end = parsePrefix(last.prefix);
    after = child && contains(child, end) ? boundsWithin(child, { itself: false }).before : ipSort(end);
  }
}
