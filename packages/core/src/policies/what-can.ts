import { OPERATOR_ACTIONS, type OperatorAction } from "@cadastre/contract/actions";
import type { WhatCan } from "@cadastre/contract/policy";
import type { Actor, Context } from "../context.ts";
import { type AllowedPart, decideAccounts, decideSingle } from "./accounts-allowed.ts";
import { holderOf } from "./authorize.ts";
import { isByAccount } from "./decide-asked.ts";
import { decide, type Rights } from "./engine.ts";
import { createAccountsReader } from "./explain.ts";
import { findThing, requireAsked } from "./questions.ts";
import { type Holder, placedHolder, rightsOf, rightsToSystem } from "./rights.ts";
import { singleOf } from "./schema.ts";
import { isAbout } from "./scope.ts";
import { mayByScope } from "./scopes.ts";
import { namedThings } from "./single-things.ts";
import { situationOf } from "./situation.ts";
import { decideSpaces, isBySpace } from "./spaces-allowed.ts";
import { anOrganization, nameOfAccount, theSystem } from "./things.ts";

interface Reach {
  readonly isSystem: boolean;
  readonly isOrganization: boolean;
  /** Single accounts beyond that. */
  readonly accounts: readonly string[];
  /** Single things that policies or roles name, beyond that: `credential/crd_…`, `address-space/spc_…`. */
  readonly things: readonly string[];
}

/** Answers where an action is allowed by these rights, for one action after the other. */
function createReach(context: Context, actor: Actor, holder: Holder, rights: Rights) {
  const { organization } = context;
  const [who, situation, ofSystem] = [
    placedHolder(holder),
    situationOf(context, actor),
    rightsToSystem(rights, organization),
  ];
  const readAccounts = createAccountsReader(context);
  return async function reachOf(action: OperatorAction): Promise<Reach> {
    const question = { who, action, organization, situation };
    const isSystem = decide(ofSystem, { who, action, what: theSystem(), situation }).allowed;
    if (isBySpace(action)) {
      const { isDefault, except } = decideSpaces(rights, question);
      // What policies keep back of all spaces is not counted up: there may be any number of the others.
      const things = isDefault ? [] : except.map((id) => `address-space/${id}`);
      return { isSystem, isOrganization: isDefault, accounts: [], things };
    }
    const part: Pick<AllowedPart, "isWhole" | "accounts"> = isByAccount(action)
      ? await decideAccounts(rights, question, readAccounts)
      : {
          isWhole: decide(rights, { who, action, what: anOrganization(organization), situation }).allowed,
          accounts: [],
        };
    const things: string[] = [];
    const single = singleOf(action);
    const permits = rights.rules.filter(({ effect, scope }) => effect === "permit" && isAbout(scope, who, action));
    for (const text of part.isWhole || single === undefined ? [] : namedThings(permits, single)) {
      // What a policy names may be gone.
      const { single: named } = (await findThing(context, text)) ?? {};
      if (named === undefined || !decideSingle(rights, question, named).allowed) continue;
      const isBeyond = named.account === undefined || !part.accounts.includes(nameOfAccount(named.account));
      if (isBeyond) things.push(text);
    }
    return {
      isSystem,
      isOrganization: part.isWhole,
      accounts: part.accounts,
      things,
    };
  };
}

/**
 * What somebody may do, and where: in the whole organisation, in single accounts beyond that, to single things that policies name beyond that, and
 * in the system. Throws 404 `user.not_found`, `service-account.not_found`. Writes nothing.
 */
export async function listWhatCan(context: Context, actor: Actor, principal: string): Promise<{ items: WhatCan[] }> {
  const holder = await requireAsked(context, principal);
  if (holder.isDisabled) return { items: [] };
  const reachOf = createReach(context, actor, holder, await rightsOf(context, holder));
  const found = new Map<string, OperatorAction[]>();
  const note = (resource: string, action: OperatorAction) =>
    found.set(resource, [...(found.get(resource) ?? []), action]);
  for (const action of OPERATOR_ACTIONS) {
    const { isSystem, isOrganization, accounts, things } = await reachOf(action);
    if (isSystem) note("system/system", action);
    if (isOrganization) note(`organization/${context.organization}`, action);
    for (const account of accounts) note(`account/${account}`, action);
    for (const thing of things) note(thing, action);
  }
  return { items: [...found].map(([resource, actions]) => ({ resource, actions })) };
}

/** What a caller may do anywhere, as it acts now: what its token leaves of it. Reads what `decideAccess` reads. */
export async function listOwnActions(context: Context, actor: Actor): Promise<OperatorAction[]> {
  const { principal } = actor;
  const holder = holderOf(principal);
  if (holder === undefined) return [];
  const reachOf = createReach(context, actor, holder, await rightsOf(context, holder));
  const allowed: OperatorAction[] = [];
  for (const action of OPERATOR_ACTIONS.filter((one) => mayByScope(principal, one))) {
    const { isSystem, isOrganization, accounts, things } = await reachOf(action);
    if (isSystem || isOrganization || accounts.length + things.length > 0) allowed.push(action);
  }
  return allowed;
}
