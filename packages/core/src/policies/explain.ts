import { OPERATOR_ACTIONS, type OperatorAction } from "@cadastre/contract/actions";
import type { Explanation, WhatCan, WhoCan } from "@cadastre/contract/policy";
import { ROLES } from "@cadastre/contract/principal";
import { ROLE_PLACES } from "@cadastre/contract/role";
import * as z from "zod";
import type { Actor, Context } from "../context.ts";
import { createCursors } from "../cursor.ts";
import { DirectoryListItem, directoryPartition, ServiceAccountItem, UserItem } from "../directory/items.ts";
import type { Listed, ListOptions } from "../lists.ts";
import { readAccountFacts } from "./account-facts.ts";
import { decideAccounts } from "./accounts-allowed.ts";
import { situationOf } from "./authorize.ts";
import { decide, type Question, type Rights, type Thing, type Verdict } from "./engine.ts";
import { type Asked, askedText, readHere, requireAction, requireAsked, requireThing, toAsked } from "./questions.ts";
import { placedHolder, rightsOf, rightsToSystem } from "./rights.ts";
import { fromCedarType, typesOf } from "./schema.ts";
import { isInScope } from "./scope.ts";
import { roleGives } from "./templates.ts";
import { anOrganization, theSystem } from "./things.ts";

export interface AskedQuestion {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
}

/** What would have to be so for something to be allowed that is not. */
function missingOf({ rules }: Rights, { who, action, what }: Question, { policies, errors }: Verdict): string[] {
  const type = fromCedarType(what.uid.type);
  if (!typesOf(action).includes(type)) return [`${action} is not done to a thing of type ${type}`];
  if (errors.length > 0) return errors.map((id) => `${id} cannot be evaluated here, which denies`);
  if (policies.length > 0) return policies.map((id) => `${id} forbids it`);
  const place = `${type}/${what.uid.id}`;
  const roles = ROLES.filter((role) => roleGives(role, action) && ROLE_PLACES[role].length > 0);
  const near = rules.filter(({ effect, scope }) => effect === "permit" && isInScope(scope, who, action, what));
  return [
    ...near.map(({ id }) => `${id} permits it under conditions that do not hold now`),
    `a role that gives ${action} in ${place} or in what that is in: ${roles.join(", ")}`,
  ];
}

/** How a question is decided by these rights, and what is missing. */
export function explainBy(rights: Rights, asked: Asked, question: Question): Explanation {
  const verdict = decide(rights, question);
  if (asked.isDisabled) return { decision: "deny", policies: [], missing: [`${askedText(asked)} is disabled`] };
  const { allowed, policies } = verdict;
  return {
    decision: allowed ? "allow" : "deny",
    policies: [...policies],
    missing: allowed ? [] : missingOf(rights, question, verdict),
  };
}

/** The rights that decide of a thing. */
export const rightsFor = (rights: Rights, { uid }: Thing, { organization }: Pick<Context, "organization">): Rights =>
  fromCedarType(uid.type) === "system" ? rightsToSystem(rights, organization) : rights;

/**
 * Whether somebody may do something, as it would be decided of a request from where the actor is, with its strength. Throws 404
 * `user.not_found`, `service-account.not_found`, `account.not_found`, 422 `request.invalid`. Writes nothing.
 */
export async function explain(context: Context, actor: Actor, asked: AskedQuestion): Promise<Explanation> {
  const action = requireAction(asked.action);
  const [holder, what] = await Promise.all([
    requireAsked(context, asked.principal),
    requireThing(context, asked.resource),
  ]);
  const rights = rightsFor(await rightsOf(context, holder), what, context);
  return explainBy(rights, holder, { who: placedHolder(holder), action, what, situation: situationOf(context, actor) });
}

/** Principals that one page looks at. */
const MOST_EXAMINED = 500;
const TYPES = ["user", "service-account"] as const;
const position = z.object({ type: z.enum(TYPES), after: z.string().max(64).optional() });
type Position = z.output<typeof position>;

