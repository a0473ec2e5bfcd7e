import { groups } from "@cadastre/contract/endpoints/groups";
import type { PrincipalRef } from "@cadastre/contract/principal";
import { guardSystemAdmins } from "@cadastre/core/access/system-admins";
import { addGroupMember, listGroupMembers, removeGroupMember } from "@cadastre/core/directory/group-members";
import { createGroup, deleteGroup, getGroup, listGroups, patchGroup } from "@cadastre/core/directory/groups";
import { requireMayGiveRoles } from "@cadastre/core/policies/grants";
import { requireAdminBeside } from "@cadastre/core/policies/lockout";
import { releaseWrites } from "@cadastre/core/scim/resource-writes";
import { implement } from "./route.ts";

const toPrincipal = (id: string): PrincipalRef =>
  id.startsWith("usr_") ? { type: "user", id } : { type: "service-account", id };

export const GROUP_ROUTES = implement(groups, {
  create: {
    handle: ({ context, actor, body }) => createGroup(context, actor, body),
    replay: ({ context }, { target }) => getGroup(context, target),
  },
  list: ({ context, query }) => listGroups(context, query),
  members: ({ context, params, query }) => listGroupMembers(context, params.id, query),
  async add({ context, actor, params, body }) {
    await addGroupMember(context, actor, params.id, body.principal, {
      requireMayGive: (roles) => requireMayGiveRoles(context, actor, roles),
      mayChange: guardSystemAdmins(context, actor),
    });
    return undefined;
  },
  async remove({ context, actor, params }) {
    const mayChange = guardSystemAdmins(context, actor);
    const rests = () => requireAdminBeside(context, actor, params.member);
    await removeGroupMember(context, actor, params.id, toPrincipal(params.member), { mayChange, rests });
    return undefined;
  },
  get: ({ context, params }) => getGroup(context, params.id),
  patch: ({ context, actor, params, body, version }) =>
    patchGroup(context, actor, params.id, body, { version, mayChange: guardSystemAdmins(context, actor) }),
  async delete({ context, actor, params, version }) {
    const mayChange = guardSystemAdmins(context, actor);
    await deleteGroup(context, actor, params.id, { version, mayChange }, async () => [
      ...(await requireAdminBeside(context, actor, params.id)),
      ...(await releaseWrites(context, params.id)),
    ]);
    return undefined;
  },
});
