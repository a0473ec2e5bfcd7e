import { ACCOUNT_ACTIONS } from "@cadastre/contract/actions";
import { type AllowedPart, decideAccounts, decidePlace, decideSingle, type WholeQuestion } from "./accounts-allowed.ts";
import { decide, type Rights, type Verdict } from "./engine.ts";
import type { AskedThing } from "./questions.ts";
import { rightsToSystem } from "./rights.ts";
import { fromCedarType, typesOf } from "./schema.ts";
import { decideSpaces, isAllSpaces, isBySpace } from "./spaces-allowed.ts";
import { type AccountFacts, SYSTEM_ID } from "./things.ts";

type ReadAccounts = () => Promise<readonly AccountFacts[]>;

/** Whether an action is ever done to things of a type: by its schema, or by reading single ones of it. */
export function isDoneTo(action: string, { what }: AskedThing): boolean {
  const type = fromCedarType(what.uid.type);
  return typesOf(action).includes(type) || action === `${type}s:read`;
}

/** Whether one may do it in single accounts. */
export const isByAccount = (action: string): boolean => (ACCOUNT_ACTIONS as readonly string[]).includes(action);

/** All of an organisation is allowed when no account of it is kept back: what is in none is seen by nobody else. */
function toWhole(whole: Verdict, { isWhole, keptBy }: AllowedPart): Verdict {
  return whole.allowed && !isWhole ? { allowed: false, policies: keptBy, errors: [] } : whole;
}

/**
 * How a request is decided that does this to that: by the same steps, for what is in one account, beside all accounts, one thing, the
 * organisation or the system. Asks `readAccounts` for all accounts where a policy tells one from another.
 */
export async function decideAsked(
  rights: Rights,
  question: WholeQuestion,
  asked: AskedThing,
  readAccounts: ReadAccounts,
): Promise<Verdict> {
  const { who, action, organization, situation } = question;
  const { what, account, single } = asked;
  if (!isDoneTo(action, asked)) return { allowed: false, policies: [], errors: [] };
  if (what.uid.id === SYSTEM_ID && fromCedarType(what.uid.type) === "system")
    return decide(rightsToSystem(rights, organization), { who, action, what, situation });
  if (account !== undefined) return decidePlace(rights, question, account);
  const isWhole = async () =>
    toWhole(decidePlace(rights, question), await decideAccounts(rights, question, readAccounts));
  if (single !== undefined) {
    const isOfPlace = !typesOf(action).includes(fromCedarType(what.uid.type));
    if (!isOfPlace || single.account !== undefined) return decideSingle(rights, question, single);
    // What is in no account is read by who may read all, or one that sees it.
    const seen = single.seenIn.map((one) => decidePlace(rights, question, one)).find(({ allowed }) => allowed);
    return seen ?? isWhole();
  }
  if (fromCedarType(what.uid.type) === "organization" && isByAccount(action)) return isWhole();
  if (fromCedarType(what.uid.type) === "organization" && isBySpace(action)) {
    const { isDefault, policies, keptBy, ...reach } = decideSpaces(rights, question);
    // All of them are allowed when none is kept back.
    const allowed = isAllSpaces({ isDefault, ...reach });
    return { allowed, policies: isDefault && !allowed ? keptBy : policies, errors: [] };
  }
  return decide(rights, { who, action, what, situation });
}
