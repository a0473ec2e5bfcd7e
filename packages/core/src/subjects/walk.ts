import * as z from "zod";
import type { Context } from "../context.ts";
import { IndexItem } from "./items.ts";
import { type SubjectRef, subjectOf } from "./keys.ts";
import { boundsAfter, isInRange } from "./plan.ts";
import type { AnySubject, IndexRange, Needs } from "./subject.ts";

/** Index entries that one request reads at the most; a page may then be short, or empty, with a cursor to go on. */
const MOST_ENTRIES = 5000;
/** What a look into a range costs beside its entries, so that many empty ones end a page, too. */
const LOOK = 10;
/** So many nearly empty ranges are read at once. */
const MOST_AHEAD = 64;

/** Where a page ended: a range by its rank, and the sort key of the last entry of it; empty before the first. */
export const position = z.object({ rank: z.string(), after: z.string() });
export type Position = z.output<typeof position>;

/** Stands for the end of a range, behind every sort key. */
const DONE = "\u{10ffff}";

interface Proposal {
  readonly subject: SubjectRef;
  readonly at: Position;
}

/** Found by a walk: which type, and the item as its subject reads it. */
export interface Found<Item = unknown> {
  readonly type: string;
  readonly item: Item;
  readonly at: Position;
}

export interface Walk {
  readonly subjects: readonly AnySubject[];
  /** In the order of their ranks. */
  readonly ranges: readonly IndexRange[];
  readonly needs?: Needs;
  readonly from: Position | undefined;
  readonly limit: number;
  /** What an entry alone can tell; an item is then read only for those that pass. */
  readonly mayMatch: (subject: SubjectRef) => boolean;
  readonly matches: (subject: AnySubject, item: unknown) => boolean;
}

interface Read {
  readonly proposals: readonly Proposal[];
  /** How many entries were read for them. */
  readonly entries: number;
  /** Where this page of the range ended. */
  readonly at: Position;
}

/** Entries of the ranges in order, from a position on, a page at a time. */
async function* propose(
  context: Context,
  { ranges, from, limit }: Pick<Walk, "ranges" | "from" | "limit">,
): AsyncGenerator<Read> {
  const pageSize = Math.min(1000, limit + 1);
  const read = async (range: IndexRange, after: string | undefined) => {
    const sort = after === undefined ? range.sort : boundsAfter(range.sort, after, range.reverse);
    const { partition, reverse = false } = range;
    return context.table.query(IndexItem, { partition, ...(sort ? { sort } : {}), limit: pageSize, reverse });
  };
  const first = (range: IndexRange) =>
    read(range, range.rank === from?.rank && from.after !== "" ? from.after : undefined);
  const left = ranges.filter(
    ({ rank }) => from === undefined || rank > from.rank || (rank === from.rank && from.after !== DONE),
  );
  const isAhead = left.length <= MOST_AHEAD && left.every(({ isPoint }) => isPoint);
  const begun = isAhead ? await Promise.all(left.map(first)) : [];
  for (const [index, range] of left.entries()) {
    const done = { rank: range.rank, after: DONE };
    if (range.subject) {
      yield { proposals: [{ subject: range.subject, at: done }], entries: 1, at: done };
      continue;
    }
    let page = begun[index] ?? (await first(range));
    for (;;) {
      const last = page.items.at(-1);
      const accepted = page.items.filter(({ s }) => range.accepts?.(s) ?? true);
      const isLast = page.cursor === undefined || !last;
      yield {
        proposals: accepted.map((entry) => ({ subject: subjectOf(entry), at: { rank: range.rank, after: entry.s } })),
        entries: page.items.length,
        at: isLast ? done : { rank: range.rank, after: last.s },
      };
      if (isLast) break;
      page = await read(range, last.s);
    }
  }
}

/** Whether a proposal is the first of those that the ranges make of its subject: only there it is shown. */
function createFirsts(ranges: readonly IndexRange[]) {
  const byPartition = Map.groupBy(ranges, ({ partition }) => partition);
  const bySubject = new Map(
    ranges.flatMap((one) => (one.subject ? [[`${one.subject.type}#${one.subject.key}`, one]] : [])),
  );
  return (subject: AnySubject, item: unknown, { subject: { type, key }, at }: Proposal): boolean => {
    let first = bySubject.get(`${type}#${key}`);
    let own: string[] = [];
    for (const entry of subject.entries(item)) {
      for (const range of byPartition.get(entry.p) ?? []) {
        if ((first && range.rank > first.rank) || !isInRange(range, entry)) continue;
        if (range.accepts && !range.accepts(entry.s)) continue;
        if (range !== first) own = [];
        first = range;
        own.push(entry.s);
      }
    }
    // Its entries may have changed since: whatever proposed it, it is what was asked for.
    if (first === undefined) return true;
    if (first.rank !== at.rank) return false;
    if (first.subject) return true;
    const sorted = own.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return sorted.at(first.reverse ? -1 : 0) === at.after;
  };
}

async function readAll(
  context: Context,
  { subjects, needs }: Pick<Walk, "subjects" | "needs">,
  proposals: readonly Proposal[],
): Promise<unknown[]> {
  const items = new Map<Proposal, unknown>();
  await Promise.all(
    subjects.map(async (subject) => {
      const own = proposals.filter((proposal) => proposal.subject.type === subject.type);
      if (own.length === 0) return;
      const keys = own.map((proposal) => proposal.subject.key);
      for (const [at, item] of (await subject.read(context, keys, needs)).entries())
        items.set(own[at] as Proposal, item);
    }),
  );
  return proposals.map((proposal) => items.get(proposal));
}

/** Goes through ranges and answers what matches, each subject once over all pages; `next` when there may be more. */
export async function walkIndex(context: Context, walk: Walk): Promise<{ found: Found[]; next?: Position }> {
  const { subjects, ranges, limit } = walk;
  const found: Found[] = [];
  const byType = new Map(subjects.map((subject) => [subject.type as string, subject]));
  const isFirst = createFirsts(ranges);
  const lastRank = ranges.at(-1)?.rank;
  let work = 0;
  for await (const { proposals, entries, at } of propose(context, walk)) {
    const hopeful = proposals.filter(({ subject }) => byType.has(subject.type) && walk.mayMatch(subject));
    for (const [index, item] of (await readAll(context, walk, hopeful)).entries()) {
      const proposal = hopeful[index] as Proposal;
      const subject = byType.get(proposal.subject.type);
      if (!subject || item === undefined || !subject.isVisible(context, item)) continue;
      if (!walk.matches(subject, item)) continue;
      if (!isFirst(subject, item, proposal)) continue;
      if (found.length === limit) return { found, next: found.at(-1)?.at as Position };
      found.push({ type: subject.type, item, at: proposal.at });
    }
    work += LOOK + entries;
    if (work >= MOST_ENTRIES && !(at.rank === lastRank && at.after === DONE)) return { found, next: at };
  }
  return { found };
}
