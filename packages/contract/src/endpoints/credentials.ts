import * as z from "zod";
import { credential, newCredential, revealedCredential, revealRequest } from "../credential.ts";
import { idSchema } from "../ids.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { pagingQuery } from "./query.ts";

const byId = z.object({ id: idSchema("credential") });
const anId = { id: exampleId("credential") };

export const credentials = defineArea("credentials", {
  create: defineEndpoint({
    method: "POST",
    path: "/api/v1/credentials",
    access: operator("credentials:write", "credential"),
    summary: "Seal and store a credential; the answer has no secret",
    body: newCredential,
    idempotent: true,
    status: 201,
    answer: credential,
    etag: true,
    mutates: "credential.create",
    needs: "sealer",
    secret: "request",
    errors: ["request.conflict"],
    example: { body: { name: "deploy", secret: { type: "generic", secret: "correct horse battery staple" } } },
  }),
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/credentials",
    access: operator("credentials:read", "credential"),
    summary: "Metadata of all credentials, oldest first, also of revoked ones",
    query: pagingQuery,
    answer: page(credential),
  }),
  get: defineEndpoint({
    method: "GET",
    path: "/api/v1/credentials/{id}",
    access: operator("credentials:read", "credential"),
    summary: "Metadata of one credential",
    params: byId,
    answer: credential,
    etag: true,
    errors: ["credential.not_found"],
    example: { params: anId },
  }),
  reveal: defineEndpoint({
    method: "POST",
    path: "/api/v1/credentials/{id}/reveal",
    access: operator("credentials:reveal", "credential"),
    summary: "The secret of a credential",
    description:
      "Every access, also a denied or failed one, is audited before it is answered. `admin` does not include it. By a session it needs a step-up for `credentials:reveal` on `credential/crd_…`.",
    params: byId,
    body: revealRequest,
    bodyOptional: true,
    answer: revealedCredential,
    rate: "reveal",
    mutates: "credential.reveal",
    needs: "opener",
    secret: "answer",
    errors: ["credential.not_found", "credential.revoked", "credential.unreadable", "request.conflict"],
    example: { params: anId, body: { reason: "outage of the shop" } },
  }),
  revoke: defineEndpoint({
    method: "DELETE",
    path: "/api/v1/credentials/{id}",
    access: operator("credentials:write", "credential"),
    summary: "Revoke a credential for good: its ciphertext is removed",
    params: byId,
    answer: credential,
    etag: true,
    mutates: "credential.revoke",
    errors: ["credential.not_found", "request.conflict"],
    example: { params: anId },
  }),
});
