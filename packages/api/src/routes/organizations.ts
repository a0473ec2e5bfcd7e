import { organizations } from "@cadastre/contract/endpoints/organizations";
import { ProblemError } from "@cadastre/contract/errors";
import { contextIn, isSystemAdmin } from "@cadastre/core/access/act-in";
import { type Actor, type Context, inOrganization } from "@cadastre/core/context";
import {
  createOrganization,
  getOrganization,
  listOrganizations,
  patchOrganization,
} from "@cadastre/core/directory/organizations";
import { implement } from "./route.ts";

/** Throws 403 `auth.forbidden`. */
function requireSystemAdmin({ now }: Context, { principal }: Actor): void {
  if (!isSystemAdmin(principal, now())) {
    throw new ProblemError("auth.forbidden", "this needs the role SystemAdmin, and of a token the scope admin");
  }
}

export const ORGANIZATION_ROUTES = implement(organizations, {
  create: {
    async handle({ context, actor, body }) {
      requireSystemAdmin(context, actor);
      return createOrganization(context, actor, body);
    },
    replay: ({ context }, { target }) => getOrganization(inOrganization(context, target), target),
  },
  async list({ context, actor, query }) {
    if (isSystemAdmin(actor.principal, context.now())) return listOrganizations(context, query);
    return { items: [await getOrganization(context, context.organization)] };
  },
  async get({ context, actor, params }) {
    const own = await contextIn(context, actor.principal, params.id);
    return getOrganization(own, params.id);
  },
  async patch({ context, actor, params, body, version }) {
    requireSystemAdmin(context, actor);
    return patchOrganization(await contextIn(context, actor.principal, params.id), actor, params.id, body, { version });
  },
});
