import type { IndexEntry } from "../../subjects/items.ts";
import { createEntries } from "../../subjects/keys.ts";
import type { IpItem } from "./items.ts";

/** The key that a planned prefix has in the index of all address spaces: `spc_…/10.0.0.0/8`. */
const searchKey = ({ space, prefix }: Pick<IpItem, "space" | "prefix">): string => `${space}/${prefix}`;

/** The inverse of `searchKey`. */
export function fromSearchKey(key: string): Pick<IpItem, "space" | "prefix"> {
  const slash = key.indexOf("/");
  return { space: key.slice(0, slash), prefix: key.slice(slash + 1) };
}

/** The one entry by which a planned prefix is found among those of all address spaces: two write units. Pure. */
export function indexEntriesOf(of: Pick<IpItem, "space" | "prefix">): IndexEntry[] {
  const entries = createEntries("active", { type: "ip", hint: "", key: searchKey(of) });
  entries.within([of.prefix], "planned");
  return entries.all();
}
