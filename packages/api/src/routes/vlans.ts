import { vlanGroups, vlans } from "@cadastre/contract/endpoints/vlans";
import { allocateVlans, getAllocatedVlans, previewVlans } from "@cadastre/core/addresses/vlans/allocate-vlans";
import {
  createVlanGroup,
  deleteVlanGroup,
  getVlanGroup,
  listVlanGroups,
  replaceVlanGroup,
} from "@cadastre/core/addresses/vlans/groups";
import { createVlan, deleteVlan, getVlan, listVlans, replaceVlan } from "@cadastre/core/addresses/vlans/vlans";
import { implement } from "./route.ts";

/** A record's target is the space and what of it was made. */
const idIn = (target: string): string => target.slice(target.indexOf("/") + 1);

export const VLAN_GROUP_ROUTES = implement(vlanGroups, {
  create: {
    handle: ({ context, actor, params, body }) => createVlanGroup(context, actor, params.spaceId, body),
    replay: ({ context, params }, { target }) => getVlanGroup(context, params.spaceId, idIn(target)),
  },
  list: ({ context, params, query }) => listVlanGroups(context, params.spaceId, query),
  get: ({ context, params }) => getVlanGroup(context, params.spaceId, params.groupId),
  replace: ({ context, actor, params, body, version }) =>
    replaceVlanGroup(context, actor, params.spaceId, params.groupId, body, { version }),
  async delete({ context, actor, params, version }) {
    await deleteVlanGroup(context, actor, params.spaceId, params.groupId, { version });
    return undefined;
  },
  available: ({ context, params, query }) =>
    previewVlans(context, { space: params.spaceId, group: params.groupId }, query.limit),
  allocate: {
    handle: ({ context, actor, params, body }) =>
      allocateVlans(context, actor, { space: params.spaceId, group: params.groupId }, body),
    replay: ({ context }, { target }) => {
      const [space = "", group = "", allocation = ""] = target.split("/");
      return getAllocatedVlans(context, { space, group }, allocation);
    },
  },
});

export const VLAN_ROUTES = implement(vlans, {
  create: {
    handle: ({ context, actor, params, body }) => createVlan(context, actor, params.spaceId, body),
    replay: ({ context, params }, { target }) => getVlan(context, params.spaceId, idIn(target)),
  },
  list: ({ context, params, query }) => listVlans(context, params.spaceId, query),
  get: ({ context, params }) => getVlan(context, params.spaceId, params.vlanId),
  replace: ({ context, actor, params, body, version }) =>
    replaceVlan(context, actor, params.spaceId, params.vlanId, body, { version }),
  async delete({ context, actor, params, version }) {
    await deleteVlan(context, actor, params.spaceId, params.vlanId, { version });
    return undefined;
  },
});
