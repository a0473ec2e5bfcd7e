import { scimSources } from "@cadastre/contract/endpoints/scim-sources";
import { ProblemError } from "@cadastre/contract/errors";
import { contextIn } from "@cadastre/core/access/act-in";
import { requireMayGiveRoles, requireNoMore } from "@cadastre/core/policies/grants";
import { linkResource } from "@cadastre/core/scim/link";
import { createScimSource, deleteScimSource, getScimSource, listScimSources } from "@cadastre/core/scim/sources";
import { implement } from "./route.ts";

export const SCIM_SOURCE_ROUTES = implement(scimSources, {
  create: {
    async handle({ context, actor, body }) {
      return createScimSource(await contextIn(context, actor.principal, body.organization), actor, body);
    },
    async replay(_, { target }) {
      throw new ProblemError(
        "request.conflict",
        `${target} was made under this Idempotency-Key and its token was shown then; delete it and use another key`,
        { extra: { source: target } },
      );
    },
  },
  list: ({ context, query }) => listScimSources(context, query),
  get: ({ context, params }) => getScimSource(context, params.id),
  async delete({ context, actor, params }) {
    await deleteScimSource(context, actor, params.id);
    return undefined;
  },
  async link({ context, actor, params, body }) {
    await linkResource(context, actor, params.id, body, {
      requireMayGive: (roles) => requireMayGiveRoles(context, actor, roles),
      requireNoMore: (user) => requireNoMore(context, actor, { ...user, type: "user" }),
    });
    return undefined;
  },
});
