import { prefixInterval, unionIntervals } from "@cadastre/net/interval";
import { withinRange } from "@cadastre/net/key";
import { contains, type Prefix, parsePrefix } from "@cadastre/net/prefix";
import type { Table } from "@cadastre/store/table";
import type { Edit } from "./edit.ts";
import { type IpItem, ObservedItem, observedPartition } from "./items.ts";
import { joinLayers, type Layers, NO_LAYERS, within, without } from "./layers.ts";
import { queryAll } from "./query-all.ts";
import type { Held, Parent, Window } from "./window.ts";

/** What is said of a prefix that has a place in the windows of its parent. */
export type Placed = Pick<IpItem, "prefix" | "status" | "reserveUntil">;

/** What a place says, as one: layers, and what is held in it. */
interface Content {
  readonly layers: Layers;
  readonly held: readonly Held[];
  /** When the first reservation in it ends, or one beside it. */
  readonly endsAt?: string | undefined;
}

const isIn = (outer: Prefix, { prefix }: Held): boolean => contains(outer, parsePrefix(prefix));

const earliest = (one: string | undefined, other: string | undefined): string | undefined =>
  one === undefined || other === undefined ? (one ?? other) : one < other ? one : other;

function contentOf(windows: readonly Window[], at: Prefix): Content {
  const place = prefixInterval(at);
  const held = windows.flatMap((window) => window.held.filter((one) => isIn(at, one)));
  return {
    layers: windows.reduce((all, window) => joinLayers(all, within(window.layers, place)), NO_LAYERS),
    held: [...new Map(held.map((one) => [`${one.prefix} ${one.by}`, one])).values()],
    endsAt: windows.reduce<string | undefined>((first, window) => earliest(first, window.endsAt), undefined),
  };
}

const isEmpty = ({ layers, held }: Content): boolean =>
  held.length === 0 && Object.values(layers).every((intervals) => intervals.length === 0);

/** What a planned prefix is in the windows of what it is directly in. */
function placed({ prefix, status }: Placed): Layers {
  const place = [prefixInterval(parsePrefix(prefix))];
  return { ...NO_LAYERS, planned: place, reserved: status === "reserved" ? place : [] };
}

/** Blocks that are seen in a space inside a prefix, which is none of them, as one layer. */
async function seenInside(table: Table, space: string, at: Prefix) {
  const { from, to } = withinRange(at);
  const items = await queryAll(table, ObservedItem, {
    partition: observedPartition(space),
    sort: { from, to: `${to}~` },
    consistent: true,
  });
  const blocks = items.map(({ prefix }) => parsePrefix(prefix)).filter(({ length }) => length > at.length);
  return unionIntervals(blocks.map(prefixInterval));
}

async function put(edit: Edit, parent: Parent, at: Prefix, { layers, held, endsAt }: Content): Promise<void> {
  await edit.change(parent, prefixInterval(at), (window, part) => ({
    ...window,
    layers: joinLayers(without(window.layers, part), within(layers, part)),
    held: [...window.held.filter((one) => !isIn(at, one)), ...held],
    endsAt: earliest(window.endsAt, endsAt),
  }));
}

/**
 * Puts a prefix into the windows of what it is directly in. What was directly there inside it is directly in it from now on: that moves
 * from the windows of the one to those of the other, and nothing else knows of it.
 */
export async function insertPlaced(edit: Edit, table: Table, space: string, parent: Parent, ip: Placed): Promise<void> {
  const at = parsePrefix(ip.prefix);
  const inside = contentOf(await edit.windowsIn(parent, prefixInterval(at)), at);
  const observed = inside.layers.observed.length === 0 ? [] : await seenInside(table, space, at);
  const own: Content = { ...inside, layers: { ...inside.layers, observed } };
  const rest = ip.status === "reserved" ? ip.reserveUntil : undefined;
  // What is seen there stays seen, whoever it is planned for: a block may be larger than the prefix.
  const layers = { ...placed(ip), observed: inside.layers.observed };
  await put(edit, parent, at, { layers, held: [], endsAt: rest });
  if (!isEmpty(own)) await put(edit, at, at, own);
}

/** Takes a prefix out of the windows of its parent: what was directly in it is directly in that from now on. */
export async function removePlaced(edit: Edit, parent: Parent, prefix: string): Promise<void> {
  const at = parsePrefix(prefix);
  const inside = contentOf(await edit.drop(at), at);
  const { observed } = contentOf(await edit.windowsIn(parent, prefixInterval(at)), at).layers;
  await put(edit, parent, at, { ...inside, layers: { ...inside.layers, observed } });
}

/** Has a prefix stand in the windows of its parent as its status is now. */
export async function restatePlaced(edit: Edit, parent: Parent, ip: Placed): Promise<void> {
  const at = parsePrefix(ip.prefix);
  await edit.change(parent, prefixInterval(at), (window, part) => ({
    ...window,
    layers: { ...window.layers, reserved: joinLayers(without(window.layers, part), within(placed(ip), part)).reserved },
    endsAt: earliest(window.endsAt, ip.status === "reserved" ? ip.reserveUntil : undefined),
  }));
}
