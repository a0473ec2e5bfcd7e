import { type Action, COLLECTOR_ACTIONS, type OperatorAction, type ResourceType } from "@cadastre/contract/actions";
import { formatAddress, tryParseAddress } from "@cadastre/net/address";
import type { Actor, Context, Principal } from "../context.ts";
import type { Restriction } from "../restriction.ts";
import { readAccountFacts } from "./account-facts.ts";
import { type AllowedPart, decideAccounts, type WholeQuestion } from "./accounts-allowed.ts";
import { decide, type Rights, type Situation, type Thing } from "./engine.ts";
import { type Holder, placedHolder, rightsOf, rightsToSystem } from "./rights.ts";
import { isUnscoped, mayByScope } from "./scopes.ts";
import { anOrganization, theSystem } from "./things.ts";

/** What an action is done to: a type of things, and which of them when the request names one. */
export interface Target {
  readonly type: ResourceType;
  readonly id?: string | undefined;
}

/** How a request is decided, with the bindings and policies that decided it. */
export type Decision = { readonly policies: readonly string[] } & (
  | { readonly allowed: true; readonly restriction?: Restriction }
  | { readonly allowed: false; readonly reason: string }
);

/** What is in an account, or given within some: of it one may see a part. All else is the whole organisation's. */
const BY_ACCOUNT: readonly ResourceType[] = [
  "account",
  "credential",
  "hold",
  "resource",
  "role-binding",
  "scope",
  "token",
];

const isCollectorAction = (action: Action): boolean => (COLLECTOR_ACTIONS as readonly Action[]).includes(action);

const denied = (reason: string, policies: readonly string[] = []): Decision => ({ allowed: false, reason, policies });

/** Who acts by roles and policies: a user or a service account. */
export function holderOf(principal: Principal): Holder | undefined {
  const { type } = principal;
  return type === "user" || type === "service-account" ? { ...principal, type } : undefined;
}

/** An address as Cedar reads it: of a socket that takes both families, an IPv4 address is written as one of IPv6. */
function plainAddress(address: string | undefined): string | undefined {
  const parsed = address === undefined ? undefined : tryParseAddress(address.replace(/^::ffff:(?=\d+\.)/i, ""));
  return parsed && formatAddress(parsed);
}

/** In what situation somebody acts. */
export function situationOf({ now }: Pick<Context, "now">, { principal, address }: Actor): Situation {
  const { session } = principal;
  const time = now();
  return {
    time,
    address: plainAddress(address),
    strength: session?.strength ?? 1,
    ageSeconds: session && Math.max(0, Math.floor((time.getTime() - Date.parse(session.authenticatedAt)) / 1000)),
    byToken: session === undefined,
  };
}

const sentence = (action: Action, policies: readonly string[]): string =>
  policies.length === 0 ? `no role or policy gives you ${action} here` : `${policies.join(", ")} forbids ${action}`;

/** Something that is decided as one: the organisation, or the service itself. */
function decideOne(rights: Rights, holder: Holder, action: Action, what: Thing, situation: Situation): Decision {
  const { allowed, policies } = decide(rights, { who: placedHolder(holder), action, what, situation });
  return allowed ? { allowed, policies } : denied(sentence(action, policies), policies);
}

/** What of a part a token leaves, which is limited to some accounts. */
function narrowed(
  { isWhole, accounts }: AllowedPart,
  limit: readonly string[] | undefined,
): readonly string[] | undefined {
  if (limit === undefined) return isWhole ? undefined : accounts;
  return isWhole ? limit : accounts.filter((account) => limit.includes(account));
}

