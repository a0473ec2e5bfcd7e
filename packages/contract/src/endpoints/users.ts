import * as z from "zod";
import { idSchema } from "../ids.ts";
import { newUser, user, userName, userPatch } from "../user.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { paging } from "./query.ts";

const PATH = "/api/v1/users/{id}";
const byId = z.object({ id: idSchema("user") });
const example = { id: exampleId("user") };

export const users = defineArea("users", {
  create: defineEndpoint({
    method: "POST",
    path: "/api/v1/users",
    access: operator("directory:write", "user"),
    summary: "Make a user, who may do nothing until a role is bound to it",
    description: "Another organization than one's own can be given by who administers the system.",
    body: newUser,
    idempotent: true,
    status: 201,
    answer: user,
    etag: true,
    mutates: "user.create",
    errors: ["organization.not_found", "user.name_taken", "request.conflict"],
    example: { body: { userName: "ann@example.com", displayName: "Ann" } },
  }),
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/users",
    access: operator("directory:read", "user"),
    summary: "Users, oldest first",
    query: z.strictObject({
      ...paging,
      userName: userName.optional().meta({ description: "Only the one of this name; case does not matter" }),
    }),
    answer: page(user),
  }),
  get: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("directory:read", "user"),
    summary: "One user",
    params: byId,
    answer: user,
    etag: true,
    errors: ["user.not_found"],
    example: { params: example },
  }),
  patch: defineEndpoint({
    method: "PATCH",
    path: PATH,
    access: operator("directory:write", "user"),
    summary: "Change a user; disabling ends its tokens and sessions at once and for good",
    params: byId,
    body: userPatch,
    ifMatch: "optional",
    answer: user,
    etag: true,
    mutates: "user.patch",
    errors: ["user.not_found", "user.name_taken", "request.conflict"],
    example: { params: example, body: { disabled: true } },
  }),
  delete: defineEndpoint({
    method: "DELETE",
    path: PATH,
    access: operator("directory:write", "user"),
    summary: "Remove a user with its roles and memberships; its tokens and sessions end",
    params: byId,
    ifMatch: "optional",
    status: 204,
    mutates: "user.delete",
    errors: ["user.not_found", "request.conflict"],
    example: { params: example },
  }),
});
