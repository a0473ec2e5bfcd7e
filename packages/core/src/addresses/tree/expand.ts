import type { ExpandedIp } from "@cadastre/contract/addresses/ip";
import { intervalPrefixes, remainingIntervals, unionIntervals } from "@cadastre/net/interval";
import { comparePrefixes, formatPrefix, parsePrefix } from "@cadastre/net/prefix";
import type { Context } from "../../context.ts";
import { requireSpace } from "../spaces/read.ts";
import { readTagDefinitions } from "../tags/definitions.ts";
import { utilizationOf } from "../utilization.ts";
import { childrenOf } from "./children.ts";
import { settle } from "./pending.ts";
import { readAbove, requireIp } from "./read-ips.ts";
import { readWindows } from "./read-windows.ts";
import { toIpView } from "./view.ts";
import { placeOf, takenIn } from "./window.ts";

/** What of a prefix is wanted beside itself. */
export interface Expansion {
  readonly children?: boolean;
  readonly utilization?: boolean;
  /** Free blocks, in their places among the children. */
  readonly free?: boolean;
}

/** Children, and free blocks, that one answer has. */
const MOST_SHOWN = 1000;

/**
 * One prefix with what of it was asked for: what is directly in it and the blocks between that are free, in the order of addresses, at most a
 * thousand. Throws 404 `space.not_found`, `ip.not_found`.
 */
export async function expandIp(context: Context, space: string, id: string, wanted: Expansion): Promise<ExpandedIp> {
  await Promise.all([requireSpace(context, space), settle(context, space)]);
  const item = await requireIp(context, space, id);
  const at = parsePrefix(item.prefix);
  const containing = await readAbove(context, space, at);
  const definitions = await readTagDefinitions(context, space);
  const view = toIpView(item, containing, definitions);
  const windows = wanted.utilization || wanted.free ? await readWindows(context.table, space, at) : [];
  const shown: { readonly prefix: string; readonly what: NonNullable<ExpandedIp["children"]>[number] }[] = [];
  if (wanted.children) {
    for await (const child of childrenOf(context, { space, parent: at })) {
      if (shown.length > MOST_SHOWN) break;
      shown.push({ prefix: child.prefix, what: toIpView(child, [item, ...containing], definitions) });
    }
  }
  if (wanted.free) {
    const taken = windows.flatMap((window) => takenIn(window, context.now().toISOString()));
    const free = remainingIntervals([placeOf(at)], unionIntervals(taken)).flatMap(intervalPrefixes);
    const blocks = free.slice(0, MOST_SHOWN + 1).map(formatPrefix);
    shown.push(...blocks.map((prefix) => ({ prefix, what: { prefix, free: true } as const })));
  }
  shown.sort((one, other) => comparePrefixes(parsePrefix(one.prefix), parsePrefix(other.prefix)));
  return {
    ...view,
    ...(wanted.utilization && { utilization: utilizationOf(item, windows) }),
    ...((wanted.children || wanted.free) && { children: shown.slice(0, MOST_SHOWN).map(({ what }) => what) }),
    ...(shown.length > MOST_SHOWN && { isCut: true }),
  };
}
