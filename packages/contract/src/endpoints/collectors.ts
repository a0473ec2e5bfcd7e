import * as z from "zod";
import { collector, collectorPatch, collectorState, newCollector } from "../collector.ts";
import { idSchema } from "../ids.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { paging } from "./query.ts";

const PATH = "/api/v1/collectors/{id}";
const byId = z.object({ id: idSchema("collector") });
const anId = { id: exampleId("collector") };

const AN_ED25519_KEY =
  "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

const decision = {
  method: "POST",
  access: operator("collectors:write", "collector"),
  params: byId,
  body: z.strictObject({}),
  bodyOptional: true,
  ifMatch: "optional",
  answer: collector,
  etag: true,
  errors: ["collector.not_found", "collector.state", "request.conflict"],
  example: { params: anId, body: {} },
} as const;

export const collectors = defineArea("collectors", {
  register: defineEndpoint({
    method: "POST",
    path: "/api/v1/collectors",
    access: operator("collectors:write", "collector"),
    summary: "Register a collector's public key; it waits for approval",
    body: newCollector,
    idempotent: true,
    status: 201,
    answer: collector,
    etag: true,
    mutates: "collector.register",
    errors: [
      "collector.name_taken",
      "collector.key_taken",
      "credential.not_found",
      "credential.revoked",
      "request.conflict",
    ],
    example: { body: { name: "aws-main", providers: ["aws"], accounts: ["*"], publicKey: AN_ED25519_KEY } },
  }),
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/collectors",
    access: operator("collectors:read", "collector"),
    summary: "All collectors, oldest first, with when each was last seen",
    query: z.strictObject({ ...paging, state: collectorState.optional() }),
    answer: page(collector),
    example: { query: { state: "pending" } },
  }),
  get: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("collectors:read", "collector"),
    summary: "One collector",
    params: byId,
    answer: collector,
    etag: true,
    errors: ["collector.not_found"],
    example: { params: anId },
  }),
  patch: defineEndpoint({
    method: "PATCH",
    path: PATH,
    access: operator("collectors:write", "collector"),
    summary: "Change the accounts of a collector, or the credential that it is bound to",
    params: byId,
    body: collectorPatch,
    ifMatch: "required",
    answer: collector,
    etag: true,
    mutates: "collector.patch",
    errors: [
      "collector.not_found",
      "collector.state",
      "credential.not_found",
      "credential.revoked",
      "request.conflict",
    ],
    example: { params: anId, body: { accounts: ["*"] } },
  }),
  approve: defineEndpoint({
    ...decision,
    path: `${PATH}/approve`,
    mutates: "collector.approve",
    summary: "Let a pending collector deliver",
  }),
  reject: defineEndpoint({
    ...decision,
    path: `${PATH}/reject`,
    mutates: "collector.reject",
    summary: "Refuse a pending collector for good",
  }),
  revoke: defineEndpoint({
    ...decision,
    path: `${PATH}/revoke`,
    mutates: "collector.revoke",
    summary: "End a collector at once and for good",
  }),
});
