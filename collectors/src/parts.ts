import { hash } from "node:crypto";

/**
 * Items in a power of two of parts of about `size`, by the hash of what names each: an item stays in its part while others come
 * and go, until the number of parts changes. Parts without items are left out.
 */
export function inParts<Item>(items: readonly Item[], nameOf: (item: Item) => string, size: number): Item[][] {
  const count = 2 ** Math.max(0, Math.ceil(Math.log2(items.length / size)));
  const parts = Array.from({ length: count }, (): Item[] => []);
  for (const item of items) parts[Number.parseInt(hash("sha256", nameOf(item)).slice(0, 8), 16) % count]?.push(item);
  return parts.filter((part) => part.length > 0);
}
