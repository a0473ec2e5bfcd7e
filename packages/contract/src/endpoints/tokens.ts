import * as z from "zod";
import { idSchema } from "../ids.ts";
import { createdToken, newToken, revokedToken, token, tokenRotation } from "../token.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { pagingQuery, yesOrNo } from "./query.ts";

export const tokens = defineArea("tokens", {
  create: defineEndpoint({
    method: "POST",
    path: "/api/v1/tokens",
    access: operator("tokens:write", "token"),
    summary: "Make an API token; its secret is in this answer and never again",
    description:
      "A repeat under the same Idempotency-Key makes no second token and answers 409 with the id of the first as `token`: its secret is kept nowhere. With the scope `credentials:reveal` it needs, by a session, a step-up for that action on `token/new`.",
    body: newToken,
    idempotent: true,
    status: 201,
    answer: createdToken,
    etag: true,
    rate: "tokenCreation",
    mutates: "token.create",
    secret: "answer",
    errors: [
      "token.scope",
      "token.principal",
      "access.exceeds",
      "user.not_found",
      "service-account.not_found",
      "request.conflict",
    ],
    example: { body: { name: "ci", scopes: ["resources:read"], expiresInSeconds: 86_400 } },
  }),
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/tokens",
    access: operator("tokens:read", "token"),
    summary: "All tokens, oldest first, also expired and revoked ones",
    query: pagingQuery,
    answer: page(token),
  }),
  rotate: defineEndpoint({
    method: "POST",
    path: "/api/v1/tokens/{id}/rotate",
    access: operator("tokens:write", "token"),
    summary:
      "Make a token in the place of another, which ends after an overlap; the new secret is in this answer and never again",
    description:
      "The new token has the name, principal, scopes, accounts, addresses and lifetime of the old one, and lives no longer than the token that asks. Who could not make such a token cannot rotate it, and a token is rotated once: then its successor is. Revoking the old one, or whatever it was made with, takes the new one along: a token that leaked is revoked, not rotated. A repeat under the same Idempotency-Key answers 409 with the id of the new one as `token`. With the scope `credentials:reveal` it needs, by a session, a step-up for that action on `token/{id}`.",
    params: z.object({ id: idSchema("token") }),
    body: tokenRotation,
    bodyOptional: true,
    idempotent: true,
    status: 201,
    answer: createdToken,
    etag: true,
    rate: "tokenCreation",
    mutates: "token.rotate",
    secret: "answer",
    errors: [
      "token.not_found",
      "token.state",
      "token.scope",
      "token.principal",
      "access.exceeds",
      "user.not_found",
      "service-account.not_found",
      "request.conflict",
    ],
    example: { params: { id: exampleId("token") }, body: { overlapSeconds: 3600 } },
  }),
  revoke: defineEndpoint({
    method: "DELETE",
    path: "/api/v1/tokens/{id}",
    access: operator("tokens:write", "token"),
    summary: "Revoke a token at once and for good, and those that were made with it",
    description:
      "`descendants=false` leaves those that were made with it as they are. Without `admin` it needs all that the token may do, since who could not give it cannot take it away; a token may always revoke itself.",
    params: z.object({ id: idSchema("token") }),
    query: z.strictObject({
      descendants: yesOrNo.default(true).meta({ description: "Whether those that were made with it end, too" }),
    }),
    answer: revokedToken,
    etag: true,
    mutates: "token.revoke",
    errors: ["token.not_found", "token.scope", "request.conflict"],
    example: { params: { id: exampleId("token") } },
  }),
});
