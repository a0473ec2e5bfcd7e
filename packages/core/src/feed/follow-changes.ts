import type { ChangeEntry } from "@cadastre/contract/changes";
import { ProblemError } from "@cadastre/contract/errors";
import type { Context } from "../context.ts";
import { mergedQuery } from "../merged-query.ts";
import { isVisible } from "../restriction.ts";
import { settledAt } from "./decide-batch.ts";
import { FEED_PARTITIONS, FeedItem, feedPartition } from "./items.ts";
import { type ChangeFilter, matchesChange } from "./list-changes.ts";
import { placeOfChange, toChangeEntries } from "./view.ts";

const AT_ONCE = 100;

export interface FollowOptions {
  readonly filter: ChangeFilter;
  /** Id of the last change that the reader has; begins with what changes from now on without it. */
  readonly after?: string | undefined;
  /** Resolves when it is time to look again; false when nobody reads any more. */
  readonly wait: () => Promise<boolean>;
}

const timeOf = (sk: string) => sk.slice(0, sk.indexOf("#"));

/** Throws 422 `cursor.invalid` for what is not the id of a change. */
export function requireChangeId(id: string | undefined): void {
  if (id === undefined || placeOfChange(id) !== undefined) return;
  throw new ProblemError("cursor.invalid", "Last-Event-ID: is not the id of a change, as the stream tells it");
}

/**
 * Changes as they happen, oldest first, until nobody reads any more; empty lists tell that it still looks. Commits take a
 * while, so what is younger than a minute is looked at again and each told once; going on after an id tells of the minute
 * before it again, since the reader may have been told of a later change first.
 */
export async function* followChanges(context: Context, options: FollowOptions): AsyncGenerator<ChangeEntry[]> {
  const { filter, after, wait } = options;
  const place = after === undefined ? undefined : placeOfChange(after);
  let from = place === undefined ? context.now().toISOString() : settledAt(new Date(timeOf(place)));
  const told = new Set<string>();
  do {
    const settled = settledAt(context.now());
    const found = mergedQuery(context.table, FeedItem, {
      partitions: filter.subject ? [feedPartition(filter.subject)] : FEED_PARTITIONS,
      after: from,
      reverse: false,
      expected: AT_ONCE,
      consistent: true,
    });
    let batch = [];
    for await (const { sk, item } of found) {
      if (told.has(sk)) continue;
      // What is older is not looked at again.
      if (sk >= settled) told.add(sk);
      if (matchesChange(item, filter) && isVisible(context, item)) batch.push(item);
      if (batch.length < AT_ONCE) continue;
      yield await toChangeEntries(context, batch, { consistent: true });
      batch = [];
    }
    yield await toChangeEntries(context, batch, { consistent: true });
    if (settled > from) from = settled;
    for (const sk of told) if (sk < from) told.delete(sk);
  } while (await wait());
}
