import type { Coverage } from "@cadastre/contract/coverage";
import { resources } from "@cadastre/contract/endpoints/resources";
import { ProblemError } from "@cadastre/contract/errors";
import type { FoundSubject, SubjectType } from "@cadastre/contract/subject";
import { withKnownActors } from "@cadastre/core/access/known-actors";
import { AccountSubject } from "@cadastre/core/accounts/subject";
import { IpSubject } from "@cadastre/core/addresses/search/subject";
import type { Actor, Context } from "@cadastre/core/context";
import { type CoverageFilters, readCoverage } from "@cadastre/core/ledger/gaps";
import { judgeEmpty } from "@cadastre/core/ledger/looked-at";
import { requireKnownPlace, understood } from "@cadastre/core/places/known";
import { understoodSearch } from "@cadastre/core/places/known-search";
import { mayAlso } from "@cadastre/core/policies/authorize";
import { countResources } from "@cadastre/core/register/counts-by";
import { coverageFiltersOf } from "@cadastre/core/register/coverage-of";
import { FoundResources } from "@cadastre/core/register/found";
import { listHistory } from "@cadastre/core/register/history";
import { toQuery } from "@cadastre/core/register/list-query";
import { relatedTo } from "@cadastre/core/register/related";
import { annotateResource, getResource } from "@cadastre/core/register/resources";
import { findResources } from "@cadastre/core/register/search";
import { searchByPrefix } from "@cadastre/core/subjects/by-prefix";
import { countFound } from "@cadastre/core/subjects/count-found";
import { hintFor, presenceHint } from "@cadastre/core/subjects/hint";
import { parseSearch, toSort } from "@cadastre/core/subjects/parse-search";
import type { Query } from "@cadastre/core/subjects/query";
import { searchSubjects } from "@cadastre/core/subjects/search";
import { type AnySubject, typed } from "@cadastre/core/subjects/subject";
import { whoseAddress } from "@cadastre/core/whose/whose";
import { implement } from "./route.ts";

const FoundAccounts = typed("account", AccountSubject);

/** The types that a search shows to whom: who may not read accounts does not find them. Of each type it shows what the caller may see. */
async function readableBy(context: Context, actor: Actor): Promise<AnySubject<FoundSubject>[]> {
  const readsAccounts = await mayAlso(context, actor, "accounts:read", { type: "account" });
  return [FoundResources, ...(readsAccounts ? [FoundAccounts] : []), IpSubject];
}

/** A search with the order that a parameter gives it, which its text must not give, too. */
function sortedBy(query: Query, text: string | undefined): Query {
  const sort = text === undefined ? undefined : toSort(text);
  if (sort === undefined) return query;
  if (query.sort) {
    const message = "sort is also in q";
    throw new ProblemError("query.invalid", message, { errors: [{ path: "sort", message }] });
  }
  return { ...query, sort, parameters: { sort: text } };
}

interface Asked {
  readonly q?: string | undefined;
  readonly cidr_contains?: string | undefined;
  readonly cidr_within?: string | undefined;
  readonly type?: SubjectType | undefined;
  readonly sort?: string | undefined;
}

/** What is asked for, by one of the three. Throws 422 `query.invalid` for what does not go with it. */
function toSearch(asked: Asked, now: Date): Query {
  const { q, cidr_contains, cidr_within, type, sort } = asked;
  const refuse = (path: string, message: string) =>
    new ProblemError("query.invalid", message, { errors: [{ path, message }] });
  if (q === undefined && sort !== undefined) throw refuse("sort", "prefixes have their own order; sort is for q");
  if (q === undefined) return searchByPrefix({ around: cidr_contains, within: cidr_within, type });
  if (type !== undefined) throw refuse("type", "in q it is type:");
  return sortedBy(parseSearch(q, now), sort);
}

interface Listing {
  readonly items: readonly object[];
  readonly cursor?: string;
}

/** Whether there is no resource in an answer: an account is no proof that anybody looked into it. */
const isEmpty = ({ items, cursor }: Listing): boolean =>
  cursor === undefined && items.every((one) => "type" in one && one.type !== "resource");

