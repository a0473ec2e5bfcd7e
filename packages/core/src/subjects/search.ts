import * as z from "zod";
import type { Context } from "../context.ts";
import { type Cursors, createCursors } from "../cursor.ts";
import type { Listed, ListOptions } from "../lists.ts";
import type { Filters } from "./filters.ts";
import { IndexItem } from "./items.ts";
import { type SubjectRef, subjectOf } from "./keys.ts";
import { boundsAfter, isInRange, planReferring, planSearch } from "./plan.ts";
import { readPrefixLengths } from "./prefix-lengths.ts";
import type { AnySubject, IndexRange } from "./subject.ts";

/** Index entries that one request reads at the most; a page may then be short, or empty, with a cursor to go on. */
const MOST_ENTRIES = 5000;

/** Where a page ended: a range by its rank, and the sort key of the last entry of it. */
const position = z.object({ rank: z.string(), after: z.string() });
type Position = z.output<typeof position>;

interface Proposal {
  readonly subject: SubjectRef;
  readonly at: Position;
}

/** Found by the search: which type, and the item as its subject reads it. */
interface Found<Item> {
  readonly type: string;
  readonly item: Item;
  readonly at: Position;
}

/**
 * Entries of the ranges in order, from a position on, a page at a time. With `ahead` the first pages of all ranges are read at
 * once: what contains an address is a handful of entries in as many ranges as there are prefix lengths.
 */
async function* propose(
  context: Context,
  ranges: readonly IndexRange[],
  from: Position | undefined,
  options: { pageSize: number; ahead: boolean },
): AsyncGenerator<Proposal[]> {
  const read = (range: IndexRange, after: string | undefined) => {
    const sort = after === undefined ? range.sort : boundsAfter(range.sort, after);
    const limit = options.pageSize;
    return context.table.query(IndexItem, { partition: range.partition, ...(sort ? { sort } : {}), limit });
  };
  const first = (range: IndexRange) => read(range, range.rank === from?.rank ? from.after : undefined);
  const left = ranges.filter((range) => from === undefined || range.rank >= from.rank);
  const begun = options.ahead ? await Promise.all(left.map(first)) : [];
  for (const [index, range] of left.entries()) {
    let page = begun[index] ?? (await first(range));
    for (;;) {
      yield page.items.map((entry) => ({ subject: subjectOf(entry), at: { rank: range.rank, after: entry.s } }));
      const last = page.items.at(-1);
      if (page.cursor === undefined || !last) break;
      page = await read(range, last.s);
    }
  }
}

/** Whether this proposal is the first of those that the ranges make of a subject: only there it is shown. */
function isFirst(subject: AnySubject, item: unknown, ranges: readonly IndexRange[], at: Position): boolean {
  const entries = subject.entries(item);
  for (const range of ranges) {
    const own = entries.filter((entry) => isInRange(range, entry)).map((entry) => entry.s);
    if (own.length === 0) continue;
    return range.rank === at.rank && own.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))[0] === at.after;
  }
  // Its entries changed since: whatever proposed it, it is what was asked for.
  return true;
}

async function readAll(
  context: Context,
  { subjects, filters }: Pick<Walk, "subjects" | "filters">,
  proposals: readonly Proposal[],
): Promise<unknown[]> {
  const items = new Map<Proposal, unknown>();
  await Promise.all(
    subjects.map(async (subject) => {
      const own = proposals.filter((proposal) => proposal.subject.type === subject.type);
      if (own.length === 0) return;
      const keys = own.map((proposal) => proposal.subject.key);
      for (const [at, item] of (await subject.read(context, keys, filters)).entries())
        items.set(own[at] as Proposal, item);
    }),
  );
  return proposals.map((proposal) => items.get(proposal));
}

interface Walk {
  readonly subjects: readonly AnySubject[];
  readonly ranges: readonly IndexRange[];
  readonly filters?: Filters;
  readonly from: Position | undefined;
  readonly limit: number;
  readonly ahead: boolean;
  /** What an entry alone can tell; an item is then read only for those that pass. */
  readonly mayMatch: (subject: SubjectRef) => boolean;
  readonly matches: (subject: AnySubject, item: unknown) => boolean;
}

