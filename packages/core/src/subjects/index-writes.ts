import { put, remove, type Write } from "@cadastre/store/table";
import { type IndexEntry, IndexItem } from "./items.ts";

/** What to add and what to remove so that the index follows a change from some entries to others. Pure. */
export function indexDifference(
  before: readonly IndexEntry[],
  after: readonly IndexEntry[],
): { added: IndexEntry[]; removed: IndexEntry[] } {
  const key = ({ p, s }: IndexEntry) => `${p}\n${s}`;
  const old = new Map(before.map((entry) => [key(entry), entry]));
  const added = after.filter((entry) => !old.delete(key(entry)));
  return { added, removed: [...old.values()] };
}

/** The same as writes of the change's own commit. */
export function indexWrites(before: readonly IndexEntry[], after: readonly IndexEntry[]): Write[] {
  const { added, removed } = indexDifference(before, after);
  return [...added.map((entry) => put(IndexItem, entry)), ...removed.map((entry) => remove(IndexItem, entry))];
}
