import { roleBindings } from "@cadastre/contract/endpoints/role-bindings";
import {
  createRoleBinding,
  deleteRoleBinding,
  getRoleBinding,
  listRoleBindings,
} from "@cadastre/core/policies/role-bindings";
import { implement } from "./route.ts";

export const ROLE_BINDING_ROUTES = implement(roleBindings, {
  create: {
    handle: ({ context, actor, body }) => createRoleBinding(context, actor, body),
    replay: ({ context }, { target }) => getRoleBinding(context, target),
  },
  list: ({ context, query }) => listRoleBindings(context, query),
  get: ({ context, params }) => getRoleBinding(context, params.id),
  async delete({ context, actor, params }) {
    await deleteRoleBinding(context, actor, params.id);
    return undefined;
  },
});