async function decideByAccount(
  context: Context,
  rights: Rights,
  { holder, action, target, situation }: Asked,
): Promise<Decision> {
  const { organization } = context;
  const asked = { who: placedHolder(holder), action, organization, situation };
  const named = target.type === "account" ? target.id : undefined;
  const part = await decideAccounts(rights, asked, () => readAccountFacts(context, named));
  const { isWhole, policies } = part;
  if (!isWhole && part.accounts.length === 0) {
    // One that may be read is there and may not be changed; any other is as if it were not, to who may do this anywhere.
    const isHidden = named !== undefined && (await isHiddenFrom(context, rights, asked, named));
    if (!isHidden) return denied(sentence(action, policies), policies);
  }
  const accounts = narrowed(part, holder.token?.accounts);
  if (accounts === undefined) return { allowed: true, policies };
  const cursorKey = holder.token?.cursorKey;
  return { allowed: true, policies, restriction: { accounts: accounts as Restriction["accounts"], cursorKey } };
}

interface Asked {
  readonly holder: Holder & Pick<Principal, "token">;
  readonly action: Action;
  readonly target: Target;
  readonly situation: Situation;
}

/** Whether an account that somebody may not do this to is to be answered as if it were not there. */
async function isHiddenFrom(context: Context, rights: Rights, asked: WholeQuestion, name: string): Promise<boolean> {
  const isSome = ({ isWhole, accounts }: AllowedPart) => isWhole || accounts.length > 0;
  const read = await decideAccounts(rights, { ...asked, action: "accounts:read" }, () =>
    readAccountFacts(context, name),
  );
  if (asked.action !== "accounts:read" && isSome(read)) return false;
  return isSome(await decideAccounts(rights, asked, () => readAccountFacts(context)));
}

/**
 * Whether an actor may do this, and what of such things it may see: by the scopes of its token, and by Cedar over its roles and the
 * policies of the organisation. Nothing of a decision is kept for another request. Reads what `rightsOf` reads, and the accounts
 * of the organisation when a policy tells one from another.
 */
export async function decideAccess(context: Context, actor: Actor, action: Action, target: Target): Promise<Decision> {
  const { principal } = actor;
  if (principal.type === "system") return { allowed: true, policies: [] };
  const isCollectors = isCollectorAction(action);
  if (principal.type === "collector")
    return isCollectors ? { allowed: true, policies: [] } : denied("a collector may only deliver");
  const holder = holderOf(principal);
  if (holder === undefined || isCollectors || !mayByScope(principal, action as OperatorAction))
    return denied(`this needs the scope ${action}`);
  const { token } = principal;
  const isByAccount = BY_ACCOUNT.includes(target.type);
  if (token?.accounts !== undefined && !isByAccount)
    return denied(`the token is limited to ${token.accounts.join(", ")}, and this concerns all accounts`);
  const rights = await rightsOf(context, holder);
  const situation = situationOf(context, actor);
  const { organization } = context;
  if (target.type === "organization" && target.id === undefined) {
    const system = decideOne(rightsToSystem(rights, organization), holder, action, theSystem(), situation);
    // A list of them is of the caller's own for anybody else.
    if (system.allowed || action !== "organizations:read") return system;
  }
  if (!isByAccount) return decideOne(rights, holder, action, anOrganization(organization), situation);
  return decideByAccount(context, rights, {
    holder: { ...holder, ...(token && { token }) },
    action,
    target,
    situation,
  });
}

/**
 * Whether an actor may do something beside what it was asked for, with all that it sees now: not only with a part of it. Reads what
 * `decideAccess` reads.
 */
export async function mayAlso(context: Context, actor: Actor, action: Action, target: Target): Promise<boolean> {
  const decision = await decideAccess(context, actor, action, target);
  if (!decision.allowed) return false;
  const { restriction } = decision;
  if (restriction === undefined) return true;
  return context.restriction?.accounts.every((account) => restriction.accounts.includes(account)) ?? false;
}

/** Whether an actor gives and takes roles in the whole organisation, and so may decide on what it has asked for itself. */
export async function administers(context: Context, actor: Actor): Promise<boolean> {
  if (!isUnscoped(actor.principal)) return false;
  const decision = await decideAccess(context, actor, "bindings:write", { type: "role-binding" });
  return decision.allowed && decision.restriction === undefined;
}
