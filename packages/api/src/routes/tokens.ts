import { tokens } from "@cadastre/contract/endpoints/tokens";
import { ProblemError } from "@cadastre/contract/errors";
import { createToken, listTokens, revokeToken } from "@cadastre/core/access/tokens";
import { requireStepUp } from "@cadastre/core/login/step-up";
import { implement } from "./route.ts";

export const TOKEN_ROUTES = implement(tokens, {
  create: {
    handle: ({ context, actor, body }) =>
      createToken(context, actor, body, async () => {
        // A token reveals without a step-up: a session gives that on only by one.
        if (!body.scopes.includes("credentials:reveal")) return [];
        return requireStepUp(context, actor, { action: "credentials:reveal", resource: "token/new" });
      }),
    async replay(_, { target }) {
      throw new ProblemError(
        "request.conflict",
        `${target} was made under this Idempotency-Key and its secret was shown then; revoke it and use another key`,
        { extra: { token: target } },
      );
    },
  },
  list: ({ context, query }) => listTokens(context, query),
  revoke: ({ context, actor, params, query }) => revokeToken(context, actor, params.id, query),
});
