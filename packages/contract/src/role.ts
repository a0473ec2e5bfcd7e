import { OPERATOR_ACTIONS, type OperatorAction, SPACE_ACTIONS } from "./actions.ts";
import { BINDING_TYPES, type Role } from "./principal.ts";

export type BindingType = (typeof BINDING_TYPES)[number];

/** All that a policy can be about: what roles are bound to, and single things in it. */
export const DECIDED_TYPES = [...BINDING_TYPES, "credential", "resource"] as const;
export type DecidedType = (typeof DECIDED_TYPES)[number];

const READS = ["resources:read", "discovery:read", "collectors:read", "accounts:read", "credentials:read"] as const;
const VIEWS = [...READS, "jobs:read", "feed:read", "addresses:read"] as const;
const EDITS = [
  "resources:write",
  "discovery:write",
  "accounts:write",
  "credentials:write",
  "jobs:write",
  "feed:write",
  "addresses:write",
  "addresses:allocate",
] as const;

/** Secrets are shown to nobody by a role that is for something else, and what a SCIM source does its token alone lets it do. */
const ALL_BUT_SECRETS = OPERATOR_ACTIONS.filter(
  (action) => action !== "credentials:reveal" && action !== "scim:provision",
);

/** What each role may do in what it is bound to; an action of a new area joins the roles here. */
export const ROLE_ACTIONS: Readonly<Record<Role, readonly OperatorAction[]>> = {
  SystemAdmin: ALL_BUT_SECRETS,
  AddressSpaceAdmin: SPACE_ACTIONS,
  AddressSpaceOperator: ["addresses:read", "addresses:allocate"],
  AddressSpaceViewer: ["addresses:read"],
  admin: ALL_BUT_SECRETS,
  editor: [...VIEWS, ...EDITS],
  viewer: VIEWS,
  auditor: OPERATOR_ACTIONS.filter((action) => action.endsWith(":read")),
  "vault-user": ["credentials:read", "credentials:reveal"],
};

/** What a role may be bound to. */
export const ROLE_PLACES: Readonly<Record<Role, readonly BindingType[]>> = {
  SystemAdmin: ["system"],
  AddressSpaceAdmin: ["organization", "address-space"],
  AddressSpaceOperator: ["organization", "address-space"],
  AddressSpaceViewer: ["organization", "address-space"],
  admin: ["organization", "project", "account"],
  editor: ["organization", "project", "account"],
  viewer: ["organization", "project", "account"],
  auditor: ["system", "organization", "project", "account"],
  "vault-user": ["system", "organization", "project", "account"],
};
