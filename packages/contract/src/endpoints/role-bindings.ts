import * as z from "zod";
import { idSchema } from "../ids.ts";
import { newRoleBinding, roleBinding } from "../role-binding.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { paging } from "./query.ts";

const PATH = "/api/v1/role-bindings/{id}";
const byId = z.object({ id: idSchema("roleBinding") });
const example = { id: exampleId("roleBinding") };

export const roleBindings = defineArea("roleBindings", {
  create: defineEndpoint({
    method: "POST",
    path: "/api/v1/role-bindings",
    access: operator("bindings:write", "role-binding"),
    summary: "Give a user, a service account or a group a role somewhere",
    description:
      "Nobody gives what he does not hold himself by a role, there and for as long. With `expiresAt` it ends by itself.",
    body: newRoleBinding,
    idempotent: true,
    status: 201,
    answer: roleBinding,
    etag: true,
    mutates: "role-binding.create",
    errors: ["access.exceeds", "role-binding.too_many", "request.conflict"],
    example: {
      body: {
        principal: { type: "user", id: exampleId("user") },
        role: "viewer",
        resource: { type: "account", id: "aws/123456789012" },
      },
    },
  }),
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/role-bindings",
    access: operator("bindings:read", "role-binding"),
    summary: "Who holds which role where, oldest first; also those that have ended",
    query: z.strictObject({
      ...paging,
      principal: z.string().max(64).optional().meta({ description: "Only of this user, service account or group" }),
      role: newRoleBinding.shape.role.optional(),
    }),
    answer: page(roleBinding),
  }),
  get: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("bindings:read", "role-binding"),
    summary: "One role binding",
    params: byId,
    answer: roleBinding,
    etag: true,
    errors: ["role-binding.not_found"],
    example: { params: example },
  }),
  delete: defineEndpoint({
    method: "DELETE",
    path: PATH,
    access: operator("bindings:write", "role-binding"),
    summary: "Take a role away; it is gone with the next request",
    params: byId,
    status: 204,
    mutates: "role-binding.delete",
    errors: ["role-binding.not_found", "access.last_admin", "request.conflict"],
    example: { params: example },
  }),
});
