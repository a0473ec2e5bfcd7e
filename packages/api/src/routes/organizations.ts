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
import { requireNoLockout } from "@cadastre/core/limits/address-list";
import { implement } from "./route.ts";

/** Throws 403 `auth.forbidden`. */
async function requireSystemAdmin(context: Context, { principal }: Actor): Promise<void> {
  if (!(await isSystemAdmin(context, principal))) {
    throw new ProblemError("auth.forbidden", "this needs the role SystemAdmin, and of a token the scope admin");
  }
}

export const ORGANIZATION_ROUTES = implement(organizations, {
  create: {
    async handle({ context, actor, body }) {
      await requireSystemAdmin(context, actor);
      return createOrganization(context, actor, body);
    },
    replay: ({ context }, { target }) => getOrganization(inOrganization(context, target), target),
  },
  async list({ context, actor, query }) {
    if (await isSystemAdmin(context, actor.principal)) return listOrganizations(context, query);
    return { items: [await getOrganization(context, context.organization)] };
  },
  async get({ context, actor, params }) {
    const own = await contextIn(context, actor.principal, params.id);
    return getOrganization(own, params.id);
  },
  async patch({ context, actor, params, body, version, from }) {
    await requireSystemAdmin(context, actor);
    if (params.id === actor.principal.organization) requireNoLockout(from.address, body.addresses, "addresses");
    return patchOrganization(await contextIn(context, actor.principal, params.id), actor, params.id, body, { version });
  },
});
