import { hash } from "node:crypto";
import type { Observe, ObserveContext } from "./observe.ts";

interface Found<Item> {
  readonly items: readonly Item[];
  /** Each name is there once. */
  readonly nameOf: (item: Item) => string;
  /** So many fit a run. */
  readonly most: number;
  readonly observe: (part: readonly Item[], context: ObserveContext) => Promise<void>;
  /** Why the items are not all. */
  readonly problem: Error | undefined;
}

/**
 * What a collector's `Split` answers: an observer for each part of what was found. Where that is not all, the last one rejects after
 * it has recorded its own. Throws the problem when nothing was found; without one nothing is a part, too, of which the run says so.
 */
export function observersOf<Item>({ items, nameOf, most, observe, problem }: Found<Item>): Observe[] {
  if (problem && items.length === 0) throw problem;
  const parts = items.length === 0 ? [[]] : inParts(items, nameOf, most);
  return parts.map((part, at) => async (context) => {
    await observe(part, context);
    if (problem && at === parts.length - 1) throw problem;
  });
}

interface Named<Item> {
  readonly item: Item;
  readonly hash: Buffer;
}

/**
 * Items in parts of at most `most`, by the hash of the name that each has for itself: what is too many is halved by the first bit,
 * halves that still are by the next one, and so on. So the parts follow from the items alone, and when others come or go, an item
 * changes its part only where that part became too large, or it and its other half fit together again. Items keep their order.
 */
export function inParts<Item>(items: readonly Item[], nameOf: (item: Item) => string, most: number): Item[][] {
  return cut(
    items.map((item) => ({ item, hash: hash("sha256", nameOf(item), "buffer") })),
    0,
    most,
  ).map((part) => part.map(({ item }) => item));
}

function cut<Item>(some: readonly Named<Item>[], bit: number, most: number): (readonly Named<Item>[])[] {
  if (some.length === 0) return [];
  if (some.length <= most) return [some];
  const isSet = ({ hash: of }: Named<Item>) => ((of[bit >> 3] as number) >> (7 - (bit & 7))) & 1;
  const half = (which: number) =>
    cut(
      some.filter((one) => isSet(one) === which),
      bit + 1,
      most,
    );
  return [...half(0), ...half(1)];
}
