import * as z from "zod";
import type { ErrorCode } from "../errors.ts";
import { defineArea, defineEndpoint, provisioning } from "./endpoint.ts";
import { exampleId } from "./examples.ts";

export const SCIM_MEDIA = "application/scim+json";

const byId = z.object({ id: z.string().max(200) });
const text = z.string().optional();

/** RFC 7644 §3.4.2 and RFC 9865. What is not known is left out, as those say. */
const listQuery = z.strictObject({
  filter: text.meta({ description: 'Such as `userName eq "ann@example.com"`' }),
  sortBy: text.meta({ description: "An attribute" }),
  sortOrder: text.meta({ description: "`ascending` or `descending`" }),
  startIndex: text.meta({ description: "From 1" }),
  count: text.meta({ description: "At most 200, 100 when absent" }),
  cursor: z
    .string()
    .regex(/^[\w-]*$/)
    .optional()
    .meta({ description: "Of the page before, empty for the first one; not with startIndex" }),
  attributes: text.meta({ description: "Names, separated by commas" }),
  excludedAttributes: text.meta({ description: "Names, separated by commas; not with attributes" }),
});
const selectionQuery = z.strictObject({
  attributes: text.meta({ description: "Names, separated by commas" }),
  excludedAttributes: text.meta({ description: "Names, separated by commas; not with attributes" }),
});

const message = z.looseObject({ schemas: z.array(z.string()) });

const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";
const MESSAGES = "urn:ietf:params:scim:api:messages:2.0";

const SELECTING: readonly ErrorCode[] = ["scim.invalid_syntax", "scim.invalid_value"];
const LISTING: readonly ErrorCode[] = [
  ...SELECTING,
  "scim.invalid_filter",
  "scim.invalid_path",
  "scim.invalid_count",
  "scim.invalid_cursor",
  "scim.expired_cursor",
  "scim.too_many",
];
const WRITING: readonly ErrorCode[] = [...SELECTING, "scim.uniqueness", "group.too_many", "request.conflict"];
const CHANGING: readonly ErrorCode[] = [...WRITING, "scim.not_found", "scim.precondition_failed"];
const PATCHING: readonly ErrorCode[] = [
  ...CHANGING,
  "scim.invalid_path",
  "scim.invalid_filter",
  "scim.no_target",
  "scim.mutability",
];

const users = { access: provisioning("scim:provision", "user"), media: SCIM_MEDIA } as const;
const groups = { access: provisioning("scim:provision", "group"), media: SCIM_MEDIA } as const;
const service = { access: provisioning("scim:provision", "scim-source"), media: SCIM_MEDIA } as const;
const search = { body: message, rawBody: true, errors: LISTING } as const;
const searchExample = { body: { schemas: [`${MESSAGES}:SearchRequest`], filter: 'userName eq "ann@example.com"' } };
const byUser = { id: exampleId("user") };
const byGroup = { id: exampleId("group") };
const patchOf = (path: string, value: unknown) => ({
  schemas: [`${MESSAGES}:PatchOp`],
  Operations: [{ op: "replace", path, value }],
});

