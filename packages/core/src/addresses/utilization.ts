import type { Utilization } from "@cadastre/contract/addresses/ip";
import {
  commonIntervals,
  type Interval,
  intervalsCount,
  prefixInterval,
  remainingIntervals,
  unionIntervals,
} from "@cadastre/net/interval";
import { type Prefix, parsePrefix } from "@cadastre/net/prefix";
import type { IpItem } from "./tree/items.ts";
import type { Window } from "./tree/window.ts";

type Counted = Pick<IpItem, "prefix" | "status" | "pool" | "provider">;

/** How many addresses at the beginning and at the end of a subnet its cloud keeps for itself: as the pages of AWS and Google on subnets say. */
const KEPT = { aws: [4, 1], gcp: [2, 2] } as const;

/** Addresses at both ends of a prefix that nothing can have: the network's and broadcast, or what the cloud keeps. */
function keptOf({ status, pool, provider }: Counted, { family, length }: Prefix): readonly [number, number] {
  if (status === "container" || pool) return [0, 0];
  if (length >= (family === 4 ? 31 : 127)) return [0, 0];
  if (provider === "aws" || (provider === "gcp" && family === 4)) return KEPT[provider];
  return family === 4 ? [1, 1] : [1, 0];
}

/** The addresses of a prefix that can be used, by its status, whether it is a pool, and its cloud. */
export function usableOf(ip: Counted): Interval[] {
  const prefix = parsePrefix(ip.prefix);
  const [before, after] = keptOf(ip, prefix);
  const { family, first, last } = prefixInterval(prefix);
  const usable = { family, first: first + BigInt(before), last: last - BigInt(after) };
  return usable.first > usable.last ? [] : [usable];
}

/** A number, or its digits where it is none that is exact. */
export const toCount = (count: bigint): number | string =>
  count > BigInt(Number.MAX_SAFE_INTEGER) ? String(count) : Number(count);

/** `part` of `whole` in percent, cut after two digits, so that only what is full is 100. */
export function toPercentage(part: bigint, whole: bigint): string {
  if (whole === 0n) return "0";
  const hundredths = (part * 10_000n) / whole;
  return `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, "0")}`.replace(/\.?0+$/, "") || "0";
}

/**
 * How much of a prefix is used, exactly, of all of its windows. Used is what is planned directly below and not reserved, in a utilized range,
 * or seen in a cloud; each address counts once. Reserved is what is reserved below and nothing of that. Both and free are together what is
 * usable.
 */
export function utilizationOf(ip: Counted, windows: readonly Window[]): Utilization {
  const layersOf = (name: keyof Window["layers"]) => windows.flatMap(({ layers }) => layers[name]);
  const reserved = unionIntervals(layersOf("reserved"));
  const planned = remainingIntervals(unionIntervals(layersOf("planned")), reserved);
  const used = unionIntervals([...planned, ...layersOf("utilized"), ...layersOf("observed")]);
  const usable = usableOf(ip);
  const count = (intervals: readonly Interval[]) => intervalsCount(commonIntervals(usable, intervals));
  const all = intervalsCount(usable);
  const ofUsed = count(used);
  const ofReserved = count(remainingIntervals(reserved, used));
  return {
    used: toCount(ofUsed),
    usable: toCount(all),
    reserved: toCount(ofReserved),
    free: toCount(all - ofUsed - ofReserved),
    percentage: toPercentage(ofUsed + ofReserved, all),
  };
}
