import {
  decide,
  isForbidden,
  joined,
  type Rights,
  type Rule,
  type Situation,
  type Thing,
  type Verdict,
} from "./engine.ts";
import { rulesOfAction } from "./looked-at.ts";
import { fromCedarType, singleOf, toCedarType, typesOf } from "./schema.ts";
import { isAbout, isSame, type Placed } from "./scope.ts";
import { anyThingIn, type SingleThing } from "./single-things.ts";
import { roleGives } from "./templates.ts";
import { type AccountFacts, anAccount, anOrganization, nameOfAccount, SYSTEM_ID, thingUid } from "./things.ts";

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
  /** Policies that keep some account back, or cannot be evaluated there. */
  readonly keptBy: readonly string[];
}

const ADDRESS_SPACE = toCedarType("address-space");

/** Types of things that neither accounts nor what is in them ever are. */
const ASIDE: readonly string[] = (["system", "address-space", "project"] as const).map(toCedarType);

/** Whether a rule says the same of all that is in the organisation. */
function isUniform({ looksAtResource, scope: { resource } }: Rule, organization: string): boolean {
  // Of what holds no accounts and is in none it says something, and of these nothing.
  const inside = resource.within?.type === ADDRESS_SPACE ? ADDRESS_SPACE : undefined;
  const exact = resource.is ?? resource.same?.type ?? inside;
  if (exact !== undefined && ASIDE.includes(exact)) return true;
  if (looksAtResource || resource.is !== undefined || resource.same !== undefined) return false;
  const { within } = resource;
  const everything = [thingUid("system", SYSTEM_ID), thingUid("organization", organization)];
  return within === undefined || everything.some((one) => isSame(one, within));
}

/** Whether some policy about who does this tells one account or thing of the organisation from another. */
export function tellsApart(
  { rules }: Pick<Rights, "rules">,
  { who, action, organization }: Pick<WholeQuestion, "who" | "action" | "organization">,
): boolean {
  return rulesOfAction(rules, action).some(
    (rule) => isAbout(rule.scope, who, action) && !isUniform(rule, organization),
  );
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

/** How something is decided of a thing in a place; of the place alone, where the action is not decided of single things. */
function decideIn(rights: Rights, question: WholeQuestion, place: Thing, thing: Thing | undefined): Verdict {
  const { who, action, situation } = question;
  const ofPlace = decide(rights, { who, action, what: place, situation });
  if (thing === undefined || !tellsApart(rights, question)) return ofPlace;
  return joined(ofPlace, decide(rights, { who, action, what: thing, situation }));
}

/** How something is decided of what there is, or may be made, in an account, or beside all accounts: nothing more is known of it. */
export function decidePlace(rights: Rights, question: WholeQuestion, account?: AccountFacts): Verdict {
  const { action, organization } = question;
  const place = account === undefined ? anOrganization(organization) : anAccount(organization, account);
  const single = singleOf(action);
  return decideIn(rights, question, place, single && anyThingIn(organization, single, account));
}

/**
 * How something is decided of one thing, which is by its place for what is not decided of single things. What is in no account needs a role in
 * one of those that see it.
 */
export function decideSingle(rights: Rights, question: WholeQuestion, { thing, place, seenIn }: SingleThing): Verdict {
  const isSingle = typesOf(question.action).includes(fromCedarType(thing.uid.type));
  const verdict = decideIn(rights, question, place, isSingle ? thing : undefined);
  if (verdict.allowed || isForbidden(verdict)) return verdict;
  const seen = seenIn.map((account) => decidePlace(rights, question, account)).find(({ allowed }) => allowed);
  return seen ?? verdict;
}

/**
 * Of which accounts of an organisation somebody may do something. Where no policy tells one account from another, that follows from
 * the whole and from the accounts that roles are bound to; else each account is decided alone, and `readAccounts` is asked for all. What
 * concerns the whole organisation is decided of that alone: of no account it is ever allowed.
 */
export async function decideAccounts(
  rights: Rights,
  question: WholeQuestion,
  readAccounts: () => Promise<readonly AccountFacts[]>,
): Promise<AllowedPart> {
  const whole = decidePlace(rights, question);
  const isAlike = !tellsApart(rights, question);
  if (isAlike && whole.allowed) return { isWhole: true, accounts: [], policies: whole.policies, keptBy: [] };
  const isParted = typesOf(question.action).includes("account");
  const accounts = !isParted ? [] : isAlike ? boundAccounts(rights, question.action) : await readAccounts();
  const verdicts = accounts.map((account) => ({ account, verdict: decidePlace(rights, question, account) }));
  const allowed = verdicts.filter(({ verdict }) => verdict.allowed);
  const isWhole = whole.allowed && allowed.length === verdicts.length;
  const deciding = allowed.length > 0 ? allowed : verdicts;
  const policies = [...new Set([...whole.policies, ...deciding.flatMap(({ verdict }) => verdict.policies)])];
  const keptBy = verdicts.flatMap(({ verdict: one }) => (isForbidden(one) ? [...one.policies, ...one.errors] : []));
  const names = isWhole ? [] : allowed.map(({ account }) => nameOfAccount(account));
  return { isWhole, accounts: names, policies, keptBy: [...new Set(keptBy)] };
}
