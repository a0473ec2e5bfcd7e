import type { PolicyJson, PrincipalConstraint, ResourceConstraint } from "@cedar-policy/cedar-wasm/nodejs";
import { ACTION_TYPE } from "./schema.ts";

/** A thing or somebody as Cedar names it. */
export interface Uid {
  readonly type: string;
  readonly id: string;
}

export const isSame = (one: Uid, other: Uid): boolean => one.type === other.type && one.id === other.id;

/** What the head of a policy says of whom, or of what, it is about. */
export interface Constraint {
  /** The type that it must have. */
  readonly is?: string | undefined;
  /** The one that it must be. */
  readonly same?: Uid | undefined;
  /** What it must be, or be in. */
  readonly within?: Uid | undefined;
}

/** The head of a policy: whom, what and which things it is about at all. */
export interface Scope {
  readonly principal: Constraint;
  /** Undefined for all of them. */
  readonly actions?: readonly string[] | undefined;
  readonly resource: Constraint;
}

type Entity = { readonly __entity: Uid } | Uid;
const uidOf = (entity: Entity): Uid => ("__entity" in entity ? entity.__entity : entity);

function toConstraint(given: PrincipalConstraint | ResourceConstraint): Constraint {
  const named = (inner: { entity: Entity } | { slot: string }) => {
    if ("slot" in inner) throw new Error("a template has no scope of its own");
    return uidOf(inner.entity);
  };
  switch (given.op) {
    case "All":
      return {};
    case "==":
      return { same: named(given) };
    case "in":
      return { within: named(given) };
    case "is":
      return { is: given.entity_type, ...(given.in === undefined ? {} : { within: named(given.in) }) };
  }
}

function actionsOf({ action }: PolicyJson): readonly string[] | undefined {
  if (action.op === "All") return undefined;
  const entities = "entities" in action ? action.entities : "entity" in action ? [action.entity] : [];
  return entities.map(uidOf).flatMap(({ type, id }) => (type === ACTION_TYPE ? [id] : []));
}

/** The scope of a policy as Cedar writes it in JSON. */
export function scopeOf(policy: PolicyJson): Scope {
  return {
    principal: toConstraint(policy.principal),
    actions: actionsOf(policy),
    resource: toConstraint(policy.resource),
  };
}

/** Somebody or something with all that it is in. */
export interface Placed {
  readonly uid: Uid;
  readonly within: readonly Uid[];
}

function meets({ uid, within }: Placed, { is, same, within: wanted }: Constraint): boolean {
  if (is !== undefined && is !== uid.type) return false;
  if (same !== undefined && !isSame(same, uid)) return false;
  return wanted === undefined || isSame(wanted, uid) || within.some((one) => isSame(one, wanted));
}

/** Whether a policy is about who does it, and about what is done. */
export function isAbout({ principal, actions }: Scope, who: Placed, action: string): boolean {
  return (actions?.includes(action) ?? true) && meets(who, principal);
}

/**
 * Whether a policy can decide this request. One that cannot is neither satisfied nor in error, so that leaving it out changes no
 * decision (what Cedar calls a slice).
 */
export function isInScope(scope: Scope, who: Placed, action: string, what: Placed): boolean {
  return isAbout(scope, who, action) && meets(what, scope.resource);
}
