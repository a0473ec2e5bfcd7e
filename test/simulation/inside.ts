import { facetsOf } from "@cadastre/contract/resource";
import type { Context } from "@cadastre/core/context";
import { indexEntries } from "@cadastre/core/register/entries";
import { type EventItem, IndexItem, PrefixLengthItem, ResourceItem } from "@cadastre/core/register/items";
import { parsePrefix } from "@cadastre/net/prefix";
import type { Written } from "./tables.ts";

/**
 * What must hold of the items in the table themselves. This is the one file of the simulation that knows how the register is
 * stored.
 */
export async function judgeTable(context: Context, written: Written): Promise<string[]> {
  const { table } = context;
  const keysOf = (type: string) => [...written.values()].filter(({ entity }) => entity.type === type);
  async function all<T>(
    entity: typeof ResourceItem | typeof IndexItem | typeof EventItem | typeof PrefixLengthItem,
  ): Promise<T[]> {
    const keys = keysOf(entity.type).map(({ key }) => key);
    const items = await table.getMany(entity as never, keys as never, { consistent: true });
    return items.filter((item) => item !== undefined) as T[];
  }
  const resources = await all<ResourceItem>(ResourceItem);
  const entries = await all<IndexItem>(IndexItem);
  const lengths = new Set(
    (await all<{ family: number; length: number }>(PrefixLengthItem)).map(
      ({ family, length }) => `${family}/${length}`,
    ),
  );
  const problems: string[] = [];
  const right = new Map<string, string>();
  for (const resource of resources) {
    for (const { p, s } of indexEntries(resource)) right.set(`${p} ${s}`, resource.id);
    for (const text of facetsOf(resource.kind, resource).prefixes) {
      const { family, length } = parsePrefix(text);
      if (!lengths.has(`${family}/${length}`))
        problems.push(`table: prefixes of length ${length} are in use and not noted`);
    }
  }
  const known = new Set(resources.map(({ idHash }) => idHash));
  const found = new Set(entries.map(({ p, s }) => `${p} ${s}`));
  for (const [entry, id] of right) if (!found.has(entry)) problems.push(`table: the index lacks ${entry} of ${id}`);
  for (const { p, s, idHash } of entries) {
    if (!right.has(`${p} ${s}`)) {
      problems.push(
        `table: the index has ${p} ${s}, which ${known.has(idHash) ? "its resource has not" : "is nobody's"}`,
      );
    }
  }
  return problems;
}
