import { fromAccountName } from "@cadastre/contract/account";
import type { Resource } from "@cadastre/contract/view";
import type { Context } from "../context.ts";
import type { Listed, ListOptions } from "../lists.ts";
import { allOf, type Query } from "../subjects/query.ts";
import { searchSubjects } from "../subjects/search.ts";
import { countFiltersOf } from "./counted-query.ts";
import { countListed } from "./counts.ts";
import { ResourceSubject } from "./subject.ts";

interface ListedResources extends Listed<Resource> {
  /** On the first page, how many there are in all, where the filters are those that are counted; absent where only going through them would tell. */
  readonly total?: number;
}

/**
 * Counted where one place is meant; a caller limited to several accounts would see twice what they share. Of an account that is not
 * theirs, or is another provider's, too, it finds what that one shows to them, which no count tells apart.
 */
async function totalOf(context: Context, query: Query): Promise<number | undefined> {
  const filters = countFiltersOf(query);
  if (filters === undefined) return undefined;
  const { restriction } = context;
  if (restriction === undefined) return countListed(context, filters);
  const { provider: asked, account: meant } = filters;
  const own = restriction.accounts.map(fromAccountName).filter(({ provider }) => (asked ?? provider) === provider);
  const [first] = own;
  if (first === undefined) return 0;
  const place = meant === undefined ? first : own.find(({ account }) => account === meant);
  const isOne = meant === undefined ? own.length === 1 : own.every(({ provider }) => provider === first.provider);
  return place && isOne ? countListed(context, { ...filters, ...place }) : undefined;
}

const RESOURCES = { type: "term", field: "subject", any: ["resource"] } as const;

/**
 * Resources that a search finds, a page at a time; `total` where it is exact. A page may be short, or empty, and still have a
 * cursor. Throws 422 `cursor.invalid`, `query.invalid`. Writes nothing.
 */
export async function findResources(context: Context, query: Query, options: ListOptions): Promise<ListedResources> {
  const [listed, total] = await Promise.all([
    searchSubjects(context, [ResourceSubject], { ...query, tree: only(query) }, options),
    options.cursor === undefined ? totalOf(context, query) : undefined,
  ]);
  return { ...listed, ...(total === undefined ? {} : { total }) };
}

/** A search of one whole id stays one: it finds what is retired, too. */
function only({ tree }: Query): Query["tree"] {
  return tree.type === "term" && tree.field === "named" ? tree : allOf(RESOURCES, tree);
}
