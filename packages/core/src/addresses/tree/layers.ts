import type { Family } from "@cadastre/net/address";
import { commonIntervals, type Interval, remainingIntervals, unionIntervals } from "@cadastre/net/interval";

/** What can be said of the addresses of a prefix beside the prefixes below it: each is a set of addresses. */
export const LAYERS = ["planned", "reserved", "populated", "utilized", "observed"] as const;
export type Layer = (typeof LAYERS)[number];
export type Layers = Readonly<Record<Layer, readonly Interval[]>>;

export const NO_LAYERS: Layers = { planned: [], reserved: [], populated: [], utilized: [], observed: [] };

/** A layer as its item has it: hexadecimal distances from the window's first address. */
export function toLayerText(intervals: readonly Interval[], from: bigint): string {
  return intervals
    .map(({ first, last }) => {
      const start = (first - from).toString(16);
      return first === last ? start : `${start}-${(last - from).toString(16)}`;
    })
    .join(",");
}

const toBigInt = (digits: string): bigint => BigInt(`0x${digits}`);

/** The inverse of `toLayerText`. */
export function fromLayerText(text: string, family: Family, from: bigint): Interval[] {
  if (text === "") return [];
  return text.split(",").map((part) => {
    const [start = "", end = start] = part.split("-");
    return { family, first: from + toBigInt(start), last: from + toBigInt(end) };
  });
}

/** The layers with what `change` makes of each. */
function mapLayers(layers: Layers, change: (intervals: readonly Interval[], layer: Layer) => readonly Interval[]) {
  return Object.fromEntries(LAYERS.map((layer) => [layer, change(layers[layer], layer)])) as Layers;
}

/** What of the layers is in the place. */
export const within = (layers: Layers, place: Interval): Layers =>
  mapLayers(layers, (intervals) => commonIntervals(intervals, [place]));

/** What of the layers is not in the place. */
export const without = (layers: Layers, place: Interval): Layers =>
  mapLayers(layers, (intervals) => remainingIntervals(intervals, [place]));

/** Both together. */
export const joinLayers = (ones: Layers, others: Layers): Layers =>
  mapLayers(ones, (intervals, layer) => unionIntervals([...intervals, ...others[layer]]));
