import type { Context } from "../context.ts";
import { QueryError } from "./language/query-error.ts";
import { matchesQuery } from "./match.ts";
import { withNetworks } from "./networks.ts";
import { planSearch } from "./plan.ts";
import { type PrefixLengths, readPrefixLengths } from "./prefix-lengths.ts";
import { conjuncts, type Query, type Term, termsOf } from "./query.ts";
import type { AnySubject, IndexRange, Needs } from "./subject.ts";
import { type Found, type Position, type Walk, walkIndex } from "./walk.ts";

const terms = (query: Query): readonly Term[] => termsOf(query.tree);
/** The terms that must all hold. */
export const mustHold = (query: Query): readonly Term[] =>
  conjuncts(query.tree).filter((node): node is Term => node.type === "term");

function needsOf(query: Query): Needs {
  const asked = terms(query);
  const isSaid = (term: Term) =>
    term.field === "owner" || (term.field === "has" && ["owner", "notes"].includes(term.what));
  return {
    said: asked.some(isSaid) || query.sort?.field === "owner",
    seen: asked.some(({ field }) => field === "seen") || query.sort?.field === "seen",
    confirmed: asked.some(({ field }) => field === "confirmed"),
  };
}

/** The subjects that can be what is asked for. */
function asked(all: readonly AnySubject[], query: Query): AnySubject[] {
  const wanted = mustHold(query);
  return all.filter(({ type, answers }) =>
    wanted.every((term) => (term.field === "subject" ? term.any.includes(type) : answers.includes(term.field))),
  );
}

/** A type that is asked for by name and has nothing of what else is asked would answer with nothing. */
function refuseUnanswered(all: readonly AnySubject[], query: Query): void {
  const wanted = mustHold(query);
  for (const { type, answers } of all) {
    if (!wanted.some((term) => term.field === "subject" && term.any.every((one) => one === type))) continue;
    const unanswered = wanted.find(({ field }) => field !== "subject" && !answers.includes(field));
    if (unanswered) {
      const span = unanswered.at ?? { from: 0, to: query.text.length };
      throw new QueryError(query.text, span, `nothing of type:${type} has this`);
    }
  }
}

/** What a search goes through, made once for all that is asked of it. */
export interface Search {
  readonly subjects: readonly AnySubject[];
  readonly query: Query;
  readonly ranges: readonly IndexRange[];
  readonly needs: Needs;
}

/** Understands the networks of a search by their names, and plans it. Throws QueryError. Writes nothing. */
export async function prepareSearch(context: Context, all: readonly AnySubject[], written: Query): Promise<Search> {
  refuseUnanswered(all, written);
  const query = await withNetworks(async (one, limit) => {
    const { found, next } = await collect(context, await prepareSearch(context, all, one), limit);
    return { ids: found.map(({ type, item }) => idOf(all, type, item)), hasMore: next !== undefined };
  }, written);
  const subjects = asked(all, query);
  const hasAddress = terms(query).some(({ field }) => field === "address");
  const known = hasAddress ? await readPrefixLengths(context) : () => [];
  const findsPlanned = subjects.some(({ type }) => type === "ip");
  const lengths: PrefixLengths = (family, source) =>
    source === "planned" && !findsPlanned ? [] : known(family, source);
  const ranges = await planSearch({ context, subjects, lengths }, query);
  return { subjects, query, ranges, needs: needsOf(query) };
}

const idOf = (subjects: readonly AnySubject[], type: string, item: unknown): string =>
  subjects
    .find((one) => one.type === type)
    ?.facts(item)
    .texts("id")[0] ?? "";

const walkOf = (
  context: Context,
  { subjects, query, ranges, needs }: Search,
  from: Position | undefined,
  limit: number,
): Walk => {
  const kinds = mustHold(query).flatMap((term) => (term.field === "kind" ? [term.any] : []));
  return {
    subjects,
    ranges,
    needs,
    from,
    limit,
    mayMatch: ({ type, hint, key }) =>
      (hint === "" || kinds.every((any) => (any as readonly string[]).includes(hint))) &&
      (subjects.find((one) => one.type === type)?.mayKnow?.(context, key) ?? true),
    matches: (subject, item) => matchesQuery(subject.facts(item), query),
  };
};

/** All that a search finds within the bounds of one request; `next` where there is more. */
export function collect(
  context: Context,
  search: Search,
  limit: number,
  from?: Position,
): Promise<{ found: Found[]; next?: Position }> {
  return walkIndex(context, walkOf(context, search, from, limit));
}
