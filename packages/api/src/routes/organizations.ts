import { organizations } from "@cadastre/contract/endpoints/organizations";
import { contextIn, isSystemAdmin, requireSystemAdmin } from "@cadastre/core/access/act-in";
import { inOrganization } from "@cadastre/core/context";
import {
  createOrganization,
  getOrganization,
  listOrganizations,
  patchOrganization,
} from "@cadastre/core/directory/organizations";
import { requireNoLockout } from "@cadastre/core/limits/address-list";
import { implement } from "./route.ts";

export const ORGANIZATION_ROUTES = implement(organizations, {
  create: {
    async handle({ context, actor, body }) {
      await requireSystemAdmin(context, actor.principal);
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
    await requireSystemAdmin(context, actor.principal);
    if (params.id === actor.principal.organization) requireNoLockout(from.address, body.addresses, "addresses");
    return patchOrganization(await contextIn(context, actor.principal, params.id), actor, params.id, body, { version });
  },
});
