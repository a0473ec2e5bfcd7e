import type { Interval } from "@cadastre/net/interval";
import { check, create, remove, replace, type Table, type Write } from "@cadastre/store/table";
import { spacePartition, WindowItem, windowsOf } from "./items.ts";
import { queryAll } from "./query-all.ts";
import {
  cutWindow,
  fillWindows,
  firstDigits,
  type Parent,
  parentName,
  partsOf,
  placeOf,
  toWindow,
  toWindowItem,
  type Window,
} from "./window.ts";

/**
 * The windows of a parent that meet a place, stored or not: sixteenths of which nothing is stored are empty. One query. Reads strongly
 * unless told otherwise.
 */
export async function readWindows(
  table: Table,
  space: string,
  parent: Parent,
  place: Interval = placeOf(parent),
  { consistent = true }: { readonly consistent?: boolean } = {},
): Promise<Window[]> {
  const parts = partsOf(parent, place);
  const beginning = windowsOf(parentName(parent));
  const [first] = parts;
  const last = parts.at(-1);
  if (first === undefined || last === undefined) return [];
  const stored = await queryAll(table, WindowItem, {
    partition: spacePartition(space),
    sort: { from: beginning + firstDigits(first.first), to: beginning + firstDigits(last.last) },
    consistent,
  });
  return fillWindows(parent, place, stored.map(toWindow));
}

interface Loaded {
  readonly parent: Parent;
  /** The sixteenths that were read. */
  readonly read: Set<bigint>;
  /** As they are after what was changed, in any order. */
  windows: Window[];
  readonly changed: Set<bigint>;
  isDropped: boolean;
}

/**
 * Changes of the windows of a space that go into one commit. What is changed is read before, and written at the version that was read, so that
 * of two who change what one window says only one commits, whether what they change is the same or not.
 */
export function createEdit(table: Table, space: string) {
  const parents = new Map<string, Loaded>();

  const loadedOf = (parent: Parent): Loaded => {
    const name = parentName(parent);
    const known = parents.get(name);
    if (known) return known;
    const made: Loaded = { parent, read: new Set(), windows: [], changed: new Set(), isDropped: false };
    parents.set(name, made);
    return made;
  };

  /** The windows of a parent that meet a place, as they are after what was changed. */
  async function windowsIn(parent: Parent, place: Interval): Promise<readonly Window[]> {
    const loaded = loadedOf(parent);
    const missing = partsOf(parent, place).filter(({ first }) => !loaded.read.has(first));
    const [from] = missing;
    const to = missing.at(-1);
    if (from && to) {
      const region = { family: place.family, first: from.first, last: to.last };
      const fresh = await readWindows(table, space, parent, region);
      const known = loaded.windows;
      loaded.windows = [...known, ...fresh.filter(({ first }) => !known.some((one) => one.first === first))];
      for (const { first } of partsOf(parent, region)) loaded.read.add(first);
    }
    return loaded.windows
      .filter(({ first, last }) => first <= place.last && last >= place.first)
      .sort((one, other) => (one.first < other.first ? -1 : 1));
  }

  /** Changes each window that meets a place, which is given with it as far as it is in the window. */
  async function change(
    parent: Parent,
    place: Interval,
    edit: (window: Window, part: Interval) => Window,
  ): Promise<void> {
    const loaded = loadedOf(parent);
    for (const window of await windowsIn(parent, place)) {
      const first = place.first > window.first ? place.first : window.first;
      const last = place.last < window.last ? place.last : window.last;
      const next = edit(window, { family: place.family, first, last });
      loaded.windows = loaded.windows.map((one) => (one === window ? next : one));
      loaded.changed.add(window.first);
    }
  }

  /** Takes all windows of a parent away, which is to be no more. Answers them as they were. */
  async function drop(parent: Parent): Promise<readonly Window[]> {
    const windows = await windowsIn(parent, placeOf(parent));
    loadedOf(parent).isDropped = true;
    return windows;
  }

  /** Whether a window is made that was not there: then nothing else says that its parent still is. */
  function makesWindowsOf(parent: Parent): boolean {
    const { changed, windows } = loadedOf(parent);
    return windows.some(({ first, version }) => version === undefined && changed.has(first));
  }

  function writesOf({ parent, windows, changed, isDropped }: Loaded): Write[] {
    const key = ({ first }: Window) => ({ space, parent: parentName(parent), first: firstDigits(first) });
    if (isDropped) {
      return windows.map((window) =>
        window.version === undefined
          ? check(WindowItem, key(window), "absent")
          : remove(WindowItem, key(window), window.version),
      );
    }
    return windows
      .filter(({ first }) => changed.has(first))
      .flatMap(cutWindow)
      .map((window) => {
        const item = toWindowItem(space, parent, window);
        return window.version === undefined ? create(WindowItem, item) : replace(WindowItem, item, window.version);
      });
  }

  return {
    windowsIn,
    change,
    drop,
    makesWindowsOf,
    /** What the commit has to write of them. */
    writes: (): Write[] => [...parents.values()].flatMap(writesOf),
  };
}

export type Edit = ReturnType<typeof createEdit>;
