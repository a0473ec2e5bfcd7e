import { OPERATOR_ACTIONS, type OperatorAction } from "@cadastre/contract/actions";
import { ProblemError } from "@cadastre/contract/errors";
import type { HeldRole, PrincipalRef } from "@cadastre/contract/principal";
import { ROLE_ACTIONS } from "@cadastre/contract/role";
import type { Actor, Context } from "../context.ts";
import type { PrincipalItem } from "../directory/principals.ts";
import { readAccountFacts } from "./account-facts.ts";
import { decideAccounts, decideSingle } from "./accounts-allowed.ts";
import { holderOf } from "./authorize.ts";
import { decide, type Rights, type Situation, type Thing } from "./engine.ts";
import { findThing } from "./questions.ts";
import { placedHolder, rightsOf, rightsToSystem } from "./rights.ts";
import { fromCedarType, singleOf, typesOf } from "./schema.ts";
import { isAbout, isSame, type Placed } from "./scope.ts";
import { mayByScope } from "./scopes.ts";
import { namedThings } from "./single-things.ts";
import { situationOf } from "./situation.ts";
import { decideSpaces, isBySpace, isMoreSpaces, isSomeSpace } from "./spaces-allowed.ts";
import { roleGives } from "./templates.ts";
import { theSystem, toThing } from "./things.ts";

/** A time after all others, in the form of the others. */
const FOREVER = "9999";

/**
 * Until when somebody holds an action in a place by roles: what a policy allows under conditions is nobody's to pass on. Undefined when by
 * none; `9999` for good.
 */
function heldUntil({ links }: Rights, action: string, { uid, within }: Thing): string | undefined {
  return links
    .filter(({ role, place }) => roleGives(role, action) && [uid, ...within].some((one) => isSame(one, place)))
    .map(({ until }) => until ?? FOREVER)
    .toSorted()
    .at(-1);
}

/** What is to be given: actions in a place, and until when. */
export interface Gift {
  readonly actions: readonly OperatorAction[];
  readonly place: Thing;
  /** ISO time in UTC; for good when absent. */
  readonly until?: string | undefined;
}

/** What of a gift an actor does not have: nothing can be given but what one has, and no longer than one has it. */
async function missingOf(context: Context, actor: Actor, gifts: readonly Gift[]): Promise<string[]> {
  const { principal } = actor;
  if (principal.type === "system") return [];
  const holder = holderOf(principal);
  if (holder === undefined) return ["any role"];
  const rights = await rightsOf(context, holder);
  const [who, situation] = [placedHolder(holder), situationOf(context, actor)];
  const limit = principal.token?.accounts;
  return gifts.flatMap(({ actions, place, until = FOREVER }) => {
    const name = `${place.uid.type.replace("Cadastre::", "")} ${place.uid.id}`;
    if (limit !== undefined && !(place.uid.type === "Cadastre::Account" && limit.includes(place.uid.id)))
      return [`anything in ${name}: your token is limited to ${limit.join(", ")}`];
    // Of what is not done to such a place nothing is given by it.
    const given = actions.filter((action) => typesOf(action).includes(fromCedarType(place.uid.type)));
    const here = place.uid.type === "Cadastre::System" ? rightsToSystem(rights, context.organization) : rights;
    return given.flatMap((action) => {
      const held = mayByScope(principal, action) ? heldUntil(here, action, place) : undefined;
      const isAllowed = held !== undefined && decide(here, { who, action, what: place, situation }).allowed;
      if (!isAllowed) return [`${action} in ${name}`];
      return held < until ? [`${action} in ${name} after ${held}`] : [];
    });
  });
}

const SHOWN = 5;

const exceeds = (missing: readonly string[], what: string): ProblemError => {
  const more = missing.length > SHOWN ? ` and ${missing.length - SHOWN} more` : "";
  return new ProblemError("access.exceeds", `${what}: you do not hold ${missing.slice(0, SHOWN).join(", ")}${more}`);
};

/** Throws 403 `access.exceeds` when an actor wants to give what it does not hold by a role, or for longer than it holds it. */
export async function requireMayGive(context: Context, actor: Actor, gifts: readonly Gift[]): Promise<void> {
  const missing = await missingOf(context, actor, gifts);
  if (missing.length > 0) throw exceeds([...new Set(missing)], "only what one has can be given");
}

/** A role that is to be held, as what it gives. */
export const giftOf = (
  { organization }: Pick<Context, "organization">,
  { role, resource, expiresAt }: Omit<HeldRole, "id">,
): Gift => ({
  actions: ROLE_ACTIONS[role],
  place: toThing(organization, resource.type, resource.id),
  until: expiresAt,
});

