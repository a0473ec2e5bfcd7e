import type { Explanation, WhoCan } from "@cadastre/contract/policy";
import { ROLES } from "@cadastre/contract/principal";
import { ROLE_PLACES } from "@cadastre/contract/role";
import * as z from "zod";
import type { Actor, Context } from "../context.ts";
import { createCursors } from "../cursor.ts";
import { DirectoryListItem, directoryPartition, ServiceAccountItem, UserItem } from "../directory/items.ts";
import type { Listed, ListOptions } from "../lists.ts";
import { readAccountFacts } from "./account-facts.ts";
import type { WholeQuestion } from "./accounts-allowed.ts";
import { decideAsked, isDoneTo } from "./decide-asked.ts";
import type { Rights, Verdict } from "./engine.ts";
import {
  type Asked,
  type AskedThing,
  askedText,
  readHere,
  requireAction,
  requireAsked,
  requireThing,
  toAsked,
} from "./questions.ts";
import { placedHolder, rightsOf } from "./rights.ts";
import { fromCedarType } from "./schema.ts";
import { isInScope } from "./scope.ts";
import { situationOf } from "./situation.ts";
import { roleGives } from "./templates.ts";

export interface AskedQuestion {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
}

/** What would have to be so for something to be allowed that is not. */
function missingOf(
  { rules }: Rights,
  { who, action }: WholeQuestion,
  asked: AskedThing,
  { policies, errors }: Verdict,
): string[] {
  const { what } = asked;
  const type = fromCedarType(what.uid.type);
  if (!isDoneTo(action, asked)) return [`${action} is not done to a thing of type ${type}`];
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

/** All accounts of the organisation, read once when they are first wanted. */
export function createAccountsReader(context: Context): () => ReturnType<typeof readAccountFacts> {
  let read: ReturnType<typeof readAccountFacts> | undefined;
  return () => {
    read ??= readAccountFacts(context);
    return read;
  };
}

/** A question of somebody, what it is about, and how to read what it may turn on. */
export interface ToExplain {
  readonly holder: Asked;
  readonly question: WholeQuestion;
  readonly thing: AskedThing;
  readonly readAccounts: ReturnType<typeof createAccountsReader>;
}

/** How a question is decided by these rights, and what is missing. */
export async function explainBy(
  rights: Rights,
  { holder, question, thing, readAccounts }: ToExplain,
): Promise<Explanation> {
  if (holder.isDisabled) return { decision: "deny", policies: [], missing: [`${askedText(holder)} is disabled`] };
  const verdict = await decideAsked(rights, question, thing, readAccounts);
  const { allowed, policies } = verdict;
  return {
    decision: allowed ? "allow" : "deny",
    policies: [...policies],
    missing: allowed ? [] : missingOf(rights, question, thing, verdict),
  };
}

/**
 * Whether somebody may do something, as it would be decided of a request from where the actor is, with its strength. Throws 404
 * `user.not_found`, `service-account.not_found`, `account.not_found`, `credential.not_found`, `resource.not_found`, 422 `request.invalid`. Writes
 * nothing.
 */
export async function explain(context: Context, actor: Actor, asked: AskedQuestion): Promise<Explanation> {
  const action = requireAction(asked.action);
  const [holder, thing] = await Promise.all([
    requireAsked(context, asked.principal),
    requireThing(context, asked.resource),
  ]);
  const { organization } = context;
  const question = { who: placedHolder(holder), action, organization, situation: situationOf(context, actor) };
  const readAccounts = createAccountsReader(context);
  return explainBy(await rightsOf(context, holder), { holder, question, thing, readAccounts });
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
 * cursor. Throws 404 `account.not_found`, `credential.not_found`, `resource.not_found`, 422 `request.invalid`, `cursor.invalid`. Writes nothing.
 */
export async function listWhoCan(
  context: Context,
  actor: Actor,
  { action: text, resource, limit, cursor }: ListOptions & { readonly action: string; readonly resource: string },
): Promise<Listed<WhoCan>> {
  const action = requireAction(text);
  const thing = await requireThing(context, resource);
  const { organization } = context;
  const readAccounts = createAccountsReader(context);
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
      const question = { who: placedHolder(holder), action, organization, situation };
      const rights = await rightsOf(context, holder);
      const { allowed, policies } = await decideAsked(rights, question, thing, readAccounts);
      if (allowed) items.push({ principal: askedText(holder), name: holder.name, policies: [...policies] });
    }
    examined += looked;
    at = next;
  }
  return { items };
}
