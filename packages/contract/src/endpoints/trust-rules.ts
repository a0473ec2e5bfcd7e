import * as z from "zod";
import { idSchema } from "../ids.ts";
import { newTrustRule, trustRule } from "../trust-rule.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { pagingQuery } from "./query.ts";

const PATH = "/api/v1/trust-rules/{id}";
const byId = z.object({ id: idSchema("trustRule") });
const params = { id: exampleId("trustRule") };
const body = {
  name: "deploy from main",
  serviceAccount: exampleId("serviceAccount"),
  trusts: {
    type: "github",
    audience: "https://cadastre.example.org",
    repository: "acme/infra",
    ref: "refs/heads/main",
  },
  scopes: ["resources:read"],
};
const GIVEN = [
  "request.invalid",
  "service-account.not_found",
  "token.scope",
  "token.principal",
  "access.exceeds",
  "request.conflict",
] as const;

export const trustRules = defineArea("trustRules", {
  create: defineEndpoint({
    method: "POST",
    path: "/api/v1/trust-rules",
    access: operator("tokens:write", "trust-rule"),
    summary: "Trust tokens of others: a workload exchanges its own for one of a service account",
    description:
      "Whoever meets the rule acts as the service account, so it needs what a token of that one does: the scope `admin`, and no right less than it has. With the scope `credentials:reveal` it needs, by a session, a step-up for that action on `trust-rule/new`.",
    body: newTrustRule,
    idempotent: true,
    status: 201,
    answer: trustRule,
    etag: true,
    mutates: "trust-rule.create",
    errors: [...GIVEN],
    example: { body },
  }),
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/trust-rules",
    access: operator("tokens:read", "trust-rule"),
    summary: "Trust rules, oldest first",
    query: pagingQuery,
    answer: page(trustRule),
  }),
  get: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("tokens:read", "trust-rule"),
    summary: "One trust rule",
    params: byId,
    answer: trustRule,
    etag: true,
    errors: ["trust-rule.not_found"],
    example: { params },
  }),
  replace: defineEndpoint({
    method: "PUT",
    path: PATH,
    access: operator("tokens:write", "trust-rule"),
    summary: "Put another rule in a trust rule's place; one that is disabled is met by nobody",
    description:
      "It needs what making it does; with `credentials:reveal`, by a session, a step-up on `trust-rule/{id}`.",
    params: byId,
    body: newTrustRule,
    ifMatch: "required",
    answer: trustRule,
    etag: true,
    mutates: "trust-rule.replace",
    errors: [...GIVEN, "trust-rule.not_found"],
    example: { params, body },
  }),
  delete: defineEndpoint({
    method: "DELETE",
    path: PATH,
    access: operator("tokens:write", "trust-rule"),
    summary: "Remove a trust rule; tokens that were exchanged end by themselves within the hour",
    params: byId,
    ifMatch: "optional",
    status: 204,
    mutates: "trust-rule.delete",
    errors: ["trust-rule.not_found", "access.exceeds", "request.conflict"],
    example: { params },
  }),
});
