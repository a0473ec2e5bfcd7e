import { accountNameOf } from "@cadastre/contract/account";
import { claimOf, type SpaceRule } from "@cadastre/contract/addresses/space";
import { ProblemError } from "@cadastre/contract/errors";
import type { Actor, Context } from "../context.ts";
import { decideAccess } from "./authorize.ts";

/** The account of a rule, as its claim has it; undefined where it is about several. */
function accountOf(rule: SpaceRule): string | undefined {
  const [, account = ""] = claimOf(rule).split("/");
  return account === "" ? undefined : accountNameOf({ provider: rule.provider, account });
}

/**
 * Throws 403 `access.exceeds` when an actor has an address space claim networks whose resources it may not read: whoever reads the space learns of
 * them. Reads what `decideAccess` reads, once, where there are rules.
 */
export function mayClaim(context: Context, actor: Actor): (rules: readonly SpaceRule[]) => Promise<void> {
  return async (rules) => {
    if (rules.length === 0) return;
    const decision = await decideAccess(context, actor, "resources:read", { type: "resource" });
    const readable = decision.allowed ? decision.restriction?.accounts : [];
    if (readable === undefined) return;
    const missing = rules.find((rule) => {
      const account = accountOf(rule);
      return account === undefined || !readable.some((one) => one === account);
    });
    if (missing === undefined) return;
    const where = accountOf(missing) ?? `all accounts of ${missing.provider}`;
    throw new ProblemError("access.exceeds", `a rule shows networks to who reads the space: you may not read ${where}`);
  };
}
