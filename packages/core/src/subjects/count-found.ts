import type { SearchCount, SearchFacet } from "@cadastre/contract/subject";
import type { Context } from "../context.ts";
import type { Facts } from "./match.ts";
import { collect, prepareSearch } from "./prepare.ts";
import type { Query } from "./query.ts";
import { cursorsOf } from "./search.ts";
import type { AnySubject } from "./subject.ts";

function facetOf(facts: Facts, facet: SearchFacet): string | undefined {
  switch (facet) {
    case "type":
      return facts.subject;
    case "kind":
    case "provider":
    case "status":
      return facts[facet];
    default:
      return facts.texts(facet)[0];
  }
}

/**
 * How many things a search finds, apart by facets and in their order. As many as one request reads, with a cursor when there is
 * more: counts of all pages are to be summed up. Throws 422 `cursor.invalid`, `query.invalid`. Writes nothing.
 */
export async function countFound(
  context: Context,
  all: readonly AnySubject[],
  query: Query,
  { by, cursor }: { by: readonly SearchFacet[]; cursor?: string | undefined },
): Promise<{ items: SearchCount[]; cursor?: string }> {
  const cursors = cursorsOf(context, "counts", { text: query.text, by });
  const from = cursor === undefined ? undefined : cursors.decode(cursor);
  const search = await prepareSearch(context, all, query);
  const needs = { ...search.needs, said: search.needs.said || by.includes("owner") };
  const { found, next } = await collect(context, { ...search, needs }, Number.POSITIVE_INFINITY, from);
  const byType = new Map(search.subjects.map((subject) => [subject.type as string, subject]));
  const rows = new Map<string, SearchCount>();
  for (const { type, item } of found) {
    const facts = byType.get(type)?.facts(item);
    if (facts === undefined) continue;
    const values = Object.fromEntries(by.map((facet) => [facet, facetOf(facts, facet)]));
    const key = JSON.stringify(values);
    const row = rows.get(key) ?? { ...values, count: 0 };
    rows.set(key, { ...row, count: row.count + 1 });
  }
  const items = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  return { items, ...(next ? { cursor: cursors.encode(next) } : {}) };
}
