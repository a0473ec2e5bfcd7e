import { prefixInterval, remainingIntervals, unionIntervals } from "@cadastre/net/interval";
import { type Prefix, parsePrefix } from "@cadastre/net/prefix";
import { ConflictError } from "@cadastre/store/errors";
import type { Stored } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { carryOutPending } from "./carry-out.ts";
import { above, readChain, readLengths } from "./chain.ts";
import type { Edit } from "./edit.ts";
import type { IpItem, IpLengthsItem } from "./items.ts";
import { type Parent, parentName, type Window } from "./window.ts";

/** More than a place changes its parent while somebody looks. */
const LOOKS = 8;

/** Where in the tree a prefix is, or would be. */
export interface Located {
  /** What contains it, itself included when it is planned: nearest first. */
  readonly chain: readonly Stored<IpItem>[];
  /** The same without itself. */
  readonly containing: readonly Stored<IpItem>[];
  readonly parent: Parent;
  readonly known: { readonly lengths: readonly number[]; readonly stored: Stored<IpLengthsItem> | undefined };
}

/** What directly contains a prefix, of what contains it. */
export function parentOf(chain: readonly Pick<IpItem, "prefix">[], { family }: Prefix): Parent {
  const [parent] = chain;
  return parent === undefined ? { family, isTop: true } : parsePrefix(parent.prefix);
}

function isPlannedWhole(windows: readonly Window[], at: Prefix): boolean {
  const planned = unionIntervals(windows.flatMap(({ layers }) => layers.planned));
  return remainingIntervals([prefixInterval(at)], planned).length === 0;
}

/**
 * Where a prefix is, or would be, such that it still is there when the edit commits the windows of its parent: what comes in between changes
 * them after they were read. What came between the look at the chain and that at the windows has all of the place planned; then it is looked
 * again, with the windows read before. `besides` is the id of a prefix that is left out.
 */
export async function locate(
  context: Context,
  edit: Edit,
  space: string,
  at: Prefix,
  besides?: string,
): Promise<Located> {
  const { table } = context;
  let seen: string | undefined;
  for (let look = 1; look <= LOOKS; look++) {
    const known = await readLengths(table, space, at.family);
    const chain = (await readChain(table, space, at, known)).filter(({ id }) => id !== besides);
    const containing = above(chain, at);
    const parent = parentOf(containing, at);
    const located = { chain, containing, parent, known };
    if (seen === parentName(parent)) return located;
    if (!isPlannedWhole(await edit.windowsIn(parent, prefixInterval(at)), at)) return located;
    seen = parentName(parent);
    // What has it planned may be of those that are decided on and not made yet.
    await carryOutPending(context, space);
  }
  throw new ConflictError([]);
}
