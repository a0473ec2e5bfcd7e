import * as z from "zod";
import { prefixInput, prefixOrAddressInput } from "../addresses/prefix-input.ts";
import { coverage } from "../coverage.ts";
import { NATURAL_ID_LENGTH } from "../resource.ts";
import { accountId, kindName, provider, regionName } from "../scope.ts";
import { foundSubject, SEARCH_FACETS, SORT_FIELDS, SUBJECT_TYPES, searchCount } from "../subject.ts";
import { COUNTED, page, relatedResource, resource, resourceCount, resourceEvent, resourcePatch } from "../view.ts";
import { whose } from "../whose.ts";
import { defineArea, defineEndpoint, operator, operatorOfEither } from "./endpoint.ts";
import { EXAMPLE_ACCOUNT } from "./examples.ts";
import { paging, pagingQuery, yesOrNo } from "./query.ts";

const MOST_TAGS = 20;

/** What is searched by, in the language of the search. */
const searchText = z.string().max(1000).meta({
  description:
    "What is looked for; all of it must hold. Words are found in names, ids, host names and values of tags; an address or a prefix alone finds what has it or is inside it; qualifiers say more: `kind:instance`, `tag:env=prod`, `account:…`, `region:…`, `network:…`, `name:web*`, `ip:10.1.2.5`, `cidr:10.0.0.0/8`, `owner:…`, `expires:<2026-12-31`, `status:any`, `type:resource`. Quotes stand around what has spaces. docs/api.md tells all of it",
});

const READS_EITHER = operatorOfEither(["resources:read", "resource"], ["addresses:read", "address-space"]);

const hint = z
  .string()
  .optional()
  .meta({ description: "Where nothing is found, on the first page: what would be, if it were asked otherwise" });

const byId = z.object({
  id: z.string().min(1).max(NATURAL_ID_LENGTH).meta({ description: "Natural id, URL-encoded, or short id (`res_…`)" }),
});
const anId = { id: `res_${"0".repeat(32)}` };

