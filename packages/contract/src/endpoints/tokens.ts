import * as z from "zod";
import { idSchema } from "../ids.ts";
import { createdToken, newToken, revokedToken, token } from "../token.ts";
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
      "A repeat under the same Idempotency-Key makes no second token and answers 409 with the id of the first as `token`: its secret is kept nowhere.",
    body: newToken,
    idempotent: true,
    status: 201,
    answer: createdToken,
    etag: true,
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
