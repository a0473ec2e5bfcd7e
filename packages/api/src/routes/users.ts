import { users } from "@cadastre/contract/endpoints/users";
import { contextIn } from "@cadastre/core/access/act-in";
import { deletePrincipal } from "@cadastre/core/directory/principals";
import { createUser, getUser, listUsers, patchUser } from "@cadastre/core/directory/users";
import { implement } from "./route.ts";

export const USER_ROUTES = implement(users, {
  create: {
    async handle({ context, actor, body }) {
      return createUser(await contextIn(context, actor.principal, body.organization), actor, body);
    },
    async replay({ context, actor, body }, { target }) {
      return getUser(await contextIn(context, actor.principal, body.organization), target);
    },
  },
  list: ({ context, query }) => listUsers(context, query),
  get: ({ context, params }) => getUser(context, params.id),
  patch: ({ context, actor, params, body, version }) => patchUser(context, actor, params.id, body, { version }),
  async delete({ context, actor, params, version }) {
    await deletePrincipal(context, actor, { type: "user", id: params.id }, { version });
    return undefined;
  },
});
