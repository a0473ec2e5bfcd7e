import { addressBits, type Family } from "@cadastre/net/address";
import { type Interval, unionIntervals } from "@cadastre/net/interval";
import { addressCount, formatPrefix, type Prefix, parsePrefix } from "@cadastre/net/prefix";
import type { Stored } from "@cadastre/store/table";
import type { WindowItem } from "./items.ts";
import { fromLayerText, LAYERS, type Layers, NO_LAYERS, toLayerText, within } from "./layers.ts";

/** Whose windows are meant: those of a prefix, or of what no prefix of a family contains. */
export type Parent = Prefix | { readonly family: Family; readonly isTop: true };

/** What is kept free of allocations until a time, or for good. */
export interface Held {
  readonly prefix: string;
  readonly until?: string | undefined;
  /** The id of what holds it. */
  readonly by: string;
}

/** A part of a parent: the layers of its addresses, and the version of its item when it is stored. */
export interface Window extends Interval {
  readonly layers: Layers;
  readonly held: readonly Held[];
  readonly endsAt?: string | undefined;
  readonly version?: number | undefined;
}

/** A parent has sixteen windows at first, or as many as it has addresses; one that grows is cut into sixteen again. */
const CUT_BITS = 4;
const PARTS = 1n << BigInt(CUT_BITS);
/** Windows that one becomes that is cut. */
export const PARTS_OF_CUT = Number(PARTS);

/** Characters of a window's layers from which on it is cut: about two write units. */
const MOST_TEXT = 1500;

const DIGITS = 32;

const isTop = (parent: Parent): parent is Extract<Parent, { isTop: true }> => "isTop" in parent;

/** How a parent is named in its windows. */
export const parentName = (parent: Parent): string => (isTop(parent) ? String(parent.family) : formatPrefix(parent));

const wholeOf = (parent: Parent): Interval => {
  const { family } = parent;
  const [first, count] = isTop(parent)
    ? [0n, 1n << BigInt(addressBits(family))]
    : [parent.network, addressCount(parent)];
  return { family, first, last: first + count - 1n };
};

const sizeOf = ({ first, last }: Interval): bigint => last - first + 1n;

function cut({ family, first, last }: Interval, size: bigint): Interval[] {
  const parts: Interval[] = [];
  for (let start = first; start <= last; start += size) parts.push({ family, first: start, last: start + size - 1n });
  return parts;
}

const partSize = (whole: Interval): bigint => {
  const size = sizeOf(whole) / PARTS;
  return size === 0n ? 1n : size;
};

/** The sixteenths of a parent that meet a place, in their order. */
export function partsOf(parent: Parent, place: Interval): Interval[] {
  const whole = wholeOf(parent);
  const size = partSize(whole);
  const first = place.first < whole.first ? whole.first : place.first;
  const last = place.last > whole.last ? whole.last : place.last;
  const start = first - ((first - whole.first) % size);
  return cut({ family: whole.family, first: start, last: last - ((last - whole.first) % size) + size - 1n }, size);
}

/** All addresses of a parent. */
export const placeOf = wholeOf;

/** 32 digits that sort as addresses do. */
export const firstDigits = (first: bigint): string => first.toString(16).padStart(DIGITS, "0");

const emptyWindow = (place: Interval): Window => ({ ...place, layers: NO_LAYERS, held: [] });

/** A window of its item. */
export function toWindow(item: Stored<WindowItem>): Window {
  const family = item.parent.includes("/") ? parsePrefix(item.parent).family : (Number(item.parent) as Family);
  const first = BigInt(`0x${item.first}`);
  const layers = Object.fromEntries(LAYERS.map((name) => [name, fromLayerText(item[name], family, first)])) as Record<
    keyof Layers,
    Interval[]
  >;
  const { held, endsAt, version } = item;
  return { family, first, last: BigInt(`0x${item.last}`), layers, held, endsAt, version };
}

/** The item of a window. */
export function toWindowItem(space: string, parent: Parent, window: Window): WindowItem {
  const texts = Object.fromEntries(LAYERS.map((name) => [name, toLayerText(window.layers[name], window.first)]));
  return {
    space,
    parent: parentName(parent),
    first: firstDigits(window.first),
    last: firstDigits(window.last),
    ...(texts as Record<keyof Layers, string>),
    held: [...window.held],
    ...(window.endsAt === undefined ? {} : { endsAt: window.endsAt }),
  };
}

/** The windows of a place, of those that are stored and, where none is, of sixteenths that are empty. In the order of addresses. */
export function fillWindows(parent: Parent, place: Interval, stored: readonly Window[]): Window[] {
  const known = stored.toSorted((one, other) => (one.first < other.first ? -1 : 1));
  const windows = partsOf(parent, place).flatMap((part) => {
    const inside = known.filter(({ first }) => first >= part.first && first <= part.last);
    return inside.length === 0 ? [emptyWindow(part)] : inside;
  });
  return windows.filter(({ first, last }) => first <= place.last && last >= place.first);
}

const textLength = ({ layers, first }: Window): number =>
  LAYERS.reduce((sum, name) => sum + toLayerText(layers[name], first).length, 0);

const meets = (prefix: string, { first, last }: Interval): boolean => {
  const held = wholeOf(parsePrefix(prefix));
  return held.first <= last && held.last >= first;
};

/** A window that has grown as sixteen, which have its version at the first of them: the one that is where it is. */
export function cutWindow(window: Window): Window[] {
  if (textLength(window) <= MOST_TEXT || sizeOf(window) === 1n) return [window];
  return cut(window, partSize(window)).map((place, index) => ({
    ...place,
    layers: within(window.layers, place),
    held: window.held.filter(({ prefix }) => meets(prefix, place)),
    endsAt: window.endsAt,
    version: index === 0 ? window.version : undefined,
  }));
}

/** All that nothing new is to be put on: what is planned, populated, seen, or held at the time. */
export function takenIn({ layers, held }: Window, now: string): Interval[] {
  const kept = held
    .filter(({ until }) => until === undefined || until > now)
    .map(({ prefix }) => wholeOf(parsePrefix(prefix)));
  return unionIntervals([...layers.planned, ...layers.populated, ...layers.observed, ...kept]);
}
