import { ConflictError } from "@cadastre/store/errors";
import { check } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { indexWrites } from "../subjects/index-writes.ts";
import type { IndexEntry } from "../subjects/items.ts";
import { resourceEntries } from "./entries.ts";
import { ResourceItem } from "./items.ts";

/**
 * Removes index entries that were loaded for resources which another writer then made otherwise. Each resource's in one commit
 * with its version, so that no entry of what it has become is taken; when it changed meanwhile, or is not there, they stay:
 * what an entry proposes is checked, so a stray one costs a read and is shown to nobody.
 */
export async function removeStray(
  context: Context,
  loaded: readonly { readonly idHash: string; readonly entries: readonly IndexEntry[] }[],
): Promise<void> {
  const entriesOf = Map.groupBy(loaded, ({ idHash }) => idHash);
  const stored = await context.table.getMany(
    ResourceItem,
    [...entriesOf.keys()].map((idHash) => ({ idHash })),
    { consistent: true },
  );
  for (const resource of stored) {
    if (!resource) continue;
    const entries = entriesOf.get(resource.idHash)?.flatMap((one) => one.entries) ?? [];
    const removals = indexWrites(entries, resourceEntries(resource)).filter(({ op }) => op === "remove");
    if (removals.length === 0) continue;
    try {
      await context.table.commit([check(ResourceItem, resource, resource.version), ...removals.slice(0, 99)]);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}
