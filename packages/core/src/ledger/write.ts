import { create, replace, type Stored, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { cutEdits, decideEdits, type OwnSet, placeEdits, type StoredPages } from "./edit.ts";
import type { Edit } from "./entry.ts";
import { SourceItem, type StoredSet } from "./items.ts";
import { readPages, readSets } from "./read.ts";

/** Pages that are read for one commit: as many would not fit in it, with the set of the run that edits. */
const MOST_PAGES = 60;

/** Pages and sets that were just read strongly; undefined for what is not there. */
export interface KnownLedger {
  readonly pages: StoredPages;
  readonly sets: ReadonlyMap<string, StoredSet | undefined>;
}

const NOTHING_KNOWN: KnownLedger = { pages: new Map(), sets: new Map() };

/** What is known, with what is not known yet read strongly. */
async function readMissing(
  context: Context,
  source: string,
  known: KnownLedger,
  numbers: readonly number[],
): Promise<StoredPages> {
  const unread = numbers.filter((page) => !known.pages.has(page));
  return new Map([...known.pages, ...(await readPages(context, source, unread, { consistent: true }))]);
}

async function readMissingSets(
  context: Context,
  source: string,
  known: KnownLedger,
  sets: ReadonlySet<string>,
): Promise<Map<string, StoredSet>> {
  const unread = [...sets].filter((set) => !known.sets.has(set));
  const read = await readSets(context, source, unread, { consistent: true });
  return new Map([...known.sets, ...read].flatMap(([set, item]) => (item ? [[set, item] as const] : [])));
}

/**
 * Makes edits of a source's ledger, and answers the writes of the last commit, at most 60, which the caller makes with its own
 * and with the record of what it does. What does not fit in it is committed before: each of those commits is whole in itself,
 * because a page is written with what the sets have of it. Refused by the table's ConflictError when another run edits the
 * same pages; done again it goes on. `known` saves reading again.
 */
export async function editLedger(
  context: Context,
  source: string,
  edits: ReadonlyMap<string, Edit>,
  own: OwnSet,
  known: KnownLedger = NOTHING_KNOWN,
): Promise<Write[]> {
  let rest = placeEdits(edits);
  for (let fresh = known; ; fresh = NOTHING_KNOWN) {
    const numbers = [...new Set(rest.map(({ page }) => page))].slice(0, MOST_PAGES);
    const pages = await readMissing(context, source, fresh, numbers);
    const { count, sets } = cutEdits(pages, rest, own.set);
    const isLast = count === rest.length;
    const stored = { pages, sets: await readMissingSets(context, source, fresh, sets) };
    const part = rest.slice(0, count);
    const writes = decideEdits(source, stored, part, isLast ? own : { ...own, isReported: false });
    if (isLast) return writes;
    await context.table.commit(writes);
    rest = rest.slice(count);
  }
}

/** What is known of a source, read strongly; undefined before its first run. */
export const readSource = ({ table }: Context, source: string): Promise<Stored<SourceItem> | undefined> =>
  table.get(SourceItem, { source }, { consistent: true });

/** The write that makes a source known, for the commit of its first run. */
export const firstOf = ({ now }: Context, source: string): Write =>
  create(SourceItem, { source, firstSeenAt: now().toISOString() });

/** The write that notes of which generation a scope was that is forgotten, so that those which come after it are not taken for it. */
export function noteForgotten({ version, ...item }: Stored<SourceItem>, generation: number): Write {
  return replace(SourceItem, { ...item, forgotten: Math.max(item.forgotten ?? 0, generation) }, version);
}
