import { ProblemError } from "@cadastre/contract/errors";
import { idSchema } from "@cadastre/contract/ids";
import { createdToken, newToken, token } from "@cadastre/contract/token";
import { page } from "@cadastre/contract/view";
import { createToken, listTokens, revokeToken } from "@cadastre/core/access/tokens";
import * as z from "zod";
import { pagingQuery } from "./lists.ts";
import { operatorRoute, type Route } from "./route.ts";

export const TOKEN_ROUTES: readonly Route[] = [
  operatorRoute({
    method: "POST",
    path: "/api/v1/tokens",
    scope: "tokens:write",
    name: "createToken",
    summary: "Make an API token; its secret is in this answer and never again",
    description:
      "A repeat under the same Idempotency-Key makes no second token and answers 409 with the id of the first as `token`: its secret is kept nowhere.",
    body: newToken,
    status: 201,
    answer: createdToken,
    etag: true,
    mutates: true,
    secret: true,
    errors: ["token.scope", "request.conflict"],
    handle: ({ context, actor, scopes, body }) => createToken(context, actor, body, scopes),
    async replay(_, { target }) {
      throw new ProblemError(
        "request.conflict",
        `${target} was made under this Idempotency-Key and its secret was shown then; revoke it and use another key`,
        { extra: { token: target } },
      );
    },
  }),
  operatorRoute({
    method: "GET",
    path: "/api/v1/tokens",
    scope: "tokens:read",
    name: "listTokens",
    summary: "All tokens, oldest first, also expired and revoked ones",
    query: pagingQuery,
    answer: page(token),
    handle: ({ context, query }) => listTokens(context, query),
  }),
  operatorRoute({
    method: "DELETE",
    path: "/api/v1/tokens/{id}",
    scope: "tokens:write",
    name: "revokeToken",
    summary: "Revoke a token at once and for good",
    params: z.object({ id: idSchema("token") }),
    answer: token,
    etag: true,
    mutates: true,
    errors: ["token.not_found", "request.conflict"],
    handle: ({ context, actor, params }) => revokeToken(context, actor, params.id),
  }),
];
