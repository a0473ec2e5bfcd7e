import { resources } from "@cadastre/contract/endpoints/resources";
import type { QueryOf } from "@cadastre/contract/endpoints/types";
import { ProblemError } from "@cadastre/contract/errors";
import type { FoundSubject } from "@cadastre/contract/subject";
import { may } from "@cadastre/core/access/authorize";
import { AccountSubject } from "@cadastre/core/accounts/subject";
import type { Principal } from "@cadastre/core/context";
import { requireKnownPlace, understood } from "@cadastre/core/places/known";
import { countResources } from "@cadastre/core/register/counts-by";
import { listHistory } from "@cadastre/core/register/history";
import { relatedTo } from "@cadastre/core/register/related";
import { annotateResource, getResource } from "@cadastre/core/register/resources";
import { findResources } from "@cadastre/core/register/search";
import { ResourceSubject } from "@cadastre/core/register/subject";
import {
  checkedCidr,
  checkedDay,
  checkedIp,
  type Filters,
  NO_FILTERS,
  parseSearch,
} from "@cadastre/core/subjects/filters";
import { searchSubjects } from "@cadastre/core/subjects/search";
import { type AnySubject, typed } from "@cadastre/core/subjects/subject";
import { implement } from "./route.ts";

/** A check whose error names the query parameter instead of a place in a search text. */
function at<Value>(path: string, check: () => Value): Value {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { code, message } = error;
    throw new ProblemError(code, `${path}: ${message}`, { errors: [{ path, message }] });
  }
}

function toTag(text: string): Filters["tags"][number] {
  const equals = text.indexOf("=");
  return equals < 0 ? { key: text } : { key: text.slice(0, equals), value: text.slice(equals + 1) };
}

/** The filters of a list: parameters and search text together, and no filter twice. */
function toFilters(query: QueryOf<typeof resources.list>): Filters {
  const { limit: _, cursor: __, q, tag = [], ip, cidr, expiresBefore, ...plain } = query;
  const searched = q === undefined ? NO_FILTERS : parseSearch(q);
  const given = {
    ...plain,
    ...(ip === undefined ? {} : { ip: at("ip", () => checkedIp(ip)) }),
    ...(cidr === undefined ? {} : { cidr: at("cidr", () => checkedCidr(cidr)) }),
    ...(expiresBefore === undefined ? {} : { expiresBefore: at("expiresBefore", () => checkedDay(expiresBefore)) }),
  };
  const twice = Object.keys(given).find((name) => name in searched && searched[name as keyof Filters] !== undefined);
  if (twice !== undefined) {
    const message = `${twice} is also in q`;
    throw new ProblemError("query.invalid", message, { errors: [{ path: twice, message }] });
  }
  return { ...searched, ...given, tags: [...searched.tags, ...tag.map(toTag)] };
}

const FoundResources = typed("resource", ResourceSubject);
const FoundAccounts = typed("account", AccountSubject);

/** The types that a search shows to whom: who may not read accounts does not find them. */
function readableBy(principal: Principal): AnySubject<FoundSubject>[] {
  return may(principal, "accounts:read", { type: "account" }) ? [FoundResources, FoundAccounts] : [FoundResources];
}

export const RESOURCE_ROUTES = implement(resources, {
  async list({ context, query }) {
    const filters = toFilters(query);
    const { limit, cursor } = query;
    return understood(context, { ...filters, cursor }, await findResources(context, filters, { limit, cursor }));
  },
  async search({ context, actor, query: { q, limit, cursor } }) {
    const filters = parseSearch(q);
    const found = await searchSubjects(context, readableBy(actor.principal), filters, { limit, cursor });
    return understood(context, { ...filters, cursor }, found);
  },
  async counts({ context, query: { by = [], ...filters } }) {
    const items = await countResources(context, filters, by);
    if (items.every(({ count, shared = 0 }) => count + shared === 0)) await requireKnownPlace(context, filters);
    return { items };
  },
  related: ({ context, params, query }) => relatedTo(context, params.id, query),
  history: ({ context, params, query }) => listHistory(context, params.id, query),
  get: ({ context, params }) => getResource(context, params.id),
  annotate: ({ context, actor, params, body, version }) => annotateResource(context, actor, params.id, body, version),
});
