import { type Interval, remainingIntervals, unionIntervals } from "@cadastre/net/interval";
import { COMMIT_LIMIT, check, create, remove, replace, type Table, type Write } from "@cadastre/store/table";
import { WindowItem } from "./items.ts";
import { readWindows } from "./read-windows.ts";
import {
  cutWindow,
  firstDigits,
  PARTS_OF_CUT,
  type Parent,
  parentName,
  placeOf,
  toWindowItem,
  type Window,
} from "./window.ts";

/** What a record, its lists, the claim of a request and a few checks take of a commit. */
const RECORDED = 6;
export const MOST_WRITES = COMMIT_LIMIT - RECORDED;

interface Loaded {
  readonly parent: Parent;
  /** The places that were read, as `toIntervals` makes them. */
  read: readonly Interval[];
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
    const made: Loaded = { parent, read: [], windows: [], changed: new Set(), isDropped: false };
    parents.set(name, made);
    return made;
  };

  /** The windows of a parent that meet a place, as they are after what was changed. */
  async function windowsIn(parent: Parent, place: Interval): Promise<readonly Window[]> {
    const loaded = loadedOf(parent);
    for (const missing of remainingIntervals([place], loaded.read)) {
      const fresh = await readWindows(table, space, parent, missing);
      const known = loaded.windows;
      loaded.windows = [...known, ...fresh.filter(({ first }) => !known.some((one) => one.first === first))];
      loaded.read = unionIntervals([...loaded.read, missing, ...fresh]);
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

  function writesOf({ parent, windows, changed, isDropped }: Loaded, cuts: { left: number }): Write[] {
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
      .flatMap((window) => {
        // One that is cut in a later commit is only larger until then.
        const parts = cuts.left > 0 ? cutWindow(window) : [window];
        if (parts.length > 1) cuts.left -= 1;
        return parts;
      })
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
    /** What the commit has to write of them, beside so many others: windows that have grown are cut while there is room for that. */
    writes(besides: number): Write[] {
      const all = [...parents.values()];
      const least = all.reduce(
        (sum, { windows, changed, isDropped }) => sum + (isDropped ? windows : [...changed]).length,
        0,
      );
      const cuts = { left: Math.floor((MOST_WRITES - besides - least) / (PARTS_OF_CUT - 1)) };
      return all.flatMap((loaded) => writesOf(loaded, cuts));
    },
  };
}

export type Edit = ReturnType<typeof createEdit>;
