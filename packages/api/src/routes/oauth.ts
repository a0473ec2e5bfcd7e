import { oauth } from "@cadastre/contract/endpoints/oauth";
import { ProblemError } from "@cadastre/contract/errors";
import { TOKEN_EXCHANGE } from "@cadastre/contract/oauth";
import { implement } from "./route.ts";

export const OAUTH_ROUTES = implement(oauth, {
  async token({ context, services, body, from, requestId }) {
    if (body.grant_type !== TOKEN_EXCHANGE)
      throw new ProblemError("grant.unsupported", `grant_type must be ${TOKEN_EXCHANGE}`);
    return services.exchange(context, body, { ...from, requestId });
  },
});
