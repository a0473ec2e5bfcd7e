import { prefixInterval, remainingIntervals } from "@cadastre/net/interval";
import type { Prefix } from "@cadastre/net/prefix";
import { ConflictError } from "@cadastre/store/errors";
import type { Table } from "@cadastre/store/table";
import { above, readChain } from "./chain.ts";
import type { Edit } from "./edit.ts";
import type { IpItem } from "./items.ts";
import type { Parent } from "./window.ts";

/**
 * That what was read as directly containing a place still does, once the windows of it were read: whoever put something between the two has filled
 * the place in them, so that only then it is looked at again. What is put there later meets the windows' versions. `stored` is the nearest of
 * what is stored. Throws ConflictError, for the caller to read anew.
 */
export async function requireNearest(
  {
    edit,
    table,
    space,
    parent,
  }: { readonly edit: Edit; readonly table: Table; readonly space: string; readonly parent: Parent },
  at: Prefix,
  stored: Pick<IpItem, "id"> | undefined,
): Promise<void> {
  const windows = await edit.windowsIn(parent, prefixInterval(at));
  const planned = windows.flatMap(({ layers }) => layers.planned);
  if (remainingIntervals([prefixInterval(at)], planned).length > 0) return;
  const [nearest] = above(await readChain(table, space, at), at);
  if (nearest?.id !== stored?.id) throw new ConflictError([]);
}
