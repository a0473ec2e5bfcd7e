import { OPERATOR_ACTIONS } from "@cadastre/contract/actions";
import { ProblemError } from "@cadastre/contract/errors";
import type { Actor, Context } from "../context.ts";
import { readAccountFacts } from "./account-facts.ts";
import { decideAccounts } from "./accounts-allowed.ts";
import { holderOf, situationOf } from "./authorize.ts";
import { decide, type Rule } from "./engine.ts";
import { placedHolder, rightsOf } from "./rights.ts";
import { isAbout } from "./scope.ts";
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
  const changed = [...before.filter(({ text }) => !stays.has(text)), ...after.filter(({ text }) => !stood.has(text))];
  let read: ReturnType<typeof readAccountFacts> | undefined;
  const accounts = () => {
    read ??= readAccountFacts(context);
    return read;
  };
  const gained: string[] = [];
  for (const action of OPERATOR_ACTIONS.filter((one) => changed.some(({ scope }) => isAbout(scope, who, one)))) {
    const asked = { who, action, organization, situation };
    const [had, has] = await Promise.all(
      [before, after].map((rules) => decideAccounts({ links, rules }, asked, accounts)),
    );
    if (!had || !has || had.isWhole) continue;
    if (has.isWhole || has.accounts.some((one) => !had.accounts.includes(one))) gained.push(action);
  }
  if (gained.length > 0)
    throw new ProblemError("access.exceeds", `you would gain ${gained.join(", ")}; ask who administers the system`);
}
