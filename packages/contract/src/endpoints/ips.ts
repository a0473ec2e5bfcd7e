import * as z from "zod";
import { allocated, freePrefixes, newAddresses, newPrefixes } from "../addresses/allocation.ts";
import { expandedIp, IP_SOURCES, ip, ipStatus, newIp, removal } from "../addresses/ip.ts";
import { prefixInput, prefixOrAddressInput } from "../addresses/prefix-input.ts";
import { idSchema } from "../ids.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { paging, wholeNumber, yesOrNo } from "./query.ts";

const SPACE = "/api/v1/addressspaces/{spaceId}";
const PATH = `${SPACE}/ips/{ipId}` as const;
const inSpace = z.object({ spaceId: idSchema("space") });
const byId = inSpace.extend({ ipId: idSchema("ip") });
const spaceExample = { spaceId: exampleId("space") };
const example = { ...spaceExample, ipId: exampleId("ip") };

const CHANGED = ["space.not_found", "space.deleting", "ip.too_much_inside", "request.conflict"] as const;
const PLANNED = [...CHANGED, "ip.exists", "ip.parent_differs"] as const;
const GIVEN = [...CHANGED, "ip.not_found", "addresses.no_space"] as const;

const EXPANSIONS = ["children", "utilization", "free"] as const;

/** Names in one text, with commas between them. */
const expand = z
  .string()
  .refine(
    (text) => text.split(",").every((name) => (EXPANSIONS as readonly string[]).includes(name)),
    `some of ${EXPANSIONS.join(", ")}, with commas between them`,
  )
  .meta({ description: `Of ${EXPANSIONS.join(", ")}, with commas between them` });

/** `a=b,c=d`: names and values have neither `=` nor commas in names. */
const tags = z
  .string()
  .max(2000)
  .refine((text) => text.split(",").every((part) => /^[^=]+=.+$/.test(part)), "tags such as env=prod,tier=gold")
  .meta({ description: "Tags that it has, also inherited and implied ones: env=prod,tier=gold" });

export const SORTS = [
  "prefix",
  "-prefix",
  "name",
  "-name",
  "createdOn",
  "-createdOn",
  "modifiedOn",
  "-modifiedOn",
] as const;