/** The first page of an answer with what it rests on; further ones rest on the same. */
async function withCoverage<Answer extends Listing>(
  context: Context,
  { cursor, filters }: { readonly cursor?: string | undefined; readonly filters: CoverageFilters },
  answer: Promise<Answer>,
): Promise<Answer & { readonly coverage?: Coverage }> {
  if (cursor !== undefined) return answer;
  const [found, coverage] = await Promise.all([answer, readCoverage(context, filters)]);
  return { ...found, coverage: isEmpty(found) ? await judgeEmpty(context, filters, coverage) : coverage };
}

/** On the first page: what would be found, if it were asked otherwise. */
async function hintOf(
  context: Context,
  subjects: readonly AnySubject[],
  query: Query,
  { items, cursor, before }: { items: readonly unknown[]; cursor?: string; before: string | undefined },
): Promise<{ readonly hint?: string }> {
  if (before !== undefined) return {};
  const isEmpty = items.length === 0;
  const told = presenceHint(query, { isEmpty });
  const hint = told ?? (isEmpty && cursor === undefined ? await hintFor(context, subjects, query) : undefined);
  return hint === undefined ? {} : { hint };
}

export const RESOURCE_ROUTES = implement(resources, {
  async list({ context, query: { limit, cursor, ...parameters } }) {
    const query = toQuery(parameters, context.now());
    const found = withCoverage(
      context,
      { cursor, filters: coverageFiltersOf(query) },
      findResources(context, query, { limit, cursor }),
    );
    const page = await understoodSearch(context, query, cursor, await found);
    const hint = cursor === undefined ? presenceHint(query, { isEmpty: page.items.length === 0 }) : undefined;
    return { ...page, ...(hint === undefined ? {} : { hint }) };
  },
  async search({ context, actor, query: { limit, cursor, ...asked } }) {
    const query = toSearch(asked, context.now());
    const subjects = await readableBy(context, actor);
    const found = await withCoverage(
      context,
      { cursor, filters: coverageFiltersOf(query) },
      searchSubjects(context, subjects, query, { limit, cursor }),
    );
    await understoodSearch(context, query, cursor, found);
    return { ...found, ...(await hintOf(context, subjects, query, { ...found, before: cursor })) };
  },
  async searchCounts({ context, actor, query: { q, by = [], cursor } }) {
    const query = parseSearch(q, context.now());
    const subjects = await readableBy(context, actor);
    const counted = withCoverage(
      context,
      { cursor, filters: coverageFiltersOf(query) },
      countFound(context, subjects, query, { by, cursor }),
    );
    const page = await understoodSearch(context, query, cursor, await counted);
    const found = page.items.filter(({ count }) => count > 0);
    return { ...page, ...(await hintOf(context, subjects, query, { ...page, items: found, before: cursor })) };
  },
  async whose({ context, actor, query: { address, account } }) {
    const readsAccounts = await mayAlso(context, actor, "accounts:read", { type: "account" });
    const [found, coverage] = await Promise.all([
      whoseAddress(context, address, { account, readsAccounts }),
      readCoverage(context, { account }),
    ]);
    const isFound = found.items.length > 0;
    const judged = isFound ? coverage : await judgeEmpty(context, { account }, coverage);
    return understood(context, { account }, { ...found, coverage: judged });
  },
  async counts({ context, query: { by = [], ...filters } }) {
    const { status: _, ...place } = filters;
    const [items, coverage] = await Promise.all([countResources(context, filters, by), readCoverage(context, place)]);
    if (items.some(({ count, shared = 0 }) => count + shared > 0)) return { items, coverage };
    await requireKnownPlace(context, filters);
    return { items, coverage: await judgeEmpty(context, place, coverage) };
  },
  // What names a resource may be anywhere: in a participant's account, or at an endpoint.
  related: ({ context, params, query }) =>
    withCoverage(context, { cursor: query.cursor, filters: {} }, relatedTo(context, params.id, query)),
  async history({ context, params, query }) {
    const listed = await listHistory(context, params.id, query);
    return { ...listed, items: await withKnownActors(context, listed.items) };
  },
  get: ({ context, params }) => getResource(context, params.id),
  annotate: ({ context, actor, params, body, version }) => annotateResource(context, actor, params.id, body, version),
});
