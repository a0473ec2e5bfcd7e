import type { ScopeStatus } from "@cadastre/contract/scope";
import type { ScopeEntry } from "../ledger/entry.ts";
import type { StaleItem, StoredSet } from "../ledger/items.ts";
import { toReported } from "../ledger/read.ts";
import { decideStale } from "../ledger/stale.ts";

/** A source's sets, by their names. */
type Sets = ReadonlyMap<string, StoredSet>;

/** What is to be looked at of a source, because marks may not be as they should. */
export interface StalePlan {
  /** Of the ledger. */
  readonly pages: readonly number[];
  /** Stale sets whose scopes all have a mark once the pages were looked at, and the version that this holds for. */
  readonly sets: Readonly<Record<string, number>>;
}

/** So many sets are followed at a time; further ones come in the next run. */
const MOST_SETS = 50;

/** The stale sets of a source that are not known to be marked whole. */
const unmarkedOf = (sets: Sets, now: number): StoredSet[] =>
  [...sets.values()].filter((set) => !set.marked && decideStale(set, now)).slice(0, MOST_SETS);

/** Whether every set is marked as it stands: then nothing has changed since, and its marks need not be read. */
export const isAllMarked = (sets: Sets): boolean => [...sets.values()].every(({ marked }) => marked === true);

/**
 * The pages that have scopes of stale sets without a mark, and those with marks whose set has changed since. A set that is marked
 * whole, and was not written since, has marks that are right.
 */
export function decidePlan(
  sets: Sets,
  pagesOf: (set: StoredSet) => Iterable<number>,
  marks: readonly StaleItem[],
  now: number,
): StalePlan | undefined {
  const unmarked = unmarkedOf(sets, now);
  const doubtful = marks.filter(({ set }) => sets.get(set)?.marked !== true);
  const pages = new Set([...unmarked.flatMap((set) => [...pagesOf(set)]), ...doubtful.map(({ page }) => page)]);
  if (unmarked.length === 0 && pages.size === 0) return undefined;
  return {
    pages: [...pages].sort((a, b) => a - b),
    sets: Object.fromEntries(unmarked.map(({ set, version }) => [set, version])),
  };
}

/** A scope that some run completed. */
type KnownEntry = ScopeEntry & { readonly status: ScopeStatus };

/** `stale`: to be marked and told; `back`: reported again, the mark goes; `moved`: the mark names another set. */
export type MarkChange<Mark> =
  | { readonly becomes: "stale"; readonly entry: KnownEntry; readonly mark?: undefined }
  | { readonly becomes: "back" | "moved"; readonly entry: KnownEntry; readonly mark: Mark };

const isKnown = (entry: ScopeEntry): entry is KnownEntry => entry.status !== undefined;

export interface PageMarks<Mark> {
  readonly changes: readonly MarkChange<Mark>[];
  /** Sets that are old and have scopes which are not stale yet, because a run on them took long. */
  readonly awake: ReadonlySet<string>;
}

/** What becomes of the marks of one page. Scopes that no run was ever completed for have none. */
export function decideMarks<Mark extends StaleItem>(
  entries: readonly ScopeEntry[],
  sets: Sets,
  marks: ReadonlyMap<string, Mark>,
  now: number,
): PageMarks<Mark> {
  const awake = new Set<string>();
  const changes = entries.flatMap((entry): MarkChange<Mark>[] => {
    if (!isKnown(entry)) return [];
    const mark = marks.get(entry.name);
    const isStale = decideStale(toReported(entry, sets.get(entry.set)), now);
    if (!isStale) {
      awake.add(entry.set);
      return mark ? [{ entry, mark, becomes: "back" }] : [];
    }
    if (!mark) return [{ entry, becomes: "stale" }];
    return mark.set === entry.set ? [] : [{ entry, mark, becomes: "moved" }];
  });
  return { changes, awake };
}
