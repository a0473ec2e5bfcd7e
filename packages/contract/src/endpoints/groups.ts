import * as z from "zod";
import { group, groupMember, groupPatch, newGroup } from "../group.ts";
import { idSchema } from "../ids.ts";
import { principalRef } from "../principal.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { paging, pagingQuery } from "./query.ts";

const PATH = "/api/v1/groups/{id}";
const byId = z.object({ id: idSchema("group") });
const example = { id: exampleId("group") };
const member = z.object({
  id: idSchema("group"),
  member: z.union([idSchema("user"), idSchema("serviceAccount")], {
    error: "a user (usr_…) or a service account (sva_…); groups are not in groups",
  }),
});
const NO_MEMBER = ["user.not_found", "service-account.not_found"] as const;

export const groups = defineArea("groups", {
  create: defineEndpoint({
    method: "POST",
    path: "/api/v1/groups",
    access: operator("directory:write", "group"),
    summary: "Make a group, which is empty and has no role",
    body: newGroup,
    idempotent: true,
    status: 201,
    answer: group,
    etag: true,
    mutates: "group.create",
    errors: ["group.name_taken", "request.conflict"],
    example: { body: { name: "network engineers" } },
  }),
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/groups",
    access: operator("directory:read", "group"),
    summary: "Groups, oldest first",
    query: z.strictObject({
      ...paging,
      name: z
        .string()
        .min(1)
        .max(256)
        .optional()
        .meta({ description: "Only the one of this name; case does not matter" }),
    }),
    answer: page(group),
  }),
  members: defineEndpoint({
    method: "GET",
    path: `${PATH}/members`,
    access: operator("directory:read", "group"),
    summary: "Who is in a group",
    params: byId,
    query: pagingQuery,
    answer: page(groupMember),
    errors: ["group.not_found"],
    example: { params: example },
  }),
  add: defineEndpoint({
    method: "POST",
    path: `${PATH}/members`,
    access: operator("directory:write", "group"),
    summary: "Put a user or a service account into a group, whose roles it holds from now on",
    params: byId,
    body: z.strictObject({ principal: principalRef }),
    status: 204,
    mutates: "group.add",
    errors: ["group.not_found", ...NO_MEMBER, "group.too_many", "access.exceeds", "request.conflict"],
    example: { params: example, body: { principal: { type: "user", id: exampleId("user") } } },
  }),
  remove: defineEndpoint({
    method: "DELETE",
    path: `${PATH}/members/{member}`,
    access: operator("directory:write", "group"),
    summary: "Take one out of a group",
    params: member,
    status: 204,
    mutates: "group.remove",
    errors: ["group.not_found", ...NO_MEMBER, "request.conflict"],
    example: { params: { ...example, member: exampleId("user") } },
  }),
  get: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("directory:read", "group"),
    summary: "One group",
    params: byId,
    answer: group,
    etag: true,
    errors: ["group.not_found"],
    example: { params: example },
  }),
  patch: defineEndpoint({
    method: "PATCH",
    path: PATH,
    access: operator("directory:write", "group"),
    summary: "Give a group another name",
    params: byId,
    body: groupPatch,
    ifMatch: "optional",
    answer: group,
    etag: true,
    mutates: "group.patch",
    errors: ["group.not_found", "group.name_taken", "request.conflict"],
    example: { params: example, body: { name: "network team" } },
  }),
  delete: defineEndpoint({
    method: "DELETE",
    path: PATH,
    access: operator("directory:write", "group"),
    summary: "Remove a group; what its members held by it they hold no more",
    params: byId,
    ifMatch: "optional",
    status: 204,
    mutates: "group.delete",
    errors: ["group.not_found", "request.conflict"],
    example: { params: example },
  }),
});
