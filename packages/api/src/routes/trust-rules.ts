import { trustRules } from "@cadastre/contract/endpoints/trust-rules";
import type { NewTrustRule } from "@cadastre/contract/trust-rule";
import type { Actor, Context } from "@cadastre/core/context";
import { requireStepUp } from "@cadastre/core/login/step-up";
import {
  createTrustRule,
  deleteTrustRule,
  getTrustRule,
  listTrustRules,
  replaceTrustRule,
} from "@cadastre/core/workload/rules";
import type { Services } from "../services.ts";
import { implement } from "./route.ts";

/** Where issuers are asked, and that a session gives away what reveals secrets only by a step-up. */
function given({ outside }: Services, context: Context, actor: Actor, { scopes }: NewTrustRule, id: string) {
  const wanted = { action: "credentials:reveal", resource: `trust-rule/${id}` };
  const isRevealing = scopes.includes("credentials:reveal");
  return {
    reach: outside ?? { loopback: false },
    guard: async () => (isRevealing ? requireStepUp(context, actor, wanted) : []),
  };
}

export const TRUST_RULE_ROUTES = implement(trustRules, {
  create: {
    handle: ({ context, services, actor, body }) =>
      createTrustRule(context, actor, body, given(services, context, actor, body, "new")),
    replay: ({ context }, { target }) => getTrustRule(context, target),
  },
  list: ({ context, query }) => listTrustRules(context, query),
  get: ({ context, params }) => getTrustRule(context, params.id),
  replace: ({ context, services, actor, params, body, version }) =>
    replaceTrustRule(context, actor, params.id, body, { ...given(services, context, actor, body, params.id), version }),
  async delete({ context, actor, params, version }) {
    await deleteTrustRule(context, actor, params.id, { version });
    return undefined;
  },
});
