import * as z from "zod";
import { freeVids, givenVlans, newVlan, newVlanGroup, nextVlans, vlan, vlanGroup } from "../addresses/vlan.ts";
import { idSchema } from "../ids.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { paging, pagingQuery, wholeNumber } from "./query.ts";

const SPACE = "/api/v1/addressspaces/{spaceId}";
const GROUPS = `${SPACE}/vlan-groups`;
const GROUP = `${GROUPS}/{groupId}` as const;
const VLANS = `${SPACE}/vlans`;
const VLAN = `${VLANS}/{vlanId}` as const;
const inSpace = z.object({ spaceId: idSchema("space") });
const ofGroup = inSpace.extend({ groupId: idSchema("vlanGroup") });
const ofVlan = inSpace.extend({ vlanId: idSchema("vlan") });
const example = { spaceId: exampleId("space") };
const groupExample = { ...example, groupId: exampleId("vlanGroup") };
const vlanExample = { ...example, vlanId: exampleId("vlan") };
const WRITING = ["space.not_found", "space.deleting", "space.changing", "request.conflict"] as const;

const reads = operator("addresses:read", "address-space");
const writes = operator("addresses:write", "address-space");

export const vlanGroups = defineArea("vlanGroups", {
  create: defineEndpoint({
    method: "POST",
    path: GROUPS,
    access: writes,
    summary: "Make a group of VLANs, in which each id is there once",
    params: inSpace,
    body: newVlanGroup,
    idempotent: true,
    status: 201,
    answer: vlanGroup,
    etag: true,
    mutates: "vlan-group.create",
    errors: [...WRITING],
    example: { params: example, body: { name: "Frankfurt", ranges: [{ from: 100, to: 199 }] } },
  }),
  list: defineEndpoint({
    method: "GET",
    path: GROUPS,
    access: reads,
    summary: "Groups of VLANs, oldest first",
    params: inSpace,
    query: pagingQuery,
    answer: page(vlanGroup),
    errors: ["space.not_found"],
    example: { params: example },
  }),
  get: defineEndpoint({
    method: "GET",
    path: GROUP,
    access: reads,
    summary: "One group of VLANs",
    params: ofGroup,
    answer: vlanGroup,
    etag: true,
    errors: ["space.not_found", "vlan-group.not_found"],
    example: { params: groupExample },
  }),
  replace: defineEndpoint({
    method: "PUT",
    path: GROUP,
    access: writes,
    summary: "Replace what is said of a group; all of its VLANs must be in its ranges",
    params: ofGroup,
    body: newVlanGroup,
    ifMatch: "required",
    answer: vlanGroup,
    etag: true,
    mutates: "vlan-group.replace",
    errors: [...WRITING, "vlan-group.not_found", "vlan-group.in_use"],
    example: { params: groupExample, body: { name: "Frankfurt" } },
  }),
  delete: defineEndpoint({
    method: "DELETE",
    path: GROUP,
    access: writes,
    summary: "Remove a group that has no VLANs",
    params: ofGroup,
    ifMatch: "optional",
    status: 204,
    mutates: "vlan-group.delete",
    errors: [...WRITING, "vlan-group.not_found", "vlan-group.in_use"],
    example: { params: groupExample },
  }),
  available: defineEndpoint({
    method: "GET",
    path: `${GROUP}/available-vlans`,
    access: reads,
    summary: "The next free ids of a group; nothing is kept for who asks",
    params: ofGroup,
    query: z.strictObject({ limit: wholeNumber(1, 200).default(1) }),
    answer: freeVids,
    errors: ["space.not_found", "vlan-group.not_found"],
    example: { params: groupExample },
  }),
  allocate: defineEndpoint({
    method: "POST",
    path: `${GROUP}/available-vlans`,
    access: operator("addresses:allocate", "address-space"),
    summary: "Take the next free ids of a group: all that are asked for, or none",
    params: ofGroup,
    body: nextVlans,
    idempotent: true,
    status: 201,
    answer: givenVlans,
    mutates: "vlan.allocate",
    errors: [...WRITING, "vlan-group.not_found", "vlan.none_free"],
    example: { params: groupExample, body: { name: "shop" } },
  }),
});

export const vlans = defineArea("vlans", {
  create: defineEndpoint({
    method: "POST",
    path: VLANS,
    access: writes,
    summary: "Make a VLAN with an id of one's choice",
    params: inSpace,
    body: newVlan,
    idempotent: true,
    status: 201,
    answer: vlan,
    etag: true,
    mutates: "vlan.create",
    errors: [...WRITING, "vlan.exists"],
    example: { params: example, body: { vid: 100, name: "shop" } },
  }),
  list: defineEndpoint({
    method: "GET",
    path: VLANS,
    access: reads,
    summary: "VLANs by their ids, those in no group first",
    params: inSpace,
    query: z.strictObject({
      ...paging,
      group: idSchema("vlanGroup").optional().meta({ description: "Only those of this group" }),
    }),
    answer: page(vlan),
    errors: ["space.not_found"],
    example: { params: example },
  }),
  get: defineEndpoint({
    method: "GET",
    path: VLAN,
    access: reads,
    summary: "One VLAN",
    params: ofVlan,
    answer: vlan,
    etag: true,
    errors: ["space.not_found", "vlan.not_found"],
    example: { params: vlanExample },
  }),
  replace: defineEndpoint({
    method: "PUT",
    path: VLAN,
    access: writes,
    summary: "Replace what is said of a VLAN, its id and group, too",
    params: ofVlan,
    body: newVlan,
    ifMatch: "required",
    answer: vlan,
    etag: true,
    mutates: "vlan.replace",
    errors: [...WRITING, "vlan.not_found", "vlan.exists"],
    example: { params: vlanExample, body: { vid: 101, name: "shop" } },
  }),
  delete: defineEndpoint({
    method: "DELETE",
    path: VLAN,
    access: writes,
    summary: "Remove a VLAN that no prefix is on",
    params: ofVlan,
    ifMatch: "optional",
    status: 204,
    mutates: "vlan.delete",
    errors: [...WRITING, "vlan.not_found", "vlan.in_use"],
    example: { params: vlanExample },
  }),
});
