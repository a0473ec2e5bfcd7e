import type { ExportedLeaf } from "./export-lines.ts";

export interface Difference {
  readonly record: string;
  readonly what: string;
}

/** Whether they are the same records with the same leaves in the same order. */
export function areEqual(sealed: readonly ExportedLeaf[], found: readonly ExportedLeaf[]): boolean {
  return (
    sealed.length === found.length &&
    sealed.every(({ id, hash }, at) => id === found[at]?.id && hash === found[at]?.hash)
  );
}

/** The first difference between the records that are there and those that were sealed, by their leaves in their order; none when they are the same. */
export function compareLeaves(sealed: readonly ExportedLeaf[], found: readonly ExportedLeaf[]): Difference | undefined {
  const wanted = new Set(sealed.map(({ id }) => id));
  const there = new Set(found.map(({ id }) => id));
  for (let at = 0; at < Math.max(sealed.length, found.length); at++) {
    const [leaf, record] = [sealed[at], found[at]];
    if (leaf && record && leaf.id === record.id) {
      if (leaf.hash !== record.hash) return { record: record.id, what: "was edited" };
      continue;
    }
    const isMissing = leaf !== undefined && !there.has(leaf.id);
    const isStrange = record !== undefined && !wanted.has(record.id);
    if (isMissing && isStrange && sealed.length === found.length)
      return { record: leaf.id, what: `was edited: in its place stands ${record.id}` };
    if (isStrange) return { record: record.id, what: "was inserted" };
    if (isMissing) return { record: leaf.id, what: "was deleted" };
    if (record && found.findIndex(({ id }) => id === record.id) < at)
      return { record: record.id, what: "was inserted: it is there twice" };
    if (record) return { record: record.id, what: "was moved: it stands out of order" };
    return { record: (leaf as ExportedLeaf).id, what: "was deleted" };
  }
  return undefined;
}
