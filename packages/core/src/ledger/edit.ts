import { create, remove, replace, type Write } from "@cadastre/store/table";
import { type Edit, GONE, pageDigest, pageOf } from "./entry.ts";
import {
  entriesOf,
  LedgerPageItem,
  packDigests,
  packEntry,
  SetItem,
  type StoredPage,
  type StoredSet,
  unpackDigests,
} from "./items.ts";
import type { Quiet } from "./quiet.ts";
import { countScopes } from "./scope-count.ts";
import { decideInterval } from "./stale.ts";

/** Items of the ledger that one commit writes at the most; the rest of its 100 writes is the caller's. */
const MOST_ITEMS = 60;
/** About what a packed entry takes, and what all pages of one commit may, of the 4 MB of a transaction. */
const ENTRY_BYTES = 150;
const MOST_BYTES = 2_000_000;

/** An edit of the scope of this name, which is in this page. */
export interface PlacedEdit {
  readonly name: string;
  readonly page: number;
  readonly edit: Edit;
}
export type StoredPages = ReadonlyMap<number, StoredPage | undefined>;

/** The set of the run that edits. */
export interface OwnSet {
  readonly set: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** When the run began to look, where it reports the set just now: epoch milliseconds. */
  readonly lookedAt?: number;
  /** Whether the run reports the set just now; otherwise the set's time stays as it is. */
  readonly isReported: boolean;
  /** Until the next run, as this one announces: milliseconds. */
  readonly announced?: number | undefined;
  /** Its quiet runs, once it is reported. */
  readonly quiet?: Quiet | undefined;
}

/** In the order of pages, so that the edits of a page go into one commit as long as it has room. */
export function placeEdits(edits: ReadonlyMap<string, Edit>): PlacedEdit[] {
  const placed = [...edits].map(([name, edit]) => ({ name, page: pageOf(name), edit }));
  return placed.sort((a, b) => a.page - b.page);
}

/** How many of the edits, from the first on, one commit can take, and the sets that they concern. */
export function cutEdits(
  stored: StoredPages,
  edits: readonly PlacedEdit[],
  own: string,
): { readonly count: number; readonly sets: ReadonlySet<string> } {
  const sets = new Set([own]);
  let current: number | undefined;
  let pages = 0;
  let bytes = 0;
  let known = new Map<string, string>();
  for (const [count, { name, page }] of edits.entries()) {
    if (page !== current) {
      current = page;
      pages++;
      known = new Map(entriesOf(stored.get(page)).map((entry) => [entry.name, entry.set]));
      bytes += known.size * ENTRY_BYTES;
    }
    bytes += ENTRY_BYTES;
    const set = known.get(name) ?? own;
    const items = pages + sets.size + (sets.has(set) ? 0 : 1);
    if (count > 0 && (items > MOST_ITEMS || bytes > MOST_BYTES)) return { count, sets };
    sets.add(set);
  }
  return { count: edits.length, sets };
}

/**
 * The writes that make edits so: each page that changes, and with it, for each set that has or had an entry concerned, the
 * digest that the set has of that page. What is left without scopes goes, sets and pages alike. Scopes of which a first run is
 * settled are counted, and no longer once their entry goes.
 */
export function decideEdits(
  source: string,
  stored: { readonly pages: StoredPages; readonly sets: ReadonlyMap<string, StoredSet> },
  edits: readonly PlacedEdit[],
  own: OwnSet,
): Write[] {
  const digests = new Map<string, Map<number, string | undefined>>();
  const pageWrites: Write[] = [];
  const appeared: string[] = [];
  const gone: string[] = [];
  for (const [page, placed] of Map.groupBy(edits, (one) => one.page)) {
    const before = stored.pages.get(page);
    const entries = new Map(entriesOf(before).map((entry) => [entry.name, entry]));
    const concerned = new Set<string>();
    for (const { name, edit } of placed) {
      const entry = entries.get(name);
      const next = edit(entry, entry && stored.sets.get(entry.set)?.at);
      if (!next) continue;
      if (entry) concerned.add(entry.set);
      if (next === GONE) {
        entries.delete(name);
        if (entry?.status !== undefined) gone.push(name);
        continue;
      }
      entries.set(name, next);
      if (entry?.status === undefined && next.status !== undefined) appeared.push(name);
      concerned.add(next.set);
    }
    if (concerned.size === 0) continue;
    for (const set of concerned) {
      const of = digests.get(set) ?? new Map<number, string | undefined>();
      digests.set(set, of.set(page, pageDigest([...entries.values()].filter((entry) => entry.set === set))));
    }
    const item: LedgerPageItem = { source, page, scopes: [...entries.values()].map(packEntry) };
    if (!before) pageWrites.push(create(LedgerPageItem, item));
    else if (entries.size > 0) pageWrites.push(replace(LedgerPageItem, item, before.version));
    else pageWrites.push(remove(LedgerPageItem, before, before.version));
  }
  const sets = new Set([...digests.keys(), ...(own.isReported ? [own.set] : [])]);
  const setWrites = [...sets].map((set) => toSetWrite(source, set, stored.sets.get(set), digests.get(set), own));
  return [...pageWrites, ...setWrites, ...countScopes(source, { appeared, gone })];
}

function toSetWrite(
  source: string,
  set: string,
  before: StoredSet | undefined,
  changes: ReadonlyMap<number, string | undefined> | undefined,
  own: OwnSet,
): Write {
  const digests = before ? unpackDigests(before.digests) : new Map<number, string>();
  for (const [page, digest] of changes ?? []) {
    if (digest === undefined) digests.delete(page);
    else digests.set(page, digest);
  }
  const isOwn = set === own.set;
  if (before && digests.size === 0 && !isOwn) return remove(SetItem, { source, set }, before.version);
  const isReported = isOwn && own.isReported;
  const at = before && !isReported ? before.at : own.at;
  const looks = [before?.lookedAt, isReported ? own.lookedAt : undefined].filter((one) => one !== undefined);
  const interval = before && isReported ? decideInterval(before.interval, own.at - before.at) : before?.interval;
  const { announced, quiet } = isReported ? own : (before ?? {});
  const next: SetItem = {
    source,
    set,
    at,
    ...(looks.length === 0 ? {} : { lookedAt: Math.max(...looks) }),
    ...(interval === undefined ? {} : { interval }),
    ...(announced === undefined ? {} : { announced }),
    ...(quiet === undefined ? {} : { quiet: { ...quiet } }),
    digests: packDigests(digests),
  };
  return before ? replace(SetItem, next, before.version) : create(SetItem, next);
}
