import { type Action, COLLECTOR_ACTIONS, type ResourceType } from "@cadastre/contract/actions";
import { ProblemError } from "@cadastre/contract/errors";
import type { Principal } from "../context.ts";
import type { Restriction } from "../restriction.ts";

/** What an action is done to: a type of things, and which of them when the request names one. */
export interface Target {
  readonly type: ResourceType;
  readonly id?: string | undefined;
}

export type Decision =
  | { readonly allowed: true; readonly restriction?: Restriction }
  | { readonly allowed: false; readonly reason: string };

type Policy = (principal: Principal, action: Action, target: Target) => Decision;

const isCollectorAction = (action: Action): boolean => (COLLECTOR_ACTIONS as readonly Action[]).includes(action);

/** What belongs to an account, or as a token is limited to some: all else is for those who are not limited. */
const BY_ACCOUNT: readonly ResourceType[] = ["account", "credential", "hold", "resource", "scope", "token"];

/** By a token's scopes; `admin` includes each but `credentials:reveal`, which is always given by name. */
function decideToken({ token }: Principal, action: Action, { type }: Target): Decision {
  const { scopes = [], accounts, cursorKey } = token ?? {};
  const isAdmin = scopes.includes("admin") && action !== "credentials:reveal";
  if (isCollectorAction(action) || !(isAdmin || scopes.includes(action)))
    return { allowed: false, reason: `this needs the scope ${action}` };
  if (accounts === undefined) return { allowed: true };
  if (BY_ACCOUNT.includes(type)) return { allowed: true, restriction: { accounts, cursorKey } };
  return { allowed: false, reason: `the token is limited to ${accounts.join(", ")}, and this concerns all accounts` };
}

const decideCollector: Policy = (_, action) =>
  isCollectorAction(action) ? { allowed: true } : { allowed: false, reason: "a collector may only deliver" };

const POLICIES: Readonly<Record<Principal["type"], Policy>> = {
  user: decideToken,
  "service-account": decideToken,
  collector: decideCollector,
  system: () => ({ allowed: true }),
};

/** Whether a principal may do all that can be done, and decide on what it has asked for itself. */
export const isAdmin = ({ type, token }: Principal): boolean =>
  type === "system" || (token?.scopes.includes("admin") ?? false);

/** Whether a principal may do this, and what of such things it may see. Nothing is read: all that counts is in the principal. */
export function decideAccess(principal: Principal, action: Action, target: Target): Decision {
  return POLICIES[principal.type](principal, action, target);
}

/** The same as yes or no. */
export const may = (principal: Principal, action: Action, target: Target): boolean =>
  decideAccess(principal, action, target).allowed;

/**
 * Asked before every use case, for every operator and collector. Answers what the caller may see of such things, undefined for
 * all of them. Throws 403 `auth.forbidden`, which names what is missing.
 */
export function authorize(principal: Principal, action: Action, target: Target): Restriction | undefined {
  const decision = decideAccess(principal, action, target);
  if (!decision.allowed) throw new ProblemError("auth.forbidden", decision.reason);
  return decision.restriction;
}
