import { COLLECTOR_ACTIONS, type CollectorAction } from "@cadastre/contract/actions";
import { ANY_ACCOUNT, type Collector } from "@cadastre/contract/collector";
import { ProblemError } from "@cadastre/contract/errors";
import type { Explanation } from "@cadastre/contract/policy";
import { type Actor, type Context, principalOf } from "../context.ts";
import { readAccountFacts } from "./account-facts.ts";
import { isDoneTo } from "./decide-asked.ts";
import { decideSigned } from "./decide-signed.ts";
import type { AskedQuestion } from "./explain.ts";
import { type AskedThing, requireThing } from "./questions.ts";
import { fromCedarType } from "./schema.ts";
import { type AccountFacts, nameOfAccount } from "./things.ts";

type Signer = Pick<Collector, "id" | "state" | "providers" | "accounts" | "credential">;

function requireSignedAction(text: string): CollectorAction {
  const found = COLLECTOR_ACTIONS.find((action) => action === text);
  if (found !== undefined) return found;
  const message = `a collector does not ${text}; it does ${COLLECTOR_ACTIONS.join(", ")}`;
  throw new ProblemError("request.invalid", `action: ${message}`, { errors: [{ path: "action", message }] });
}

const isReported = ({ providers, accounts }: Signer, { provider, account }: AccountFacts): boolean =>
  (providers as readonly string[]).includes(provider) && (accounts.includes(ANY_ACCOUNT) || accounts.includes(account));

/** What a collector lacks for what it is asked about, whatever policies say; undefined when nothing. */
function lacking(signer: Signer, action: CollectorAction, asked: AskedThing): string | undefined {
  const { id, state, credential } = signer;
  const { what, account } = asked;
  if (!isDoneTo(action, asked)) return `${action} is not done to a thing of type ${fromCedarType(what.uid.type)}`;
  if (state !== "approved") return `collector/${id} is ${state}`;
  if (account !== undefined && !isReported(signer, account))
    return `collector/${id} is not for ${nameOfAccount(account)}`;
  if (action !== "credential:fetch") return undefined;
  if (credential === undefined) return `a credential that is bound to collector/${id}`;
  return asked.single !== undefined && what.uid.id !== credential
    ? `${what.uid.id} is not bound to collector/${id}`
    : undefined;
}

const denied = (policies: readonly string[]): Explanation => ({
  decision: "deny",
  policies: [...policies],
  missing: policies.map((id) => `${id} forbids it`),
});

/**
 * Whether a collector may do something by its signature, as it would be decided of its request from where the actor is: what it is registered for,
 * unless a policy forbids it. Throws 404 `account.not_found`, `credential.not_found`, `resource.not_found`, 422 `request.invalid`. Writes nothing.
 */
export async function explainSigned(
  context: Context,
  actor: Actor,
  signer: Signer,
  { action: text, resource }: Omit<AskedQuestion, "principal">,
): Promise<Explanation> {
  const action = requireSignedAction(text);
  const thing = await requireThing(context, resource);
  const missing = lacking(signer, action, thing);
  if (missing !== undefined) return { decision: "deny", policies: [], missing: [missing] };
  const principal = principalOf({ type: "collector", id: signer.id }, context.organization);
  const decision = await decideSigned(context, { ...actor, principal }, action, signer);
  if (!decision.allowed) return denied(decision.policies);
  // All of an organisation is allowed when no account of it that the collector is for is kept back.
  const accounts = thing.account ? [thing.account] : decision.keptFrom ? await readAccountFacts(context) : [];
  const names = accounts.filter((one) => isReported(signer, one)).map(nameOfAccount);
  const kept = (await decision.keptFrom?.(names)) ?? [];
  if (kept.length > 0) return denied([...new Set(kept.flatMap(({ policies }) => policies))]);
  return { decision: "allow", policies: [], missing: [] };
}
