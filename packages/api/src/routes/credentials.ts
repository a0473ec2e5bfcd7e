import { credential, newCredential, revealedCredential, revealRequest } from "@cadastre/contract/credential";
import { idSchema } from "@cadastre/contract/ids";
import { page } from "@cadastre/contract/view";
import { createCredential, getCredential, listCredentials, revokeCredential } from "@cadastre/core/vault/credentials";
import { auditDenied, revealCredential } from "@cadastre/core/vault/reveal";
import * as z from "zod";
import { portOf } from "../services.ts";
import { pagingQuery } from "./lists.ts";
import { operatorRoute, type Route } from "./route.ts";

const byId = z.object({ id: idSchema("credential") });

export const CREDENTIAL_ROUTES: readonly Route[] = [
  operatorRoute({
    method: "POST",
    path: "/api/v1/credentials",
    scope: "credentials:write",
    name: "createCredential",
    summary: "Seal and store a credential; the answer has no secret",
    body: newCredential,
    status: 201,
    answer: credential,
    etag: true,
    mutates: true,
    needs: "sealer",
    secret: true,
    errors: ["request.conflict"],
    handle: ({ context, services, actor, body }) => createCredential(context, portOf(services, "sealer"), actor, body),
    replay: ({ context }, claim) => getCredential(context, claim.target),
  }),
  operatorRoute({
    method: "GET",
    path: "/api/v1/credentials",
    scope: "credentials:read",
    name: "listCredentials",
    summary: "Metadata of all credentials, oldest first, also of revoked ones",
    query: pagingQuery,
    answer: page(credential),
    handle: ({ context, query }) => listCredentials(context, query),
  }),
  operatorRoute({
    method: "GET",
    path: "/api/v1/credentials/{id}",
    scope: "credentials:read",
    name: "getCredential",
    summary: "Metadata of one credential",
    params: byId,
    answer: credential,
    etag: true,
    errors: ["credential.not_found"],
    handle: ({ context, params }) => getCredential(context, params.id),
  }),
  operatorRoute({
    method: "POST",
    path: "/api/v1/credentials/{id}/reveal",
    scope: "credentials:reveal",
    name: "revealCredential",
    summary: "The secret of a credential",
    description:
      "Every access, also a denied or failed one, is audited before it is answered. `admin` does not include it.",
    params: byId,
    body: revealRequest,
    bodyOptional: true,
    answer: revealedCredential,
    mutates: true,
    needs: "opener",
    secret: true,
    errors: ["credential.not_found", "credential.revoked", "credential.unreadable", "request.conflict"],
    handle: ({ context, services, actor, params, body }) =>
      revealCredential(context, portOf(services, "opener"), actor, params.id, body),
    onDenied: ({ context }, actor, { code, params }) => auditDenied(context, actor, params.id ?? "", { code }),
  }),
  operatorRoute({
    method: "DELETE",
    path: "/api/v1/credentials/{id}",
    scope: "credentials:write",
    name: "revokeCredential",
    summary: "Revoke a credential for good: its ciphertext is removed",
    params: byId,
    answer: credential,
    etag: true,
    mutates: true,
    errors: ["credential.not_found", "request.conflict"],
    handle: ({ context, actor, params }) => revokeCredential(context, actor, params.id),
  }),
];