/** Throws 403 `access.exceeds` when an actor does not hold all that these roles give: for whoever puts somebody into a group. */
export async function requireMayGiveRoles(context: Context, actor: Actor, roles: readonly HeldRole[]): Promise<void> {
  const now = context.now().toISOString();
  const lasting = roles.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
  await requireMayGive(
    context,
    actor,
    lasting.map((held) => giftOf(context, held)),
  );
}

/**
 * Throws 403 `access.exceeds` when somebody else may do anything that the actor may not: with a token of that one, or its password, the
 * actor could do it. What policies allow under conditions is judged as of now; and what they forbid is no less than it is without them,
 * since who writes policies could forbid it for as long as it takes to get in.
 */
export async function requireNoMore(
  context: Context,
  actor: Actor,
  other: PrincipalRef & Pick<PrincipalItem, "groups" | "roles"> & { readonly recovery?: boolean | undefined },
): Promise<void> {
  const { principal } = actor;
  if (principal.type === "system") return;
  const holder = holderOf(principal);
  if (holder === undefined) throw exceeds(["any role"], "another's rights");
  const { organization } = context;
  const own = await rightsOf(context, holder);
  const theirs = await rightsOf(context, { ...other, organization, isRecovery: other.recovery ?? false });
  const [who, whose] = [placedHolder(holder), placedHolder(other)];
  const standing = await exceeding(context, actor, { own, theirs, who, whose });
  const given = await exceeding(context, actor, {
    own: withoutForbids(own),
    theirs: withoutForbids(theirs),
    who,
    whose,
  });
  const missing = [...new Set([...standing, ...given])];
  if (missing.length > 0) throw exceeds(missing, `${other.id} may do more than you`);
}

const withoutForbids = (rights: Rights): Rights => ({
  ...rights,
  rules: rights.rules.filter(({ effect }) => effect === "permit"),
});

interface Compared {
  readonly own: Rights;
  readonly theirs: Rights;
  readonly who: Placed;
  readonly whose: Placed;
}

/** The actions that somebody may do where, or to what, the actor may not. */
async function exceeding(context: Context, actor: Actor, { own, theirs, who, whose }: Compared): Promise<string[]> {
  const { principal } = actor;
  const { organization } = context;
  const situation = situationOf(context, actor);
  const accounts = () => readAccountFacts(context);
  const missing: string[] = [];
  for (const action of OPERATOR_ACTIONS) {
    const atSystem = (rights: Rights, one: typeof who) =>
      decide(rightsToSystem(rights, organization), { who: one, action, what: theSystem(), situation }).allowed;
    const isMoreOfSystem = atSystem(theirs, whose) && !atSystem(own, who);
    if (isBySpace(action)) {
      const [ownSpaces, spaces] = [
        decideSpaces(own, { who, action, organization, situation }),
        decideSpaces(theirs, { who: whose, action, organization, situation }),
      ];
      const isUnsaid = isSomeSpace(spaces) && !mayByScope(principal, action);
      if (isMoreSpaces(spaces, ownSpaces) || isUnsaid || isMoreOfSystem) missing.push(action);
      continue;
    }
    const [mine, part] = await Promise.all([
      decideAccounts(own, { who, action, organization, situation }, accounts),
      decideAccounts(theirs, { who: whose, action, organization, situation }, accounts),
    ]);
    const isLess = part.isWhole
      ? !mine.isWhole
      : !mine.isWhole && part.accounts.some((one) => !mine.accounts.includes(one));
    const isMoreOfThings =
      !mine.isWhole && (await mayDoToMore(context, { own, theirs }, { who, whose, action, situation }));
    const isUnsaid = (part.isWhole || part.accounts.length > 0) && !mayByScope(principal, action);
    if (isLess || isMoreOfThings || isUnsaid || isMoreOfSystem) missing.push(action);
  }
  return missing;
}

/**
 * Whether somebody may do something to single things that the actor may not do it to: to those that policies name, or, which cannot be counted up, to
 * what policies find by what it is like.
 */
async function mayDoToMore(
  context: Context,
  { own, theirs }: { readonly own: Rights; readonly theirs: Rights },
  { who, whose, action, situation }: { who: Placed; whose: Placed; action: string; situation: Situation },
): Promise<boolean> {
  const single = singleOf(action);
  if (single === undefined) return false;
  const permits = theirs.rules.filter(({ effect, scope }) => effect === "permit" && isAbout(scope, whose, action));
  if (
    permits.some(
      ({ scope, looksAtThing, looksAtResource }) => (looksAtThing ?? looksAtResource) && !isAbout(scope, who, action),
    )
  )
    return true;
  const { organization } = context;
  for (const text of namedThings(permits, single)) {
    const { single: thing } = (await findThing(context, text)) ?? {};
    if (thing === undefined) continue;
    const isMore =
      decideSingle(theirs, { who: whose, action, organization, situation }, thing).allowed &&
      !decideSingle(own, { who, action, organization, situation }, thing).allowed;
    if (isMore) return true;
  }
  return false;
}