/** The next principals after a position, and where to go on; nowhere after the last one. */
async function principalsAfter({ table }: Context, { type, after }: Position, limit: number) {
  const sort = after === undefined ? {} : { sort: { after } };
  const query = { partition: directoryPartition(type), limit, consistent: true, ...sort };
  const page = await table.query(DirectoryListItem, query);
  const entity = type === "user" ? UserItem : ServiceAccountItem;
  const found = await table.getMany(entity, page.items, { consistent: true });
  const last = page.items.at(-1)?.id;
  const other = TYPES[TYPES.indexOf(type) + 1];
  const next: Position | undefined =
    page.cursor !== undefined && last !== undefined ? { type, after: last } : other && { type: other };
  return { found: found.filter((stored) => stored !== undefined), looked: page.items.length, next };
}

/**
 * Who may do something to something, users before service accounts: a page looks at 500 of them, so that it may be short and still have a
 * cursor. Throws 404 `account.not_found`, 422 `request.invalid`, `cursor.invalid`. Writes nothing.
 */
export async function listWhoCan(
  context: Context,
  actor: Actor,
  { action: text, resource, limit, cursor }: ListOptions & { readonly action: string; readonly resource: string },
): Promise<Listed<WhoCan>> {
  const action = requireAction(text);
  const what = await requireThing(context, resource);
  const situation = situationOf(context, actor);
  const here = await readHere(context);
  const cursors = createCursors("who-can", { action, resource }, position);
  let at: Position | undefined = cursor === undefined ? { type: "user" } : cursors.decode(cursor);
  const items: WhoCan[] = [];
  for (let examined = 0; at !== undefined; ) {
    if (examined >= MOST_EXAMINED || items.length >= limit) return { items, cursor: cursors.encode(at) };
    const { type }: Position = at;
    const most = Math.min(limit - items.length, MOST_EXAMINED - examined);
    const { found, looked, next } = await principalsAfter(context, at, most);
    for (const stored of found.filter(({ disabled }) => !disabled)) {
      const holder = toAsked(here, { type, id: stored.id }, stored);
      const rights = rightsFor(await rightsOf(context, holder), what, context);
      const { allowed, policies } = decide(rights, { who: placedHolder(holder), action, what, situation });
      if (allowed) items.push({ principal: askedText(holder), name: holder.name, policies: [...policies] });
    }
    examined += looked;
    at = next;
  }
  return { items };
}

/**
 * What somebody may do, and where: in the whole organisation, in single accounts beyond that, and in the system. Throws 404
 * `user.not_found`, `service-account.not_found`. Writes nothing.
 */
export async function listWhatCan(context: Context, actor: Actor, principal: string): Promise<{ items: WhatCan[] }> {
  const { organization } = context;
  const holder = await requireAsked(context, principal);
  if (holder.isDisabled) return { items: [] };
  const rights = await rightsOf(context, holder);
  const [who, situation] = [placedHolder(holder), situationOf(context, actor)];
  let read: ReturnType<typeof readAccountFacts> | undefined;
  const accounts = () => {
    read ??= readAccountFacts(context);
    return read;
  };
  const found = new Map<string, OperatorAction[]>();
  const note = (resource: string, action: OperatorAction) =>
    found.set(resource, [...(found.get(resource) ?? []), action]);
  const ofSystem = rightsToSystem(rights, organization);
  for (const action of OPERATOR_ACTIONS) {
    if (decide(ofSystem, { who, action, what: theSystem(), situation }).allowed) note("system/system", action);
    const part = await decideAccounts(rights, { who, action, organization, situation }, accounts);
    const isWhole =
      part.isWhole || decide(rights, { who, action, what: anOrganization(organization), situation }).allowed;
    if (isWhole) note(`organization/${organization}`, action);
    for (const account of part.accounts) note(`account/${account}`, action);
  }
  return { items: [...found].map(([resource, actions]) => ({ resource, actions })) };
}
