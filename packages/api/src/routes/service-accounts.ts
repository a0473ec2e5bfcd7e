import { serviceAccounts } from "@cadastre/contract/endpoints/service-accounts";
import { contextIn } from "@cadastre/core/access/act-in";
import { guardSystemAdmins } from "@cadastre/core/access/system-admins";
import { deletePrincipal } from "@cadastre/core/directory/principals";
import {
  createServiceAccount,
  getServiceAccount,
  listServiceAccounts,
  patchServiceAccount,
} from "@cadastre/core/directory/service-accounts";
import { requireAdminBeside } from "@cadastre/core/policies/lockout";
import { implement } from "./route.ts";

export const SERVICE_ACCOUNT_ROUTES = implement(serviceAccounts, {
  create: {
    async handle({ context, actor, body }) {
      return createServiceAccount(await contextIn(context, actor.principal, body.organization), actor, body);
    },
    async replay({ context, actor, body }, { target }) {
      return getServiceAccount(await contextIn(context, actor.principal, body.organization), target);
    },
  },
  list: ({ context, query }) => listServiceAccounts(context, query),
  get: ({ context, params }) => getServiceAccount(context, params.id),
  async patch({ context, actor, params, body, version }) {
    return patchServiceAccount(context, actor, params.id, body, {
      version,
      mayChange: guardSystemAdmins(context, actor),
      rests: async () => (body.disabled ? requireAdminBeside(context, actor, params.id) : []),
    });
  },
  async delete({ context, actor, params, version }) {
    const mayChange = guardSystemAdmins(context, actor);
    const rests = () => requireAdminBeside(context, actor, params.id);
    await deletePrincipal(context, actor, { type: "service-account", id: params.id }, { version, mayChange, rests });
    return undefined;
  },
});
