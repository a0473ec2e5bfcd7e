import { resources } from "@cadastre/contract/endpoints/resources";
import type { FoundSubject } from "@cadastre/contract/subject";
import { may } from "@cadastre/core/access/authorize";
import { AccountSubject } from "@cadastre/core/accounts/subject";
import type { Principal } from "@cadastre/core/context";
import { requireKnownPlace } from "@cadastre/core/places/known";
import { understoodSearch } from "@cadastre/core/places/known-search";
import { countResources } from "@cadastre/core/register/counts-by";
import { listHistory } from "@cadastre/core/register/history";
import { toQuery } from "@cadastre/core/register/list-query";
import { relatedTo } from "@cadastre/core/register/related";
import { annotateResource, getResource } from "@cadastre/core/register/resources";
import { findResources } from "@cadastre/core/register/search";
import { ResourceSubject } from "@cadastre/core/register/subject";
import { parseSearch } from "@cadastre/core/subjects/parse-search";
import { searchSubjects } from "@cadastre/core/subjects/search";
import { type AnySubject, typed } from "@cadastre/core/subjects/subject";
import { implement } from "./route.ts";

const FoundResources = typed("resource", ResourceSubject);
const FoundAccounts = typed("account", AccountSubject);

/** The types that a search shows to whom: who may not read accounts does not find them. */
function readableBy(principal: Principal): AnySubject<FoundSubject>[] {
  return may(principal, "accounts:read", { type: "account" }) ? [FoundResources, FoundAccounts] : [FoundResources];
}

export const RESOURCE_ROUTES = implement(resources, {
  async list({ context, query: { limit, cursor, ...parameters } }) {
    const query = toQuery(parameters, context.now());
    return understoodSearch(context, query, cursor, await findResources(context, query, { limit, cursor }));
  },
  async search({ context, actor, query: { q, limit, cursor } }) {
    const query = parseSearch(q, context.now());
    const found = await searchSubjects(context, readableBy(actor.principal), query, { limit, cursor });
    return understoodSearch(context, query, cursor, found);
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
