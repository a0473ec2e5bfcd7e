import { OPERATOR_ACTIONS } from "@cadastre/contract/actions";
import { ProblemError } from "@cadastre/contract/errors";
import type { Actor, Context } from "../context.ts";
import { decideAccounts, decideSingle, type WholeQuestion } from "./accounts-allowed.ts";
import { holderOf } from "./authorize.ts";
import { decide, type Link, type Rule } from "./engine.ts";
import { createAccountsReader } from "./explain.ts";
import { findThing } from "./questions.ts";
import { placedHolder, rightsOf } from "./rights.ts";
import { singleOf } from "./schema.ts";
import { isAbout } from "./scope.ts";
import { namedThings } from "./single-things.ts";
import { situationOf } from "./situation.ts";
import { decideSpaces, isBySpace, isMoreSpaces } from "./spaces-allowed.ts";
import { theSystem } from "./things.ts";

/**
 * Throws 403 `access.exceeds` when a change of policies would let the actor do what it may not do now: a policy that keeps something from its
 * author is not its author's to take away. Who administers the system may, since nobody else could.
 */
export async function requireNoGain(
  context: Context,
  actor: Actor,
  before: readonly Rule[],
  after: readonly Rule[],
): Promise<void> {
  const holder = holderOf(actor.principal);
  if (holder === undefined || holder.isRecovery) return;
  const { links } = await rightsOf(context, holder);
  const { organization } = context;
  const [who, situation] = [placedHolder(holder), situationOf(context, actor)];
  const isSystems = decide(
    { links, rules: [] },
    { who, action: "policies:write", what: theSystem(), situation },
  ).allowed;
  if (isSystems) return;
  const stood = new Set(before.map(({ text }) => text));
  const stays = new Set(after.map(({ text }) => text));
  const gone = before.filter(({ text }) => !stays.has(text));
  const changed = [...gone, ...after.filter(({ text }) => !stood.has(text))];
  const readAccounts = createAccountsReader(context);
  const gained: string[] = [];
  for (const action of OPERATOR_ACTIONS.filter((one) => changed.some(({ scope }) => isAbout(scope, who, one)))) {
    const question = { who, action, organization, situation };
    if (isBySpace(action)) {
      const [spaces, stoodSpaces] = [
        decideSpaces({ links, rules: after }, question),
        decideSpaces({ links, rules: before }, question),
      ];
      if (isMoreSpaces(spaces, stoodSpaces)) gained.push(action);
      continue;
    }
    const [had, has] = [
      await decideAccounts({ links, rules: before }, question, readAccounts),
      await decideAccounts({ links, rules: after }, question, readAccounts),
    ];
    const isMore = !had.isWhole && (has.isWhole || has.accounts.some((one) => !had.accounts.includes(one)));
    if (isMore || (await gainsThings(context, question, { links, before, after, gone, changed }))) gained.push(action);
  }
  if (gained.length > 0)
    throw new ProblemError("access.exceeds", `you would gain ${gained.join(", ")}; ask who administers the system`);
}

interface Change {
  readonly links: readonly Link[];
  readonly before: readonly Rule[];
  readonly after: readonly Rule[];
  /** Of whoever may do this anywhere. */
  readonly gone: readonly Rule[];
  readonly changed: readonly Rule[];
}

/** Whether a change lets somebody do more to single things: to those that its policies name, or to whatever a policy that is gone looked at. */
async function gainsThings(
  context: Context,
  question: WholeQuestion,
  { links, before, after, gone, changed }: Change,
): Promise<boolean> {
  const single = singleOf(question.action);
  if (single === undefined) return false;
  const isAsked = ({ scope }: Rule) => isAbout(scope, question.who, question.action);
  // What it kept back cannot be counted up: a thing that it looked at so may be there, or be made.
  const keptBack = gone.some(
    (rule) => rule.effect === "forbid" && isAsked(rule) && (rule.looksAtThing ?? rule.looksAtResource),
  );
  if (keptBack) return true;
  for (const text of namedThings(changed.filter(isAsked), single)) {
    const { single: thing } = (await findThing(context, text)) ?? {};
    if (thing === undefined) continue;
    const may = (rules: readonly Rule[]) => decideSingle({ links, rules }, question, thing).allowed;
    if (may(after) && !may(before)) return true;
  }
  return false;
}
