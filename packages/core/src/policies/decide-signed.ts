import { fromAccountName } from "@cadastre/contract/account";
import type { CollectorAction } from "@cadastre/contract/actions";
import type { Actor, Context } from "../context.ts";
import { readOrganization } from "../directory/organizations.ts";
import { accountFacts } from "./account-facts.ts";
import { decidePlace, decideSingle, tellsApart, type WholeQuestion } from "./accounts-allowed.ts";
import type { Rights, Rule, Verdict } from "./engine.ts";
import { rulesAt } from "./rights.ts";
import { ACTION_TYPE, COLLECTOR_TYPE } from "./schema.ts";
import { isAbout } from "./scope.ts";
import { readSingle } from "./single-things.ts";
import { situationOf } from "./situation.ts";

/** An account that policies keep a collector from, and which. */
export interface KeptFrom {
  readonly account: string;
  readonly policies: readonly string[];
}

/** How a signed request is decided. */
export type SignedDecision =
  | { readonly allowed: false; readonly policies: readonly string[]; readonly reason: string }
  | {
      readonly allowed: true;
      /** Of some accounts (`aws/…`), those that policies keep the collector from. Absent where none tells one from another. */
      readonly keptFrom?: (accounts: readonly string[]) => Promise<readonly KeptFrom[]>;
    };

const PERMIT = "signature";

/** What a signature lets one do, as if it were a policy: a permit of an organisation adds nothing to it, and a forbid takes from it. */
function ruleOfSignature(action: CollectorAction): Rule {
  return {
    id: PERMIT,
    text: `permit (principal is ${COLLECTOR_TYPE}, action == ${ACTION_TYPE}::"${action}", resource);`,
    effect: "permit",
    scope: { principal: { is: COLLECTOR_TYPE }, actions: [action], resource: {} },
    looksAtResource: false,
  };
}

const forbiddenBy = ({ policies, errors }: Verdict): string[] => [...policies, ...errors].filter((id) => id !== PERMIT);

const forbids = (policies: readonly string[], action: string): SignedDecision => ({
  allowed: false,
  policies,
  reason: `${policies.join(", ")} forbids ${action}`,
});

/** Answers of accounts which of them policies keep a collector from, each read and decided once in a request. */
function createKeptFrom(context: Context, rights: Rights, question: WholeQuestion) {
  const known = new Map<string, Promise<KeptFrom | undefined>>();
  const decideOne = async (account: string): Promise<KeptFrom | undefined> => {
    const facts = (await accountFacts(context, account)) ?? fromAccountName(account);
    const verdict = decidePlace(rights, question, facts);
    return verdict.allowed ? undefined : { account, policies: forbiddenBy(verdict) };
  };
  return async (accounts: readonly string[]): Promise<readonly KeptFrom[]> => {
    const found = await Promise.all(
      accounts.map((account) => {
        const one = known.get(account) ?? decideOne(account);
        known.set(account, one);
        return one;
      }),
    );
    return found.filter((one) => one !== undefined);
  };
}

/**
 * Whether a collector may do what it signed: it may, unless a policy of its organisation forbids it, whatever another one permits. Reads the
 * organisation's version, its policies when they have changed since, and the credential that is to be fetched where a policy tells one from another.
 * `credential` is the one that the collector is bound to.
 */
export async function decideSigned(
  context: Context,
  actor: Actor,
  action: CollectorAction,
  { id, credential }: { readonly id: string; readonly credential?: string | undefined },
): Promise<SignedDecision> {
  const { organization } = context;
  const version = (await readOrganization(context, organization))?.policyVersion ?? 0;
  const who = { uid: { type: COLLECTOR_TYPE, id }, within: [] };
  const rules = (await rulesAt(context, version)).filter(
    ({ effect, scope }) => effect === "forbid" && isAbout(scope, who, action),
  );
  if (rules.length === 0) return { allowed: true };
  const rights: Rights = { links: [], rules: [...rules, ruleOfSignature(action)] };
  const question = { who, action, organization, situation: situationOf(context, actor) };
  const whole = decidePlace(rights, question);
  if (!whole.allowed) return forbids(forbiddenBy(whole), action);
  if (!tellsApart(rights, question)) return { allowed: true };
  if (action !== "credential:fetch") return { allowed: true, keptFrom: createKeptFrom(context, rights, question) };
  const single = credential === undefined ? undefined : await readSingle(context, "credential", credential);
  const verdict = single && decideSingle(rights, question, single);
  return verdict === undefined || verdict.allowed ? { allowed: true } : forbids(forbiddenBy(verdict), action);
}
