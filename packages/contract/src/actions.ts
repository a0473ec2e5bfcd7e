/** What operators may be allowed to do; the scopes of a token are these, and `admin`. */
export const OPERATOR_ACTIONS = [
  "resources:read",
  "resources:write",
  "discovery:read",
  "discovery:write",
  "collectors:read",
  "collectors:write",
  "accounts:read",
  "accounts:write",
  "credentials:read",
  "credentials:write",
  "credentials:reveal",
  "jobs:read",
  "jobs:write",
  "audit:read",
  "audit:erase",
  "audit:forward",
  "feed:read",
  "feed:write",
  "tokens:read",
  "tokens:write",
  "bindings:read",
  "bindings:write",
  "policies:read",
  "policies:write",
  "access:read",
  "directory:read",
  "directory:write",
  "organizations:read",
  "organizations:write",
  "scim:read",
  "scim:write",
  "scim:provision",
  "identity-providers:read",
  "identity-providers:write",
  "addresses:read",
  "addresses:write",
  "addresses:allocate",
] as const;
export type OperatorAction = (typeof OPERATOR_ACTIONS)[number];

/**
 * What is done to things that are in accounts, or given within some, so that one may do it in a part of an organisation. Everything else
 * concerns all of it.
 */
export const ACCOUNT_ACTIONS: readonly OperatorAction[] = [
  "resources:read",
  "resources:write",
  "discovery:read",
  "discovery:write",
  "accounts:read",
  "accounts:write",
  "credentials:read",
  "credentials:write",
  "credentials:reveal",
  "tokens:read",
  "tokens:write",
  "bindings:read",
  "bindings:write",
];

/**
 * What is done in address spaces, so that one may do it in some of them: `allocate` is to take, to reserve and to release; `write` is all
 * else that changes anything, such as spaces, tags, rules and deletion.
 */
export const SPACE_ACTIONS: readonly OperatorAction[] = ["addresses:read", "addresses:write", "addresses:allocate"];

/** All that a collector may do: deliver for its accounts, ask for triggers, and fetch the one credential bound to it. */
export const COLLECTOR_ACTIONS = ["discovery:deliver", "discovery:poll", "credential:fetch"] as const;
export type CollectorAction = (typeof COLLECTOR_ACTIONS)[number];

/** What everybody does with what is one's own: nobody needs to be allowed it. */
export type SelfAction =
  | "self:read"
  | "session:end"
  | "session:step-up"
  | "client-login:read"
  | "client-login:decide"
  | "password:set"
  | "factor:enrol"
  | "factor:remove"
  | "identity:link";

export type Action = OperatorAction | CollectorAction;

/** What an action is done to; whatever is in an address space is of the type of that. */
export type ResourceType =
  | "access"
  | "account"
  | "address-space"
  | "audit"
  | "client-login"
  | "collector"
  | "consumer"
  | "credential"
  | "factor"
  | "group"
  | "hold"
  | "identity-provider"
  | "job"
  | "organization"
  | "policy"
  | "resource"
  | "role-binding"
  | "run"
  | "scim-source"
  | "scope"
  | "service-account"
  | "session"
  | "token"
  | "trigger"
  | "trust-rule"
  | "user";