/** SCIM 2.0 (RFC 7643, 7644, 9865), for the token of a source; errors are SCIM's own documents. */
export const scim = defineArea("scim", {
  createUser: defineEndpoint({
    ...users,
    method: "POST",
    path: "/scim/v2/Users",
    summary: "Make a user",
    body: message,
    rawBody: true,
    status: 201,
    mutates: "user.create",
    secret: "request",
    errors: WRITING,
    example: { body: { schemas: [USER], userName: "ann@example.com" } },
  }),
  listUsers: defineEndpoint({
    ...users,
    method: "GET",
    path: "/scim/v2/Users",
    summary: "Users of the source, oldest first",
    query: listQuery,
    errors: LISTING,
  }),
  searchUsers: defineEndpoint({
    ...users,
    ...search,
    method: "POST",
    path: "/scim/v2/Users/.search",
    summary: "The same, asked for in a body",
    example: searchExample,
  }),
  getUser: defineEndpoint({
    ...users,
    method: "GET",
    path: "/scim/v2/Users/{id}",
    summary: "One user",
    params: byId,
    query: selectionQuery,
    errors: [...SELECTING, "scim.not_found"],
    example: { params: byUser },
  }),
  replaceUser: defineEndpoint({
    ...users,
    method: "PUT",
    path: "/scim/v2/Users/{id}",
    summary: "Say anew all that there is to say of a user",
    params: byId,
    body: message,
    rawBody: true,
    mutates: "user.patch",
    secret: "request",
    errors: CHANGING,
    example: { params: byUser, body: { schemas: [USER], userName: "ann@example.com" } },
  }),
  patchUser: defineEndpoint({
    ...users,
    method: "PATCH",
    path: "/scim/v2/Users/{id}",
    summary: "Change a user by operations, all or none; active: false ends sessions and tokens at once",
    params: byId,
    body: message,
    rawBody: true,
    mutates: "user.patch",
    secret: "request",
    errors: PATCHING,
    example: { params: byUser, body: patchOf("active", false) },
  }),
  deleteUser: defineEndpoint({
    ...users,
    method: "DELETE",
    path: "/scim/v2/Users/{id}",
    summary: "Remove a user",
    params: byId,
    status: 204,
    mutates: "user.delete",
    errors: ["scim.not_found", "scim.precondition_failed", "request.conflict"],
    example: { params: byUser },
  }),
  createGroup: defineEndpoint({
    ...groups,
    method: "POST",
    path: "/scim/v2/Groups",
    summary: "Make a group",
    body: message,
    rawBody: true,
    status: 201,
    mutates: "group.create",
    errors: WRITING,
    example: { body: { schemas: [GROUP], displayName: "Tour guides" } },
  }),
  listGroups: defineEndpoint({
    ...groups,
    method: "GET",
    path: "/scim/v2/Groups",
    summary: "Groups of the source, oldest first",
    query: listQuery,
    errors: LISTING,
  }),
  searchGroups: defineEndpoint({
    ...groups,
    ...search,
    method: "POST",
    path: "/scim/v2/Groups/.search",
    summary: "The same, asked for in a body",
    example: { body: { ...searchExample.body, filter: 'displayName eq "Tour guides"' } },
  }),
  getGroup: defineEndpoint({
    ...groups,
    method: "GET",
    path: "/scim/v2/Groups/{id}",
    summary: "One group",
    params: byId,
    query: selectionQuery,
    errors: [...SELECTING, "scim.not_found"],
    example: { params: byGroup },
  }),
  replaceGroup: defineEndpoint({
    ...groups,
    method: "PUT",
    path: "/scim/v2/Groups/{id}",
    summary: "Say anew all that there is to say of a group, members as well",
    params: byId,
    body: message,
    rawBody: true,
    mutates: "group.patch",
    errors: CHANGING,
    example: { params: byGroup, body: { schemas: [GROUP], displayName: "Tour guides" } },
  }),
  patchGroup: defineEndpoint({
    ...groups,
    method: "PATCH",
    path: "/scim/v2/Groups/{id}",
    summary: "Change a group by operations",
    description: "Answers 204 when the group has more than 200 members and nothing is selected of it.",
    params: byId,
    body: message,
    rawBody: true,
    mutates: "group.patch",
    errors: PATCHING,
    example: { params: byGroup, body: patchOf("displayName", "Guides") },
  }),
  deleteGroup: defineEndpoint({
    ...groups,
    method: "DELETE",
    path: "/scim/v2/Groups/{id}",
    summary: "Remove a group",
    params: byId,
    status: 204,
    mutates: "group.delete",
    errors: ["scim.not_found", "scim.precondition_failed", "request.conflict"],
    example: { params: byGroup },
  }),
  bulk: defineEndpoint({
    ...service,
    method: "POST",
    path: "/scim/v2/Bulk",
    summary: "Do several operations, each by itself",
    body: message,
    rawBody: true,
    mutates: "scim.bulk",
    secret: "request",
    errors: [...PATCHING, "scim.conflict"],
    example: { body: { schemas: [`${MESSAGES}:BulkRequest`], Operations: [] } },
  }),
  search: defineEndpoint({
    ...service,
    ...search,
    method: "POST",
    path: "/scim/v2/.search",
    summary: "Users, then groups of the source",
    example: searchExample,
  }),
  serviceProviderConfig: defineEndpoint({
    ...service,
    method: "GET",
    path: "/scim/v2/ServiceProviderConfig",
    summary: "What of SCIM is supported",
  }),
  resourceTypes: defineEndpoint({
    ...service,
    method: "GET",
    path: "/scim/v2/ResourceTypes",
    summary: "Types of resources",
  }),
  resourceType: defineEndpoint({
    ...service,
    method: "GET",
    path: "/scim/v2/ResourceTypes/{id}",
    summary: "One type of resources",
    params: byId,
    errors: ["scim.not_found"],
    example: { params: { id: "User" } },
  }),
  schemas: defineEndpoint({ ...service, method: "GET", path: "/scim/v2/Schemas", summary: "Schemas" }),
  schema: defineEndpoint({
    ...service,
    method: "GET",
    path: "/scim/v2/Schemas/{id}",
    summary: "One schema",
    params: byId,
    errors: ["scim.not_found"],
    example: { params: { id: USER } },
  }),
});
