import { users } from "@cadastre/contract/endpoints/users";
import { contextIn } from "@cadastre/core/access/act-in";
import { guardSystemAdmins } from "@cadastre/core/access/system-admins";
import { deletePrincipal } from "@cadastre/core/directory/principals";
import { createUser, getUser, listUsers, patchUser } from "@cadastre/core/directory/users";
import { forgetLoginWrites } from "@cadastre/core/login/factors";
import { passwordWrite } from "@cadastre/core/login/set-password";
import { requireAdminBeside } from "@cadastre/core/policies/lockout";
import { releaseWrites } from "@cadastre/core/scim/resource-writes";
import { implement } from "./route.ts";

export const USER_ROUTES = implement(users, {
  create: {
    async handle({ context, services, actor, body }) {
      const own = await contextIn(context, actor.principal, body.organization);
      const { userName, password } = body;
      return createUser(own, actor, body, {
        also: async (user) =>
          password === undefined
            ? []
            : [await passwordWrite(own, services.login.passwords, { user, userName, password, source: "admin" })],
      });
    },
    async replay({ context, actor, body }, { target }) {
      return getUser(await contextIn(context, actor.principal, body.organization), target);
    },
  },
  list: ({ context, query }) => listUsers(context, query),
  get: ({ context, params }) => getUser(context, params.id),
  async patch({ context, actor, params, body, version }) {
    return patchUser(context, actor, params.id, body, {
      version,
      mayChange: guardSystemAdmins(context, actor),
      rests: async () => (body.disabled ? requireAdminBeside(context, actor, params.id) : []),
    });
  },
  async delete({ context, actor, params, version }) {
    const { id } = params;
    await deletePrincipal(
      context,
      actor,
      { type: "user", id },
      {
        version,
        mayChange: guardSystemAdmins(context, actor),
        rests: () => requireAdminBeside(context, actor, id),
        also: async () => [...(await forgetLoginWrites(context, id)), ...(await releaseWrites(context, id))],
      },
    );
    return undefined;
  },
});
