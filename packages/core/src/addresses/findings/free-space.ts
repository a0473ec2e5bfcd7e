import type { FreeSpace } from "@cadastre/contract/addresses/findings";
import { formatAddress } from "@cadastre/net/address";
import {
  type Interval,
  intervalPrefixes,
  intervalsCount,
  remainingIntervals,
  unionIntervals,
} from "@cadastre/net/interval";
import { addressCount, formatPrefix, parsePrefix } from "@cadastre/net/prefix";
import type { Context } from "../../context.ts";
import { largestBlock } from "../allocation/find.ts";
import { requireSpace } from "../spaces/read.ts";
import { settle } from "../tree/pending.ts";
import { requireIp } from "../tree/read-ips.ts";
import { readWindows } from "../tree/read-windows.ts";
import { placeOf, takenIn } from "../tree/window.ts";
import { toCount, toPercentage } from "../utilization.ts";

const MOST_GAPS = 100;

const sizeOf = ({ first, last }: Interval): bigint => last - first + 1n;

/** How scattered free addresses are, which are disjoint and in order. Pure. */
export function freeSpaceOf(free: readonly Interval[]): Omit<FreeSpace, "prefix"> {
  const all = intervalsCount(free);
  const largest = largestBlock(free);
  const scattered = largest === undefined ? 0n : all - addressCount(largest);
  const blocks = [...Map.groupBy(free.flatMap(intervalPrefixes), ({ length }) => length)];
  const gaps = free.toSorted((one, other) => (sizeOf(one) > sizeOf(other) ? -1 : 1)).slice(0, MOST_GAPS);
  return {
    free: toCount(all),
    largest: largest === undefined ? null : formatPrefix(largest),
    fragmentation: toPercentage(scattered, all),
    blocks: blocks
      .map(([prefixLength, some]) => ({ prefixLength, count: some.length }))
      .sort((one, other) => one.prefixLength - other.prefixLength),
    gaps: gaps.map(({ family, first, last }) => ({
      first: formatAddress({ family, value: first }),
      last: formatAddress({ family, value: last }),
      size: toCount(last - first + 1n),
    })),
  };
}

/** What of a prefix is free for allocations, and how scattered that is. Throws 404 `space.not_found`, `ip.not_found`. */
export async function freeSpace(context: Context, space: string, id: string): Promise<FreeSpace> {
  await Promise.all([requireSpace(context, space), settle(context, space)]);
  const { prefix } = await requireIp(context, space, id);
  const at = parsePrefix(prefix);
  const windows = await readWindows(context.table, space, at);
  const taken = windows.flatMap((window) => takenIn(window, context.now().toISOString()));
  return { prefix, ...freeSpaceOf(remainingIntervals([placeOf(at)], unionIntervals(taken))) };
}