export const resources = defineArea("resources", {
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/resources",
    access: operator("resources:read", "resource"),
    summary: "Resources that match all of the filters",
    description: "A page may be short, or empty, and still have a cursor.",
    query: z.strictObject({
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
      confirmed: yesOrNo.optional().meta({
        description:
          "`true`: only what its owner's own account says; `false`: only what others report of it, or revoked collectors did",
      }),
      expiresBefore: z.string().max(40).optional().meta({ description: "A day such as 2026-12-31" }),
      q: searchText.optional(),
    }),
    repeatable: ["tag"],
    answer: page(resource).extend({
      total: z.int().optional().meta({
        description:
          "How many there are in all, on the first page, where only `kind`, `status`, `provider`, `account` and `region` are asked for; absent where nobody has counted",
      }),
      hint,
      coverage: coverage.optional(),
    }),
    errors: ["query.invalid"],
    example: { query: { kind: "subnet", account: EXAMPLE_ACCOUNT, tag: ["env=prod"] } },
  }),
  search: defineEndpoint({
    method: "GET",
    path: "/api/v1/search",
    access: READS_EITHER,
    rate: "search",
    summary:
      "Resources, accounts and planned prefixes by free text and qualifiers, or by what contains or is inside a prefix",
    description:
      "One of `q`, `cidr_contains` and `cidr_within` is asked for. What contains an address or a prefix comes with the longest prefix first, from all address spaces and all of the estate that the caller may read; what is inside one in the order of addresses, what is observed before what is planned. q is such as `kind:instance tag:env=prod (region:eu-* OR region:us-*) -name:test* ip:10.1.2.5 expires:<60d sort:expires`; `type:` limits it to one type. Accounts are found by tokens that may read accounts. A page may be short, or empty, and still have a cursor. A search that cannot be answered has its `place` in the problem.",
    query: z
      .strictObject({
        ...paging,
        q: searchText.optional(),
        cidr_contains: prefixOrAddressInput.optional().meta({
          description: "What has this address, or contains this prefix, such as 10.1.2.5",
        }),
        cidr_within: prefixInput
          .optional()
          .meta({ description: "What has a prefix inside this one, such as 10.0.0.0/8" }),
        type: z.enum(SUBJECT_TYPES).optional().meta({ description: "One type alone; in q it is `type:`" }),
        sort: z
          .enum([...SORT_FIELDS, ...SORT_FIELDS.map((field) => `-${field}` as const)])
          .optional()
          .meta({ description: "The smallest, earliest first; with a minus the greatest. As `sort:` in q" }),
      })
      .refine(({ q, cidr_contains, cidr_within }) => [q, cidr_contains, cidr_within].filter(Boolean).length === 1, {
        path: ["q"],
        error: "one of q, cidr_contains and cidr_within is asked for",
      }),
    answer: page(foundSubject).extend({
      hint,
      coverage: coverage.optional(),
    }),
    errors: ["query.invalid"],
    example: { query: { q: "kind:instance name:web*" } },
  }),
  searchCounts: defineEndpoint({
    method: "GET",
    path: "/api/v1/search/counts",
    access: READS_EITHER,
    rate: "search",
    summary: "How many things a search finds, by facets",
    description:
      "Counts what one request can read; with a cursor there is more, and the counts of all pages are to be summed up.",
    query: z.strictObject({
      q: searchText,
      by: z
        .array(z.enum(SEARCH_FACETS))
        .max(3)
        .optional()
        .meta({ description: "Repeatable, three at most; one sum without it" }),
      cursor: paging.cursor,
    }),
    repeatable: ["by"],
    answer: page(searchCount).extend({ hint, coverage: coverage.optional() }),
    errors: ["query.invalid"],
    example: { query: { q: "kind:instance", by: ["region"] } },
  }),
  whose: defineEndpoint({
    method: "GET",
    path: "/api/v1/whose",
    access: READS_EITHER,
    rate: "search",
    summary:
      "Whose an address is: the prefixes around it, planned and observed, what has it, owner, notes, who says so and since when",
    query: z.strictObject({
      address: z.string().max(80).meta({ description: "One address, with a port or without" }),
      account: accountId.optional().meta({ description: "Only what this account has" }),
    }),
    answer: whose.extend({ coverage }),
    errors: ["query.invalid"],
    example: { query: { address: "10.1.2.5" } },
  }),
  counts: defineEndpoint({
    method: "GET",
    path: "/api/v1/counts",
    access: operator("resources:read", "resource"),
    summary: "How many resources there are, by status, kind, provider, account and region",
    description:
      "Exact, and at the same cost however many resources there are. By account and region together only with one of them given.",
    query: z.strictObject({
      by: z
        .array(z.enum(COUNTED))
        .max(COUNTED.length)
        .optional()
        .meta({ description: "Repeatable; one sum without it" }),
      kind: kindName.optional(),
      provider: provider.optional(),
      account: accountId.optional(),
      region: regionName.optional(),
      status: z.enum(["active", "retired", "any"]).optional().meta({ description: "`active` when absent" }),
    }),
    repeatable: ["by"],
    answer: z.object({ items: z.array(resourceCount), coverage }),
    errors: ["query.invalid"],
    example: { query: { by: ["kind", "region"] } },
  }),
  related: defineEndpoint({
    method: "GET",
    path: "/api/v1/resources/{id+}/related",
    access: operator("resources:read", "resource"),
    summary: "What a resource names, and the active resources that name it",
    params: byId,
    query: pagingQuery,
    answer: page(relatedResource).extend({ coverage: coverage.optional() }),
    errors: ["resource.not_found"],
    example: { params: anId },
  }),
  history: defineEndpoint({
    method: "GET",
    path: "/api/v1/resources/{id+}/history",
    access: operator("resources:read", "resource"),
    summary: "What happened to a resource, newest first, with values before and after",
    params: byId,
    query: pagingQuery,
    answer: page(resourceEvent),
    errors: ["resource.not_found"],
    example: { params: anId },
  }),
  get: defineEndpoint({
    method: "GET",
    path: "/api/v1/resources/{id+}",
    access: operator("resources:read", "resource"),
    summary: "One resource, active or retired",
    params: byId,
    answer: resource,
    etag: true,
    errors: ["resource.not_found"],
    example: { params: anId },
  }),
  annotate: defineEndpoint({
    method: "PATCH",
    path: "/api/v1/resources/{id+}",
    access: operator("resources:write", "resource"),
    summary: "Set an operator's notes or owner, which no sync touches",
    params: byId,
    body: resourcePatch,
    ifMatch: "required",
    answer: resource,
    etag: true,
    mutates: "resource.annotate",
    errors: ["resource.not_found"],
    example: { params: anId, body: { notes: "Kept for the audit", owner: "payments" } },
  }),
});
