import { ProblemError } from "@cadastre/contract/errors";
import { NATURAL_ID_LENGTH } from "@cadastre/contract/resource";
import { accountId, kindName, provider, regionName } from "@cadastre/contract/scope";
import { page, resource, resourceEvent, resourcePatch } from "@cadastre/contract/view";
import { checkedCidr, checkedDay, checkedIp } from "@cadastre/core/register/filters";
import { listHistory } from "@cadastre/core/register/history";
import { annotateResource, getResource } from "@cadastre/core/register/resources";
import { type Filters, findResources, NO_FILTERS, parseSearch } from "@cadastre/core/register/search";
import * as z from "zod";
import { paging, pagingQuery } from "./lists.ts";
import { operatorRoute, type Route } from "./route.ts";

const MOST_TAGS = 20;

const filterQuery = z.strictObject({
  ...paging,
  kind: kindName.optional(),
  provider: provider.optional(),
  account: accountId.optional(),
  region: regionName.optional(),
  network: z.string().max(NATURAL_ID_LENGTH).optional().meta({ description: "Natural id of a network" }),
  status: z.enum(["active", "retired", "any"]).optional().meta({ description: "`active` when absent" }),
  name: z.string().max(1024).optional().meta({ description: "The whole name; `*` stands for any characters" }),
  tag: z
    .array(z.string().min(1).max(1300))
    .max(MOST_TAGS)
    .optional()
    .meta({ description: "`key=value`, or `key` for any value; repeatable, all must hold" }),
  ip: z.string().max(64).optional().meta({ description: "What has this address, or a prefix that contains it" }),
  cidr: z.string().max(64).optional().meta({ description: "What has a prefix inside this one" }),
  owner: z.string().max(256).optional(),
  expiresBefore: z.string().max(40).optional().meta({ description: "A day such as 2026-12-31" }),
  q: z.string().max(1000).optional().meta({ description: "Free text and qualifiers, as in /search" }),
});

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
function toFilters(query: z.output<typeof filterQuery>): Filters {
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

const byId = z.object({
  id: z.string().min(1).max(NATURAL_ID_LENGTH).meta({ description: "Natural id, URL-encoded, or short id (`res_…`)" }),
});

export const RESOURCE_ROUTES: readonly Route[] = [
  operatorRoute({
    method: "GET",
    path: "/api/v1/resources",
    scope: "resources:read",
    name: "listResources",
    summary: "Resources that match all of the filters",
    description: "A page may be short, or empty, and still have a cursor.",
    query: filterQuery,
    repeatable: ["tag"],
    answer: page(resource),
    errors: ["query.invalid"],
    handle: ({ context, query }) =>
      findResources(context, toFilters(query), { limit: query.limit, cursor: query.cursor }),
  }),
  operatorRoute({
    method: "GET",
    path: "/api/v1/search",
    scope: "resources:read",
    name: "search",
    summary: "Resources by free text and qualifiers",
    description: "Such as `kind:instance tag:env=prod account:… ip:10.1.2.5 cidr:10.0.0.0/8 name:web*`.",
    query: z.strictObject({ ...paging, q: z.string().max(1000) }),
    answer: page(resource),
    errors: ["query.invalid"],
    handle: ({ context, query: { q, limit, cursor } }) => findResources(context, parseSearch(q), { limit, cursor }),
  }),
  operatorRoute({
    method: "GET",
    path: "/api/v1/resources/{id+}/history",
    scope: "resources:read",
    name: "listHistory",
    summary: "What happened to a resource, newest first, with values before and after",
    params: byId,
    query: pagingQuery,
    answer: page(resourceEvent),
    errors: ["resource.not_found"],
    handle: ({ context, params, query }) => listHistory(context, params.id, query),
  }),
  operatorRoute({
    method: "GET",
    path: "/api/v1/resources/{id+}",
    scope: "resources:read",
    name: "getResource",
    summary: "One resource, active or retired",
    params: byId,
    answer: resource,
    etag: true,
    errors: ["resource.not_found"],
    handle: ({ context, params }) => getResource(context, params.id),
  }),
  operatorRoute({
    method: "PATCH",
    path: "/api/v1/resources/{id+}",
    scope: "resources:write",
    name: "annotateResource",
    summary: "Set an operator's notes or owner, which no sync touches",
    params: byId,
    body: resourcePatch,
    ifMatch: "required",
    answer: resource,
    etag: true,
    mutates: true,
    errors: ["resource.not_found"],
    handle: ({ context, actor, params, body, version }) => annotateResource(context, actor, params.id, body, version),
  }),
];
