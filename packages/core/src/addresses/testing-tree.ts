import { newIp } from "@cadastre/contract/addresses/ip";
import { newIdAt } from "@cadastre/contract/ids";
import { type Interval, prefixInterval, unionIntervals } from "@cadastre/net/interval";
import { comparePrefixes, contains, formatPrefix, type Prefix, parsePrefix } from "@cadastre/net/prefix";
import { type BulkWrite, put } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { IndexItem } from "../subjects/items.ts";
import { plannedLengthWrite } from "../subjects/prefix-lengths.ts";
import { indexEntriesOf } from "./tree/index-entry.ts";
import { IpIdItem, IpItem, IpLengthsItem, WindowItem } from "./tree/items.ts";
import { NO_LAYERS, within } from "./tree/layers.ts";
import { cutWindow, type Parent, partsOf, placeOf, toWindowItem, type Window } from "./tree/window.ts";

/** The windows of a parent that has these children, cut as they would have been. */
function windowsFor(parent: Parent, planned: readonly Interval[]): Window[] {
  let windows = partsOf(parent, placeOf(parent)).map(
    (part): Window => ({ ...part, layers: within({ ...NO_LAYERS, planned }, part), held: [] }),
  );
  for (let before = 0; before < windows.length; ) {
    before = windows.length;
    windows = windows.flatMap(cutWindow);
  }
  return windows.filter(({ layers }) => layers.planned.length > 0).map(({ version: _, ...window }) => window);
}

/**
 * For tests and benchmarks: a space with these prefixes, as if each had been planned. Answers their ids, in the order of addresses. `shown` are those that
 * can be read: windows tell of all.
 */
export async function loadTree(
  context: Context,
  space: string,
  prefixes: readonly string[],
  { shown = prefixes.length }: { readonly shown?: number } = {},
): Promise<string[]> {
  const sorted = prefixes.map((text) => parsePrefix(text)).sort(comparePrefixes);
  const children = new Map<string, { readonly parent: Parent; readonly planned: Interval[] }>();
  const open: Prefix[] = [];
  const at = context.now();
  const said = { source: "manual", createdBy: "system", createdOn: at.toISOString(), revision: 1 } as const;
  const writes: BulkWrite[] = [];
  const ids = sorted.map((prefix, place) => {
    while (open.length > 0 && !contains(open.at(-1) as Prefix, prefix)) open.pop();
    const parent: Parent = open.at(-1) ?? { family: prefix.family, isTop: true };
    const name = "isTop" in parent ? `${parent.family}` : formatPrefix(parent);
    const known = children.get(name) ?? { parent, planned: [] };
    known.planned.push(prefixInterval(prefix));
    children.set(name, known);
    open.push(prefix);
    const text = formatPrefix(prefix);
    const id = newIdAt("ip", at);
    if (place >= shown) return id;
    const item: IpItem = { ...newIp.parse({ prefix: text }), ...said, id, space, modifiedOn: at.toISOString() };
    writes.push(put(IpItem, item), put(IpIdItem, { id, space, prefix: text }));
    writes.push(...indexEntriesOf(item).map((entry) => put(IndexItem, entry)));
    return id;
  });
  for (const { parent, planned } of children.values())
    for (const window of windowsFor(parent, unionIntervals(planned)))
      writes.push(put(WindowItem, toWindowItem(space, parent, window)));
  for (const family of [4, 6] as const) {
    const own = sorted.filter((prefix) => prefix.family === family);
    const lengths = [...new Set(own.map(({ length }) => length))].sort((one, other) => one - other);
    if (lengths.length > 0) writes.push(put(IpLengthsItem, { space, family, lengths }));
    for (const length of lengths)
      writes.push(plannedLengthWrite(formatPrefix(own.find((prefix) => prefix.length === length) as Prefix)));
  }
  for (let start = 0; start < writes.length; start += 10_000)
    await context.table.load(writes.slice(start, start + 10_000));
  return ids;
}
