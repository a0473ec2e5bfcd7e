import { type Action, COLLECTOR_ACTIONS, type OperatorAction, type ResourceType } from "@cadastre/contract/actions";
import type { Actor, Context, Principal } from "../context.ts";
import { isReached, type Restriction, type SpaceReach } from "../restriction.ts";
import { readAccountFacts } from "./account-facts.ts";
import {
  type AllowedPart,
  decideAccounts,
  decidePlace,
  decideSingle,
  tellsApart,
  type WholeQuestion,
} from "./accounts-allowed.ts";
import { decideAsked } from "./decide-asked.ts";
import { decide, type Rights, type Situation, type Thing } from "./engine.ts";
import { type Holder, placedHolder, rightsOf, rightsToSystem } from "./rights.ts";
import { type SingleType, singleOf } from "./schema.ts";
import { isUnscoped, mayByScope } from "./scopes.ts";
import { readSingle, type SingleThing } from "./single-things.ts";
import { situationOf } from "./situation.ts";
import { decideNewSpace, decideSpace, decideSpaces, isAllSpaces, isSomeSpace, namedSpaces } from "./spaces-allowed.ts";
import { anOrganization, nameOfAccount, theSystem } from "./things.ts";

/** What an action is done to: a type of things, and which of them when the request names one. */
export interface Target {
  readonly type: ResourceType;
  readonly id?: string | undefined;
}

