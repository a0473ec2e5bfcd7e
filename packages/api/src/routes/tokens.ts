import { tokens } from "@cadastre/contract/endpoints/tokens";
import { ProblemError } from "@cadastre/contract/errors";
import { rotateToken } from "@cadastre/core/access/rotate-token";
import { createToken, listTokens, readToken, revokeToken } from "@cadastre/core/access/tokens";
import { requireStepUp } from "@cadastre/core/login/step-up";
import { implement } from "./route.ts";

/** A repeat: what was made is known, its secret is kept nowhere. */
const madeBefore = (token: string): ProblemError =>
  new ProblemError(
    "request.conflict",
    `${token} was made under this Idempotency-Key and its secret was shown then; revoke it and use another key`,
    { extra: { token } },
  );

export const TOKEN_ROUTES = implement(tokens, {
  create: {
    handle: ({ context, actor, body }) =>
      createToken(context, actor, body, {
        async guard() {
          // A token reveals without a step-up: a session gives that on only by one.
          if (!body.scopes.includes("credentials:reveal")) return [];
          return requireStepUp(context, actor, { action: "credentials:reveal", resource: "token/new" });
        },
      }),
    async replay(_, { target }) {
      throw madeBefore(target);
    },
  },
  list: ({ context, query }) => listTokens(context, query),
  rotate: {
    handle: ({ context, actor, params, body }) =>
      rotateToken(context, actor, params.id, body, async ({ scopes }) => {
        if (!scopes.includes("credentials:reveal")) return [];
        return requireStepUp(context, actor, { action: "credentials:reveal", resource: `token/${params.id}` });
      }),
    async replay({ context }, { target }) {
      throw madeBefore((await readToken(context, target)).rotatedTo ?? target);
    },
  },
  revoke: ({ context, actor, params, query }) => revokeToken(context, actor, params.id, query),
});