export const ips = defineArea("ips", {
  create: defineEndpoint({
    method: "POST",
    path: `${SPACE}/ips`,
    access: operator("addresses:write", "address-space"),
    summary: "Plan a prefix, or an address",
    description:
      "Whose child it is follows from containment; what is planned inside it becomes its child. Bits behind the length are refused, and the canonical form is named.",
    params: inSpace,
    body: newIp,
    idempotent: true,
    status: 201,
    answer: ip,
    etag: true,
    mutates: "ip.create",
    errors: PLANNED,
    example: { params: spaceExample, body: { prefix: "10.1.0.0/16", name: "production", status: "container" } },
  }),
  list: defineEndpoint({
    method: "GET",
    path: `${SPACE}/ips`,
    access: operator("addresses:read", "address-space"),
    summary: "Planned prefixes in the order of addresses, each before what is inside it",
    description:
      "All filters must hold. A page looks at 2,000 prefixes at the most: with filters it may be short and still have a cursor. In another order than that of addresses 5,000 prefixes can be sorted.",
    params: inSpace,
    query: z.strictObject({
      ...paging,
      prefix: prefixInput.optional().meta({ description: "This one alone" }),
      parentId: z
        .union([idSchema("ip"), z.literal("null")])
        .optional()
        .meta({
          description: "What is directly in this one; `null` for what is in nothing",
        }),
      within: prefixInput.optional().meta({ description: "What is inside this, itself included" }),
      contains: prefixOrAddressInput.optional().meta({ description: "What contains this, nearest first" }),
      family: z.enum(["4", "6"]).optional(),
      status: ipStatus.optional(),
      source: z.enum(IP_SOURCES).optional(),
      tags: tags.optional(),
      q: z.string().min(1).max(128).optional().meta({ description: "Part of a prefix, name, description or owner" }),
      sort: z.enum(SORTS).optional(),
      expand: z.literal("utilization").optional(),
    }),
    answer: page(ip),
    errors: ["space.not_found", "ip.not_found"],
    example: { params: spaceExample, query: { within: "10.0.0.0/8", status: "active" } },
  }),
  get: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("addresses:read", "address-space"),
    summary: "One planned prefix, with what is in it, how much is used, and what is free, as asked for",
    params: byId,
    query: z.strictObject({ expand: expand.optional() }),
    answer: expandedIp,
    etag: true,
    errors: ["space.not_found", "ip.not_found"],
    example: { params: example, query: { expand: "children,utilization,free" } },
  }),
  replace: defineEndpoint({
    method: "PUT",
    path: PATH,
    access: operator("addresses:write", "address-space"),
    summary: "Replace what is said of a prefix; another prefix moves it",
    description:
      "What is left out is as if it were new. What is inside it is not touched: containment says whose it is.",
    params: byId,
    body: newIp,
    ifMatch: "required",
    answer: ip,
    etag: true,
    mutates: "ip.replace",
    errors: [...PLANNED, "ip.not_found"],
    example: { params: example, body: { prefix: "10.1.0.0/16", name: "production", description: "eu" } },
  }),
  delete: defineEndpoint({
    method: "DELETE",
    path: PATH,
    access: operator("addresses:write", "address-space"),
    summary: "Remove a prefix; what is inside it stays, with the tags that came down to it, or goes with it",
    description:
      "With `subtree=true` all that is inside it goes, too; when that is much, by a job. `dryRun=true` tells how much.",
    params: byId,
    query: z.strictObject({ subtree: yesOrNo.optional(), dryRun: yesOrNo.optional() }),
    ifMatch: "required",
    answer: removal,
    mutates: "ip.delete",
    errors: [...CHANGED, "ip.not_found"],
    example: { params: example },
  }),
  freePrefixes: defineEndpoint({
    method: "GET",
    path: `${PATH}/available-prefixes`,
    access: operator("addresses:read", "address-space"),
    summary: "The blocks of one length that would be allocated next; none of them is kept for who asks",
    params: byId,
    query: z.strictObject({
      prefixLength: wholeNumber(0, 128),
      limit: paging.limit,
    }),
    answer: freePrefixes,
    errors: ["space.not_found", "ip.not_found"],
    example: { params: example, query: { prefixLength: "24" } },
  }),
  allocatePrefixes: defineEndpoint({
    method: "POST",
    path: `${PATH}/available-prefixes`,
    access: operator("addresses:allocate", "address-space"),
    summary: "Allocate prefixes of one length in this one: all that are asked for, or none",
    description:
      "Nothing that is planned, in a populated range, held, or seen in a cloud is given, and no two callers get the same. With `reserveUntil` they are reserved until then.",
    params: byId,
    body: newPrefixes,
    idempotent: true,
    status: 201,
    answer: allocated,
    mutates: "allocation.create",
    errors: GIVEN,
    example: { params: example, body: { prefixLength: 24, count: 2, name: "shop" } },
  }),
  freeAddresses: defineEndpoint({
    method: "GET",
    path: `${PATH}/available-addresses`,
    access: operator("addresses:read", "address-space"),
    summary: "The addresses that would be allocated next; none of them is kept for who asks",
    params: byId,
    query: z.strictObject({ limit: paging.limit }),
    answer: freePrefixes,
    errors: ["space.not_found", "ip.not_found"],
    example: { params: example },
  }),
  allocateAddresses: defineEndpoint({
    method: "POST",
    path: `${PATH}/available-addresses`,
    access: operator("addresses:allocate", "address-space"),
    summary: "Allocate single addresses in this prefix: all that are asked for, or none",
    description: "Without those of network and broadcast, or what the subnet's cloud keeps for itself.",
    params: byId,
    body: newAddresses,
    bodyOptional: true,
    idempotent: true,
    status: 201,
    answer: allocated,
    mutates: "allocation.create",
    errors: GIVEN,
    example: { params: example, body: { count: 1, name: "gateway" } },
  }),
});