/** How a request is decided, with the bindings and policies that decided it. */
export type Decision = { readonly policies: readonly string[] } & (
  | {
      readonly allowed: true;
      readonly restriction?: Restriction;
      /** Of address spaces, where it is not all: those that the caller may know of as it asks. */
      readonly spaces?: SpaceReach;
      /** It was decided of the one thing that was named, and not of all in its account. */
      readonly isOfOne?: true;
    }
  | {
      readonly allowed: false;
      readonly reason: string;
      /** The token alone says no: nothing was read for it. */
      readonly byToken?: true;
    }
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

const sentence = (action: Action, policies: readonly string[]): string =>
  policies.length === 0 ? `no role or policy gives you ${action} here` : `${policies.join(", ")} forbids ${action}`;

/** Something that is decided as one: the organisation, or the service itself. */
function decideOne(rights: Rights, holder: Holder, action: Action, what: Thing, situation: Situation): Decision {
  const { allowed, policies } = decide(rights, { who: placedHolder(holder), action, what, situation });
  return allowed ? { allowed, policies } : denied(sentence(action, policies), policies);
}

/** What of some accounts, or of all, a token leaves, which is limited to some. */
function narrowed(accounts: readonly string[] | undefined, limit: readonly string[] | undefined) {
  if (limit === undefined || accounts === undefined) return accounts ?? limit;
  return accounts.filter((account) => limit.includes(account));
}

const restrictionTo = ({ token, session }: Caller, accounts: readonly string[]): Restriction => ({
  accounts: accounts as Restriction["accounts"],
  cursorKey: token?.cursorKey ?? session?.cursorKey,
});

const isSome = ({ isWhole, accounts }: AllowedPart): boolean => isWhole || accounts.length > 0;

async function decideByAccount(context: Context, rights: Rights, asked: Asked): Promise<Decision> {
  const { holder, action, target, question } = asked;
  const named = target.type === "account" ? target.id : undefined;
  const part = await decideAccounts(rights, question, () => readAccountFacts(context, named));
  const { policies } = part;
  if (!isSome(part)) {
    // One that may be read is there and may not be changed; any other is as if it were not, to who may do this anywhere.
    const isHidden = named !== undefined && (await isHiddenFrom(context, rights, question, named));
    if (!isHidden) return denied(sentence(action, policies), policies);
  }
  const accounts = narrowed(part.isWhole ? undefined : part.accounts, holder.token?.accounts);
  if (accounts === undefined) return { allowed: true, policies };
  return { allowed: true, policies, restriction: restrictionTo(holder, accounts) };
}

/**
 * The accounts by which somebody who may do this to a thing knows of it: its own, or of those that see it the ones that it may do this in, if
 * there are any. Undefined where that is the whole organisation.
 */
function placesOf(rights: Rights, question: WholeQuestion, { account, seenIn }: SingleThing): string[] | undefined {
  if (account !== undefined) return [nameOfAccount(account)];
  if (seenIn.length === 0 || decidePlace(rights, question).allowed) return undefined;
  const allowed = seenIn.filter((one) => decidePlace(rights, question, one).allowed);
  return (allowed.length > 0 ? allowed : seenIn).map(nameOfAccount);
}

/**
 * A request about one thing that policies may tell from others of its account. What is not allowed and may be read is refused; what may not be
 * read is answered as what is not there.
 */
async function decideOneThing(context: Context, rights: Rights, asked: Asked, single: SingleType): Promise<Decision> {
  const { holder, action, target, question } = asked;
  const found = await readSingle(context, single, target.id ?? "");
  const verdict = found && decideSingle(rights, question, found);
  if (found && verdict?.allowed) {
    const { policies } = verdict;
    const accounts = narrowed(placesOf(rights, question, found), holder.token?.accounts);
    if (accounts === undefined) return { allowed: true, policies, isOfOne: true };
    return { allowed: true, policies, isOfOne: true, restriction: restrictionTo(holder, accounts) };
  }
  const limit = holder.token?.accounts;
  if (found && verdict && isWithin(found, limit)) {
    const read = { ...question, action: `${single}s:read` };
    const asking = { what: found.thing, single: found };
    const mayRead = await decideAsked(rights, read, asking, () => readAccountFacts(context));
    if (mayRead.allowed) return denied(sentence(action, verdict.policies), verdict.policies);
  }
  const part = await decideAccounts(rights, question, () => readAccountFacts(context));
  if (!isSome(part)) return denied(sentence(action, part.policies), part.policies);
  // Nothing that may be changed: the use case finds nothing, whether there is such a thing or not.
  return { allowed: true, policies: part.policies, restriction: restrictionTo(holder, []) };
}

const isWithin = ({ account, seenIn }: SingleThing, limit: readonly string[] | undefined): boolean =>
  limit === undefined ||
  [...(account === undefined ? [] : [account]), ...seenIn].map(nameOfAccount).some((one) => limit.includes(one));

/** The address space that a request is about: what is in one is named behind it. */
const spaceOf = ({ id }: Target): string | undefined => id?.split("/")[0];

/**
 * A request about an address space, about what is in it, or about all of them. One that may be read and in which this may not be done is refused; one
 * that may not be read is answered as if it were not there, to who may do this, or read, anywhere. A list is of those that may be read; whoever makes one
 * may do it in what nobody names yet.
 */
function decideBySpace(rights: Rights, { holder, action, target, question }: Asked): Decision {
  const reach = (isDefault: boolean, except: readonly string[]): SpaceReach => ({
    isDefault,
    except,
    cursorKey: holder.token?.cursorKey ?? holder.session?.cursorKey,
  });
  const id = spaceOf(target);
  if (id === undefined && action !== "addresses:read") {
    const { allowed, policies } = decideNewSpace(rights, question);
    if (!allowed) return denied(sentence(action, policies), policies);
    const named = namedSpaces(rights, question);
    return { allowed: true, policies, ...(named.length === 0 ? {} : { spaces: reach(true, named) }) };
  }
  if (id === undefined) {
    const { isDefault, except, policies } = decideSpaces(rights, question);
    if (!isSomeSpace({ isDefault, except })) return denied(sentence(action, policies), policies);
    return isAllSpaces({ isDefault, except })
      ? { allowed: true, policies }
      : { allowed: true, policies, spaces: reach(isDefault, except) };
  }
  const { allowed, policies } = decideSpace(rights, question, id);
  const isAlike = namedSpaces(rights, question).length === 0;
  if (allowed) return { allowed: true, policies, ...(isAlike ? {} : { spaces: reach(false, [id]) }) };
  const read = decideSpaces(rights, { ...question, action: "addresses:read" });
  const isKnown = isReached(read, id);
  const isAnywhere = isSomeSpace(read) || isSomeSpace(decideSpaces(rights, question));
  if (isKnown || !isAnywhere) return denied(sentence(action, policies), policies);
  // The use case finds nothing, whether there is such a space or not.
  return { allowed: true, policies, spaces: reach(false, []) };
}

type Caller = Holder & Pick<Principal, "token" | "session">;

interface Asked {
  readonly holder: Caller;
  readonly action: Action;
  readonly target: Target;
  readonly question: WholeQuestion;
}

/** Whether an account that somebody may not do this to is to be answered as if it were not there. */
async function isHiddenFrom(context: Context, rights: Rights, asked: WholeQuestion, name: string): Promise<boolean> {
  const read = await decideAccounts(rights, { ...asked, action: "accounts:read" }, () =>
    readAccountFacts(context, name),
  );
  if (asked.action !== "accounts:read" && isSome(read)) return false;
  return isSome(await decideAccounts(rights, asked, () => readAccountFacts(context)));
}

/**
 * Whether an actor may do this, and what of such things it may see: by the scopes of its token, and by Cedar over its roles and the
 * policies of the organisation. Nothing of a decision is kept for another request. Reads what `rightsOf` reads; and where a policy
 * tells one account or thing from another, the one thing that is named with its account, or else the accounts of the organisation.
 */
export async function decideAccess(context: Context, actor: Actor, action: Action, target: Target): Promise<Decision> {
  const { principal } = actor;
  if (principal.type === "system") return { allowed: true, policies: [] };
  const isCollectors = isCollectorAction(action);
  if (principal.type === "collector") return denied("a collector may only deliver");
  const holder = holderOf(principal);
  if (holder === undefined || isCollectors || !mayByScope(principal, action as OperatorAction))
    return { allowed: false, reason: `this needs the scope ${action}`, policies: [], byToken: true };
  const { token, session } = principal;
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
  const asked = {
    holder: { ...holder, ...(token && { token }), ...(session && { session }) },
    action,
    target,
    question: { who: placedHolder(holder), action, organization, situation },
  };
  if (target.type === "address-space") return decideBySpace(rights, asked);
  if (!isByAccount) {
    const decision = decideOne(rights, holder, action, anOrganization(organization), situation);
    // Its token gives a SCIM source this, and no role: it touches nothing but what is its own. What forbids it still does.
    const isGiven = action === "scim:provision" && decision.policies.length === 0;
    return isGiven ? { allowed: true, policies: [] } : decision;
  }
  const single = singleOf(action);
  const isOne = single === target.type && target.id !== undefined && tellsApart(rights, asked.question);
  return isOne ? decideOneThing(context, rights, asked, single) : decideByAccount(context, rights, asked);
}

/**
 * Whether an actor may do something beside what it was asked for, with all that it sees now: not only with a part of it. Reads what
 * `decideAccess` reads.
 */
export async function mayAlso(context: Context, actor: Actor, action: Action, target: Target): Promise<boolean> {
  const decision = await decideAccess(context, actor, action, target);
  if (!decision.allowed) return false;
  const { restriction, spaces, isOfOne } = decision;
  if (spaces !== undefined) {
    const id = spaceOf(target);
    return id !== undefined && isReached(spaces, id);
  }
  if (isOfOne && restriction?.accounts.length !== 0) return true;
  if (restriction === undefined) return true;
  return context.restriction?.accounts.every((account) => restriction.accounts.includes(account)) ?? false;
}

/** Whether an actor gives and takes roles in the whole organisation, and so may decide on what it has asked for itself. */
export async function administers(context: Context, actor: Actor): Promise<boolean> {
  if (!isUnscoped(actor.principal)) return false;
  const decision = await decideAccess(context, actor, "bindings:write", { type: "role-binding" });
  return decision.allowed && decision.restriction === undefined;
}
