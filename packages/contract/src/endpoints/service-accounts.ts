import * as z from "zod";
import { idSchema } from "../ids.ts";
import { newServiceAccount, serviceAccount, serviceAccountPatch } from "../service-account.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { paging } from "./query.ts";

const PATH = "/api/v1/service-accounts/{id}";
const byId = z.object({ id: idSchema("serviceAccount") });
const example = { id: exampleId("serviceAccount") };

export const serviceAccounts = defineArea("serviceAccounts", {
  create: defineEndpoint({
    method: "POST",
    path: "/api/v1/service-accounts",
    access: operator("directory:write", "service-account"),
    summary: "Make a service account, which may do nothing until a role is bound to it",
    description: "Another organization than one's own can be given by who administers the system.",
    body: newServiceAccount,
    idempotent: true,
    status: 201,
    answer: serviceAccount,
    etag: true,
    mutates: "service-account.create",
    errors: ["organization.not_found", "service-account.name_taken", "request.conflict"],
    example: { body: { name: "deploy" } },
  }),
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/service-accounts",
    access: operator("directory:read", "service-account"),
    summary: "Service accounts, oldest first",
    query: z.strictObject({
      ...paging,
      name: z
        .string()
        .min(1)
        .max(128)
        .optional()
        .meta({ description: "Only the one of this name; case does not matter" }),
    }),
    answer: page(serviceAccount),
  }),
  get: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("directory:read", "service-account"),
    summary: "One service account",
    params: byId,
    answer: serviceAccount,
    etag: true,
    errors: ["service-account.not_found"],
    example: { params: example },
  }),
  patch: defineEndpoint({
    method: "PATCH",
    path: PATH,
    access: operator("directory:write", "service-account"),
    summary: "Change a service account; disabling ends its tokens at once and for good",
    params: byId,
    body: serviceAccountPatch,
    ifMatch: "optional",
    answer: serviceAccount,
    etag: true,
    mutates: "service-account.patch",
    errors: ["service-account.not_found", "service-account.name_taken", "request.conflict"],
    example: { params: example, body: { disabled: true } },
  }),
  delete: defineEndpoint({
    method: "DELETE",
    path: PATH,
    access: operator("directory:write", "service-account"),
    summary: "Remove a service account with its roles and memberships; its tokens end",
    params: byId,
    ifMatch: "optional",
    status: 204,
    mutates: "service-account.delete",
    errors: ["service-account.not_found", "request.conflict"],
    example: { params: example },
  }),
});