/** Goes through ranges and answers what matches, each subject once over all pages; `next` when there may be more. */
export async function walkIndex(context: Context, walk: Walk): Promise<{ found: Found<unknown>[]; next?: Position }> {
  const { subjects, ranges, limit } = walk;
  const found: Found<unknown>[] = [];
  let read = 0;
  let at: Position | undefined;
  const pageSize = Math.min(1000, limit + 1);
  for await (const proposals of propose(context, ranges, walk.from, { pageSize, ahead: walk.ahead })) {
    const hopeful = proposals.filter(({ subject }) => walk.mayMatch(subject));
    for (const [index, item] of (await readAll(context, walk, hopeful)).entries()) {
      const proposal = hopeful[index] as Proposal;
      const subject = subjects.find((one) => one.type === proposal.subject.type);
      if (!subject || item === undefined || !subject.isVisible(context, item)) continue;
      if (!walk.matches(subject, item)) continue;
      if (!isFirst(subject, item, ranges, proposal.at)) continue;
      if (found.length === limit) return { found, next: found.at(-1)?.at as Position };
      found.push({ type: subject.type, item, at: proposal.at });
    }
    read += proposals.length;
    at = proposals.at(-1)?.at ?? at;
    if (read >= MOST_ENTRIES && at) return { found, next: at };
  }
  return { found };
}

/** Items as their subjects show them, in the same order. */
export async function viewAll(
  context: Context,
  subjects: readonly AnySubject[],
  found: readonly Pick<Found<unknown>, "type" | "item">[],
): Promise<unknown[]> {
  const views = new Map<object, unknown>();
  await Promise.all(
    subjects.map(async (subject) => {
      const own = found.filter(({ type }) => type === subject.type);
      if (own.length === 0) return;
      const shown = await subject.view(
        context,
        own.map(({ item }) => item),
      );
      for (const [at, view] of shown.entries()) views.set(own[at] as object, view);
    }),
  );
  return found.map((one) => views.get(one));
}

export const cursorsOf = (list: string, filters: object): Cursors<Position> => createCursors(list, filters, position);

/** The subjects that can be what is asked for. */
function asked(subjects: readonly AnySubject[], filters: Filters): AnySubject[] {
  const given = Object.entries(filters)
    .filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value !== undefined))
    .map(([name]) => name as keyof Filters);
  return subjects.filter(
    (subject) =>
      (filters.type === undefined || filters.type === subject.type) &&
      given.every((name) => name === "type" || subject.filters.includes(name)),
  );
}

interface Named {
  readonly word: string;
  /** What the word names, when it is what is asked for. */
  readonly items: { type: string; item: unknown }[];
}

/** The word of the search that names something as a whole. Nothing else needs to be looked at when that is what is asked for. */
async function findNamed(
  context: Context,
  subjects: readonly AnySubject[],
  filters: Filters,
): Promise<Named | undefined> {
  for (const word of filters.words) {
    const named = subjects
      .map((subject) => ({ subject, keys: subject.named(word) }))
      .filter(({ keys }) => keys.length > 0);
    if (named.length === 0) continue;
    const read = named.map(async ({ subject, keys }) => {
      const items = (await subject.read(context, keys, filters)).filter((item) => item !== undefined);
      return items
        .filter((item) => subject.isVisible(context, item) && subject.matches(item, filters))
        .map((item) => ({ type: subject.type, item }));
    });
    return { word, items: (await Promise.all(read)).flat() };
  }
  return undefined;
}

/**
 * Finds subjects by the index and shows only what really matches. At most `limit` of them, with a cursor when there may be
 * more; a page can be short when much of what the index proposed did not match. Throws 422 `cursor.invalid`. Writes nothing.
 */
export async function searchSubjects<View>(
  context: Context,
  all: readonly AnySubject<View>[],
  filters: Filters,
  options: ListOptions,
): Promise<Listed<View>> {
  const cursors = cursorsOf("search", filters);
  const from = options.cursor === undefined ? undefined : cursors.decode(options.cursor);
  const subjects = asked(all, filters);
  const named = await findNamed(context, subjects, filters);
  if (named && named.items.length > 0) return { items: (await viewAll(context, subjects, named.items)) as View[] };
  const lengths = filters.ip === undefined ? () => [] : await readPrefixLengths(context);
  // `kind:endpoint sha256:…` asks for what stands in a relation to the named one.
  const ranges = named
    ? await planReferring(context, subjects, filters, named.word)
    : await planSearch(context, subjects, filters, lengths);
  const { found, next } = await walkIndex(context, {
    subjects,
    ranges,
    filters,
    from,
    limit: options.limit,
    ahead: filters.ip !== undefined,
    mayMatch: ({ type, hint }) =>
      subjects.some((subject) => subject.type === type) && (filters.kind === undefined || hint === filters.kind),
    matches: (subject, item) => subject.matches(item, filters),
  });
  const items = (await viewAll(context, subjects, found)) as View[];
  return { items, ...(next ? { cursor: cursors.encode(next) } : {}) };
}
