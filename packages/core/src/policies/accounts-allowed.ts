import { decide, type Rights, type Rule, type Situation } from "./engine.ts";
import { toCedarType } from "./schema.ts";
import { isAbout, isSame, type Placed } from "./scope.ts";
import { roleGives } from "./templates.ts";
import { type AccountFacts, anAccount, anOrganization, SYSTEM_ID, thingUid } from "./things.ts";

/** What somebody wants to do with all that there is of a kind in an organisation. */
export interface WholeQuestion {
  readonly who: Placed;
  readonly action: string;
  readonly organization: string;
  readonly situation: Situation;
}

/** Of an organisation: all of it, what is in some of its accounts, or nothing when there are none. */
export interface AllowedPart {
  readonly isWhole: boolean;
  /** Those accounts, where it is not the whole. */
  readonly accounts: readonly string[];
  /** The bindings and policies that decided. */
  readonly policies: readonly string[];
}

/** Whether a rule says the same of all that is in the organisation. */
function isUniform({ looksAtResource, scope: { resource } }: Rule, organization: string): boolean {
  if (looksAtResource || resource.is !== undefined || resource.same !== undefined) return false;
  const { within } = resource;
  const everything = [thingUid("system", SYSTEM_ID), thingUid("organization", organization)];
  return within === undefined || everything.some((one) => isSame(one, within));
}

const ACCOUNT = toCedarType("account");

/** The accounts that roles giving an action are held in. */
function boundAccounts({ links }: Rights, action: string): AccountFacts[] {
  const names = links.flatMap(({ role, place }) =>
    place.type === ACCOUNT && roleGives(role, action) ? [place.id] : [],
  );
  return [...new Set(names)].map((name) => {
    const slash = name.indexOf("/");
    return { provider: name.slice(0, slash), account: name.slice(slash + 1) };
  });
}

const nameOf = ({ provider, account }: AccountFacts): string => `${provider}/${account}`;

/**
 * Of which accounts of an organisation somebody may do something. Where no policy tells one account from another, that follows from
 * the whole and from the accounts that roles are bound to; else each account is decided alone, and `readAccounts` is asked for all.
 */
export async function decideAccounts(
  rights: Rights,
  { who, action, organization, situation }: WholeQuestion,
  readAccounts: () => Promise<readonly AccountFacts[]>,
): Promise<AllowedPart> {
  const whole = decide(rights, { who, action, what: anOrganization(organization), situation });
  const rules = rights.rules.filter(({ scope }) => isAbout(scope, who, action));
  const isSame = rules.every((rule) => isUniform(rule, organization));
  if (isSame && whole.allowed) return { isWhole: true, accounts: [], policies: whole.policies };
  const accounts = isSame ? boundAccounts(rights, action) : await readAccounts();
  const verdicts = accounts.map((account) => ({
    account,
    verdict: decide(rights, { who, action, what: anAccount(organization, account), situation }),
  }));
  const allowed = verdicts.filter(({ verdict }) => verdict.allowed);
  const isWhole = whole.allowed && allowed.length === verdicts.length;
  const deciding = allowed.length > 0 ? allowed : verdicts;
  const policies = [...new Set([...whole.policies, ...deciding.flatMap(({ verdict }) => verdict.policies)])];
  return { isWhole, accounts: isWhole ? [] : allowed.map(({ account }) => nameOf(account)), policies };
}
