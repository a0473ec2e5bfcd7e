import { serviceAccounts } from "@cadastre/contract/endpoints/service-accounts";
import { contextIn } from "@cadastre/core/access/act-in";
import { deletePrincipal } from "@cadastre/core/directory/principals";
import {
  createServiceAccount,
  getServiceAccount,
  listServiceAccounts,
  patchServiceAccount,
} from "@cadastre/core/directory/service-accounts";
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
  patch: ({ context, actor, params, body, version }) =>
    patchServiceAccount(context, actor, params.id, body, { version }),
  async delete({ context, actor, params, version }) {
    await deletePrincipal(context, actor, { type: "service-account", id: params.id }, { version });
    return undefined;
  },
});
