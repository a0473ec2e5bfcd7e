import * as z from "zod";
import { idSchema } from "../ids.ts";
import { newPolicy, policy, policyRevision, simulated, simulation } from "../policy.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { pagingQuery } from "./query.ts";

const PATH = "/api/v1/policies/{id}";
const byId = z.object({ id: idSchema("policy") });
const example = { id: exampleId("policy") };
const body = {
  name: "secrets only with a second factor",
  text: 'forbid (principal, action == Cadastre::Action::"credentials:reveal", resource) unless { context.strength >= 2 };',
};
const REFUSED = ["policy.invalid", "policy.name_taken", "access.exceeds", "access.last_admin"] as const;

export const policies = defineArea("policies", {
  simulate: defineEndpoint({
    method: "POST",
    path: "/api/v1/policies/simulate",
    access: operator("policies:read", "policy"),
    summary: "What policies would change, without storing them",
    description:
      "`decisions` answers the questions under what stands and these policies; `changes` decides the recorded requests of the last days again, by what principals hold now, and lists those that would be decided otherwise. At most 5,000 records are looked at; `complete` says whether those were all.",
    body: simulation,
    answer: simulated,
    errors: ["policy.invalid"],
    example: { body: { policies: [body] } },
  }),
  create: defineEndpoint({
    method: "POST",
    path: "/api/v1/policies",
    access: operator("policies:write", "policy"),
    summary: "Store a policy, which decides from the next request on",
    description:
      "422 `policy.invalid` says line and column of what is wrong, and stores nothing. A statement can permit only what its author holds by a role, and a policy after which nobody would administer the system is refused.",
    body: newPolicy,
    idempotent: true,
    status: 201,
    answer: policy,
    etag: true,
    mutates: "policy.create",
    errors: [...REFUSED, "policy.too_many", "request.conflict"],
    example: { body },
  }),
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/policies",
    access: operator("policies:read", "policy"),
    summary: "All policies, oldest first",
    query: pagingQuery,
    answer: page(policy),
  }),
  revisions: defineEndpoint({
    method: "GET",
    path: `${PATH}/revisions`,
    access: operator("policies:read", "policy"),
    summary: "How a policy came to be what it is, newest first",
    params: byId,
    query: pagingQuery,
    answer: page(policyRevision),
    errors: ["policy.not_found"],
    example: { params: example },
  }),
  get: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("policies:read", "policy"),
    summary: "One policy",
    params: byId,
    answer: policy,
    etag: true,
    errors: ["policy.not_found"],
    example: { params: example },
  }),
  replace: defineEndpoint({
    method: "PUT",
    path: PATH,
    access: operator("policies:write", "policy"),
    summary: "Make a policy's next revision",
    description: "412 tells what stands as `current`, and as `difference` how what was sent differs from it.",
    params: byId,
    body: newPolicy,
    ifMatch: "required",
    answer: policy,
    etag: true,
    mutates: "policy.replace",
    errors: ["policy.not_found", ...REFUSED, "request.conflict"],
    example: { params: example, body },
  }),
  delete: defineEndpoint({
    method: "DELETE",
    path: PATH,
    access: operator("policies:write", "policy"),
    summary: "Remove a policy; its revisions stay in the audit log",
    params: byId,
    ifMatch: "optional",
    status: 204,
    mutates: "policy.delete",
    errors: ["policy.not_found", "access.exceeds", "access.last_admin", "request.conflict"],
    example: { params: example },
  }),
});
