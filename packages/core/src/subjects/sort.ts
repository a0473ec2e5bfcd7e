import { prefixKey } from "@cadastre/net/key";
import { comparePrefixes } from "@cadastre/net/prefix";
import type { Context } from "../context.ts";
import { QueryError } from "./language/query-error.ts";
import type { Facts } from "./match.ts";
import { collect, type Search } from "./prepare.ts";
import type { Sort } from "./query.ts";
import type { Found, Position } from "./walk.ts";
import { fold } from "./words.ts";

/** What is sorted by, as a text whose order is the order; empty for what has none, which comes last. */
function sortKey(facts: Facts, field: Sort["field"]): string {
  switch (field) {
    case "name":
      return fold(facts.name);
    case "kind":
      return facts.kind ?? facts.subject;
    case "account":
    case "region":
    case "owner":
      return fold(facts.texts(field)[0] ?? "");
    case "ip": {
      const [first] = facts.prefixes.toSorted(comparePrefixes);
      return first === undefined ? "" : prefixKey(first);
    }
    default: {
      const at = facts.time(field);
      return at === undefined ? "" : new Date(at).toISOString();
    }
  }
}

const MOST_KEY = 64;

/**
 * A page of what a search finds, in order. All of it is read for each page, so it must be no more than one request reads: else
 * throws QueryError, which says how to narrow it.
 */
export async function sortedPage(
  context: Context,
  search: Search,
  { field, descending, at }: Sort,
  { from, limit }: { from: Position | undefined; limit: number },
): Promise<{ found: Found[]; next?: Position }> {
  const { found, next } = await collect(context, search, Number.POSITIVE_INFINITY);
  if (next) {
    const { text } = search.query;
    const reason =
      "there is too much to sort in one request; narrow the search, such as by kind:, account: or region:, or sort certificates by sort:expires";
    throw new QueryError(text, at ?? { from: 0, to: text.length }, reason);
  }
  const byType = new Map(search.subjects.map((subject) => [subject.type as string, subject]));
  const placed = found.map((one) => {
    const facts = byType.get(one.type)?.facts(one.item);
    const key = facts === undefined ? "" : sortKey(facts, field).slice(0, MOST_KEY);
    return { one, key, id: `${one.type}#${facts?.texts("id")[0] ?? ""}` };
  });
  const order = (a: (typeof placed)[number], b: (typeof placed)[number]) =>
    compare(a.key, b.key, descending) || compare(a.id, b.id, false);
  const sorted = placed.sort(order);
  const start =
    from === undefined
      ? 0
      : sorted.findIndex(({ key, id }) => (compare(key, from.rank, descending) || compare(id, from.after, false)) > 0);
  const page = start < 0 ? [] : sorted.slice(start, start + limit);
  const last = page.at(-1);
  const hasMore = start >= 0 && start + limit < sorted.length;
  return {
    found: page.map(({ one }) => one),
    ...(hasMore && last ? { next: { rank: last.key, after: last.id } } : {}),
  };
}

/** What has nothing to be sorted by comes last, whichever way. */
function compare(a: string, b: string, descending: boolean): number {
  if (a === b) return 0;
  if (a === "" || b === "") return a === "" ? 1 : -1;
  return (a < b ? -1 : 1) * (descending ? -1 : 1);
}
