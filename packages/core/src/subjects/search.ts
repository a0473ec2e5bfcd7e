import type { Context } from "../context.ts";
import { type Cursors, createCursors } from "../cursor.ts";
import type { Listed, ListOptions } from "../lists.ts";
import { refuseContradictions } from "./contradictions.ts";
import { QueryError } from "./language/query-error.ts";
import { matchesQuery } from "./match.ts";
import type { Pattern } from "./pattern.ts";
import { standingsOf } from "./plan.ts";
import { endRange } from "./plan-term.ts";
import { collect, mustHold, prepareSearch, type Search } from "./prepare.ts";
import { presenceMeant } from "./presence.ts";
import { allOf, type Query, type Term } from "./query.ts";
import { isWholeId } from "./read-values.ts";
import { sortedPage } from "./sort.ts";
import type { AnySubject } from "./subject.ts";
import { viewAll } from "./views.ts";
import { type Found, type Position, position } from "./walk.ts";

export const cursorsOf = ({ restriction, spaces }: Context, list: string, filters: object): Cursors<Position> =>
  createCursors(list, filters, position, restriction ?? spaces);

/** What a whole id names, where that is what is asked for: nothing else is then meant. */
async function findNamed(context: Context, search: Search): Promise<Found[]> {
  const named = mustHold(search.query).find((term) => term.field === "named");
  if (named?.field !== "named") return [];
  const found = search.subjects.map(async (subject) => {
    const keys = subject.named(named.id);
    const items = (await subject.read(context, keys, search.needs)).filter((item) => item !== undefined);
    return items
      .filter((item) => subject.isVisible(context, item) && matchesQuery(subject.facts(item), search.query))
      .filter((item) => subject.facts(item).is(named.id))
      .map((item): Found => ({ type: subject.type, item, at: { rank: "", after: "" } }));
  });
  return (await Promise.all(found)).flat();
}

/** By their ends, which is an order of the index: only what has one is shown. */
async function byEnds(context: Context, all: readonly AnySubject[], query: Query): Promise<Search | undefined> {
  const standings = standingsOf(query);
  const [standing] = standings;
  if (query.sort?.field !== "expires" || standing === undefined || standings.length > 1) return undefined;
  const { at } = query.sort;
  const hasEnd: Term = { type: "term", field: "has", what: "expires", ...(at ? { at } : {}) };
  refuseContradictions(query.text, [query.tree, hasEnd], { areJoined: true });
  const search = await prepareSearch(context, all, { ...query, tree: allOf(query.tree, hasEnd) });
  return { ...search, ranges: [endRange(standing, {}, { reverse: query.sort.descending })] };
}

const presenceOf = ({ field, any }: Extract<Term, { any: readonly Pattern[] }>): string[] =>
  any.flatMap(({ pieces }) => presenceMeant(field, pieces.join("*")) ?? []);

/** A network that nobody knows has nothing in it; that is said, and not that there is nothing. */
function refuseUnknownNetwork({ query }: Search): void {
  for (const term of mustHold(query)) {
    if (term.field !== "network" && term.field !== "subnet") continue;
    if (term.any.some(({ pieces }) => isWholeId(pieces[0]))) continue;
    const span = term.at ?? { from: 0, to: query.text.length };
    throw new QueryError(
      query.text,
      span,
      [`no ${term.field} is known by this name or id`, ...presenceOf(term), `kind:${term.field} lists them`].join("; "),
    );
  }
}

/**
 * Finds subjects by the index and shows only what really matches. At most `limit` of them, with a cursor when there may be
 * more; a page can be short when much of what the index proposed did not match. Sorted, where that is asked for: throws QueryError
 * when it is by anything but ends and there is more to sort than one request reads. Throws 422 `cursor.invalid`. Writes nothing.
 */
export async function searchSubjects<View>(
  context: Context,
  all: readonly AnySubject<View>[],
  query: Query,
  options: ListOptions,
): Promise<Listed<View>> {
  const cursors = cursorsOf(context, "search", { text: query.text, parameters: query.parameters });
  const from = options.cursor === undefined ? undefined : cursors.decode(options.cursor);
  const ends = await byEnds(context, all, query);
  const search = ends ?? (await prepareSearch(context, all, query));
  const named = await findNamed(context, search);
  if (named.length > 0) return { items: (await viewAll(context, search.subjects, named)) as View[] };
  const { found, next } =
    query.sort && ends === undefined
      ? await sortedPage(context, search, query.sort, { from, limit: options.limit })
      : await collect(context, search, options.limit, from);
  if (found.length === 0 && next === undefined && from === undefined) refuseUnknownNetwork(search);
  const items = (await viewAll(context, search.subjects, found)) as View[];
  return { items, ...(next ? { cursor: cursors.encode(next) } : {}) };
}
