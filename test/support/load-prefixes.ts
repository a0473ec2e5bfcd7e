import { IpIdItem, IpItem, IpLengthsItem, WindowItem } from "@cadastre/core/addresses/tree/items";
import { NO_LAYERS } from "@cadastre/core/addresses/tree/layers";
import {
  cutWindow,
  type Parent,
  partsOf,
  placeOf,
  toWindowItem,
  type Window,
} from "@cadastre/core/addresses/tree/window";
import { commonIntervals, prefixInterval, unionIntervals } from "@cadastre/net/interval";
import { parsePrefix } from "@cadastre/net/prefix";
import { put, type Table } from "@cadastre/store/table";

const AT = "2026-11-22T05:00:00.000Z";

const cutAll = (window: Window): Window[] => {
  const parts = cutWindow(window);
  return parts.length === 1 ? parts : parts.flatMap(cutAll);
};

function windowsOf(parent: Parent, children: readonly string[]): Window[] {
  const planned = unionIntervals(children.map((text) => prefixInterval(parsePrefix(text))));
  return partsOf(parent, placeOf(parent)).flatMap((part) =>
    cutAll({ ...part, layers: { ...NO_LAYERS, planned: commonIntervals(planned, [part]) }, held: [] }),
  );
}

/** The n-th id of prefixes that are loaded. */
export const loadedId = (n: number): string => `ip_01JD${String(n).padStart(22, "0")}`;

const toItem = (space: string, prefix: string, n: number): IpItem => ({
  id: loadedId(n),
  space,
  prefix,
  name: `net ${n}`,
  description: "",
  status: "active",
  pool: false,
  tags: {},
  owner: "",
  attributes: {},
  source: "manual",
  createdOn: AT,
  createdBy: "service-account:sva_1",
  modifiedOn: AT,
  revision: 1,
});

interface Loading {
  readonly space: string;
  /** What is directly below the top of its family. */
  readonly parent: string;
  /** What is directly in it. */
  readonly children: readonly string[];
  /** How many of the children are written as items; the windows say of all of them that they are there. */
  readonly written?: number;
}

/**
 * Writes prefixes as if they had been made one after the other, without history: the parent has the id `loadedId(0)`, its children those from
 * `loadedId(1)` on. Answers how many windows that makes.
 */
export async function loadPrefixes(table: Table, { space, parent, children, written }: Loading): Promise<number> {
  const place = parsePrefix(parent);
  const { family } = place;
  const prefixes = [parent, ...children];
  const items = prefixes
    .slice(0, written === undefined ? prefixes.length : written + 1)
    .map((prefix, n) => toItem(space, prefix, n));
  const lengths = [...new Set(prefixes.map((prefix) => parsePrefix(prefix).length))].sort((one, other) => one - other);
  const top = { family, isTop: true } as const;
  const windows = [
    ...windowsOf(place, children).map((window) => toWindowItem(space, place, window)),
    ...windowsOf(top, [parent]).map((window) => toWindowItem(space, top, window)),
  ];
  await table.load([
    put(IpLengthsItem, { space, family, lengths }),
    ...items.flatMap((item) => [put(IpItem, item), put(IpIdItem, { id: item.id, space, prefix: item.prefix })]),
    ...windows.map((window) => put(WindowItem, window)),
  ]);
  return windows.length;
}
