import type { ChangeEntry, ChangeType } from "@cadastre/contract/changes";
import * as z from "zod";
import type { Context } from "../context.ts";
import { createCursors } from "../cursor.ts";
import type { Listed, ListOptions } from "../lists.ts";
import { mergedQuery } from "../merged-query.ts";
import { isVisible } from "../restriction.ts";
import type { Subject } from "../subject.ts";
import { FEED_PARTITIONS, FeedItem, feedPartition } from "./items.ts";
import { toChangeEntries } from "./view.ts";

/** A page looks at so many changes at the most; it may then be short, or empty, with a cursor to go on. */
const MOST_CHANGES = 5000;

export interface ChangeFilter {
  /** ISO times; both inclusive. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly type?: ChangeType | undefined;
  readonly kind?: string | undefined;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  /** Natural id of a network: the network itself, and all that is in it. */
  readonly network?: string | undefined;
  readonly subject?: Subject | undefined;
}

export interface ChangeListOptions extends ListOptions, ChangeFilter {
  readonly order: "newest" | "oldest";
}

const position = z.string().min(1).max(1200);

/** Whether a change is one of those that are asked for, but for its time. Pure. */
export function matchesChange(item: FeedItem, filter: ChangeFilter): boolean {
  const { type, kind, account, region, network, subject } = filter;
  return (
    (type === undefined || item.type === type) &&
    (kind === undefined || item.kind === kind) &&
    (account === undefined || item.account === account) &&
    (region === undefined || item.region === region) &&
    (network === undefined || item.network === network) &&
    (subject === undefined || (item.subject.type === subject.type && item.subject.key === subject.key))
  );
}

/**
 * What changed, from what to what, over all subjects: newest or oldest first, by the feed. Throws 422 `cursor.invalid`. Reads
 * 16 partitions of the feed together (one when a subject is given), and an event for each change that is shown.
 */
export async function listChanges(context: Context, options: ChangeListOptions): Promise<Listed<ChangeEntry>> {
  const { limit, cursor, order, ...filter } = options;
  const { since, until, subject } = filter;
  const isNewest = order === "newest";
  const cursors = createCursors("changes", { ...filter, order }, position, context.restriction);
  const at = cursor === undefined ? undefined : cursors.decode(cursor);
  const isFiltered = Object.entries(filter).some(([name, value]) => !["since", "until"].includes(name) && value);
  const changes = mergedQuery(context.table, FeedItem, {
    partitions: subject ? [feedPartition(subject)] : FEED_PARTITIONS,
    after: !isNewest && at !== undefined ? at : since,
    before: isNewest && at !== undefined ? at : until === undefined ? undefined : `${until}~`,
    reverse: isNewest,
    expected: isFiltered ? MOST_CHANGES : limit,
  });
  const found = [];
  let seen = 0;
  for await (const { sk, item } of changes) {
    seen++;
    if (matchesChange(item, filter) && isVisible(context, item)) found.push(item);
    if (found.length === limit || seen === MOST_CHANGES) {
      return { items: await toChangeEntries(context, found, { consistent: false }), cursor: cursors.encode(sk) };
    }
  }
  return { items: await toChangeEntries(context, found, { consistent: false }) };
}
