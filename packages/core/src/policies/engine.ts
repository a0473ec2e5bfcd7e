import type { Role } from "@cadastre/contract/principal";
import { tryParseAddress } from "@cadastre/net/address";
import type { CedarValueJson, EntityJson, PolicySet } from "@cedar-policy/cedar-wasm/nodejs";
import { type CedarEngine, isDead, openCedar } from "./cedar.ts";
import { membersLookedAt, rulesOfAction } from "./looked-at.ts";
import type { Statement } from "./parse-policy.ts";
import { ACTION_TYPE, isRequest, toCedarType } from "./schema.ts";
import { isInScope, isSame, type Placed, type Uid } from "./scope.ts";
import { roleGives, templateOf } from "./templates.ts";

/** A role that somebody, or a group, has in a place; its id is what a decision names. */
export interface Link {
  readonly id: string;
  readonly role: Role;
  readonly holder: Uid;
  readonly place: Uid;
  /** When it ends by itself. */
  readonly until?: string | undefined;
}

/** A statement of a stored policy; its id is the policy's, with its number where there are several. */
export interface Rule extends Statement {
  readonly id: string;
}

/** What a decision rests on. A binding that has ended is not among them. */
export interface Rights {
  readonly links: readonly Link[];
  readonly rules: readonly Rule[];
}

/** A thing with all that it is in and what policies may look at. */
export interface Thing extends Placed {
  /** Itself, and the places that it is in. */
  readonly entities: readonly EntityJson[];
}

/** In what situation it is asked. */
export interface Situation {
  readonly time: Date;
  readonly address?: string | undefined;
  readonly strength: number;
  readonly ageSeconds?: number | undefined;
  readonly byToken: boolean;
}

export interface Question {
  /** Who, and the groups that it is in. */
  readonly who: Placed;
  readonly action: string;
  readonly what: Thing;
  readonly situation: Situation;
}

export interface Verdict {
  readonly allowed: boolean;
  /** The bindings and policies that decided; none when nothing allows it. */
  readonly policies: readonly string[];
  /** Policies that could not be evaluated, which denies. */
  readonly errors: readonly string[];
}

/** Whether something says no, which no other permission outweighs. */
export const isForbidden = ({ allowed, policies, errors }: Verdict): boolean =>
  errors.length > 0 || (!allowed && policies.length > 0);

/** What is said of a place and of a thing in it: either may allow, and either forbids. */
export function joined(place: Verdict, thing: Verdict): Verdict {
  const both = [place, thing];
  const forbidding = both.filter(isForbidden);
  const allowed = forbidding.length === 0 && both.some((one) => one.allowed);
  const deciding = forbidding.length > 0 ? forbidding : both;
  return {
    allowed,
    policies: [...new Set(deciding.flatMap(({ policies }) => policies))],
    errors: [...new Set(both.flatMap(({ errors }) => errors))],
  };
}

const NOTHING_ALLOWS: Verdict = { allowed: false, policies: [], errors: [] };

/** Sets of policies that are kept parsed. A request needs one, or one for each account that its rights differ in. */
const MOST_SETS = 256;

interface Opened {
  readonly cedar: CedarEngine;
  /** The slot in which a set is, by what is in it; the one that was used last is last. */
  readonly slots: Map<string, string>;
}

/** Opened when a policy with conditions is first asked. It holds nothing but what texts look like when they are parsed. */
let opened: Opened | undefined;

/** The links and rules that can decide the question; leaving out the others changes nothing. */
function sliceOf({ links, rules }: Rights, { who, action, what }: Question): Rights {
  const isIn = ({ uid, within }: Placed, one: Uid) => isSame(uid, one) || within.some((outer) => isSame(outer, one));
  return {
    links: links.filter(({ role, holder, place }) => roleGives(role, action) && isIn(who, holder) && isIn(what, place)),
    rules: rulesOfAction(rules, action).filter(({ scope }) => isInScope(scope, who, action, what)),
  };
}

function toPolicySet({ links, rules }: Rights): PolicySet {
  const roles = [...new Set(links.map(({ role }) => role))];
  return {
    staticPolicies: Object.fromEntries(rules.map(({ id, text }) => [id, text])),
    templates: Object.fromEntries(roles.map((role) => [role, templateOf(role) ?? ""])),
    templateLinks: links.map(({ id, role, holder, place }) => ({
      templateId: role,
      newId: id,
      values: { "?principal": holder, "?resource": place },
    })),
  };
}

/** A number for each rule that this process has, so that a set of them is named by numbers and not by their texts. */
const numbers = new WeakMap<Rule, number>();
let lastNumber = 0;

function numberOf(rule: Rule): number {
  const known = numbers.get(rule);
  if (known !== undefined) return known;
  lastNumber += 1;
  numbers.set(rule, lastNumber);
  return lastNumber;
}

const keyOf = ({ links, rules }: Rights): string =>
  `${JSON.stringify(links.map(({ id, role, holder, place }) => [id, role, holder.type, holder.id, place.type, place.id]))}${rules.map(numberOf).join()}`;

/** The slot that has a set, parsed into it when no slot does. There are so many slots and no more: what was not used for longest goes. */
function slotFor({ cedar, slots }: Opened, rights: Rights): string {
  const key = keyOf(rights);
  const known = slots.get(key);
  if (known !== undefined) {
    slots.delete(key);
    slots.set(key, known);
    return known;
  }
  const [oldest] = slots;
  const isFull = slots.size >= MOST_SETS && oldest !== undefined;
  const slot = isFull ? oldest[1] : `set-${slots.size}`;
  if (isFull) slots.delete(oldest[0]);
  const answer = cedar.preparsePolicySet(slot, toPolicySet(rights));
  if (answer.type === "failure") throw new Error(`stored policies do not parse: ${answer.errors[0]?.message}`);
  slots.set(key, slot);
  return slot;
}

/** Of the situation what these rules look at: most of what asking costs is telling. */
function contextOf(
  rules: readonly Rule[],
  { time, address, strength, ageSeconds, byToken }: Situation,
): Record<string, CedarValueJson> {
  const all: Record<string, CedarValueJson | undefined> = {
    time: { __extn: { fn: "datetime", arg: time.toISOString() } },
    address: address === undefined ? undefined : { __extn: { fn: "ip", arg: address } },
    strength,
    age: ageSeconds,
    token: byToken,
  };
  const told: Record<string, CedarValueJson> = {};
  for (const name of membersLookedAt(rules, Object.keys(all))) {
    const value = all[name];
    if (value !== undefined) told[name] = value;
  }
  return told;
}

const SYSTEM = toCedarType("system");
const PLACES_OF_ALL = [SYSTEM, toCedarType("organization")];

/**
 * What Cedar is told of who asks and what about: no more than the slice looks at, since that is most of what a decision costs. Who is not told
 * of is in nothing, and is like nothing.
 */
function entitiesOf({ links, rules }: Rights, who: Placed, { entities }: Thing): EntityJson[] {
  const whose = who.within.length === 0 ? [] : [{ uid: { ...who.uid }, attrs: {}, parents: [...who.within] }];
  if (rules.some(({ looksAtResource }) => looksAtResource)) return [...whose, ...entities];
  const isSystems = (one: Uid | undefined) => one?.type === SYSTEM;
  const asksSystem =
    links.some(({ place }) => isSystems(place)) || rules.some(({ scope: { resource } }) => isSystems(resource.within));
  const needed = asksSystem
    ? entities
    : entities.filter(({ uid }) => !("type" in uid && PLACES_OF_ALL.includes(uid.type)));
  return [...whose, ...needed.map(({ uid, parents }) => ({ uid, attrs: {}, parents }))];
}

function ask(state: Opened, rights: Rights, { who, action, what, situation }: Question): Verdict {
  const answer = state.cedar.statefulIsAuthorized({
    principal: who.uid,
    action: { type: ACTION_TYPE, id: action },
    resource: what.uid,
    context: contextOf(rights.rules, situation),
    // Texts were checked against the schema when they were stored, and what is asked is of its form: `decide` sees to it.
    validateRequest: false,
    preparsedPolicySetId: slotFor(state, rights),
    entities: entitiesOf(rights, who, what),
  });
  if (answer.type === "failure") {
    return { allowed: false, policies: [], errors: answer.errors.map(({ message }) => message) };
  }
  const { decision, diagnostics } = answer.response;
  const errors = diagnostics.errors.map(({ policyId }) => policyId).toSorted();
  return { allowed: decision === "allow" && errors.length === 0, policies: diagnostics.reason.toSorted(), errors };
}

const namesOf = (some: readonly { readonly id: string }[]): string[] => some.map(({ id }) => id).toSorted();

/** What follows from heads alone, all of which are met: there is nothing that could turn out otherwise. */
function decideByHeads({ links, rules }: Rights): Verdict {
  const forbidding = rules.filter(({ effect }) => effect === "forbid");
  if (forbidding.length > 0) return { allowed: false, policies: namesOf(forbidding), errors: [] };
  const allowing = [...links, ...rules];
  return { allowed: allowing.length > 0, policies: namesOf(allowing), errors: [] };
}

const hasConditions = ({ text }: Rule): boolean => CONDITION.test(text);
/** In a name it would stand within quotes, and then Cedar is asked for nothing. */
const CONDITION = /\b(?:when|unless)\b/;

/**
 * Whether somebody may do something to something, by Cedar: some binding or policy allows it and none forbids it. What cannot be
 * evaluated, or is no request of the schema, is denied. Nothing is read; the first question that turns on a condition opens Cedar.
 */
export function decide(rights: Rights, question: Question): Verdict {
  const { who, action, what, situation } = question;
  const isAddress = situation.address === undefined || tryParseAddress(situation.address) !== undefined;
  if (!isAddress || !isRequest(who.uid.type, action, what.uid.type)) return NOTHING_ALLOWS;
  const slice = sliceOf(rights, question);
  if (!slice.rules.some(hasConditions)) return decideByHeads(slice);
  opened ??= { cedar: openCedar(), slots: new Map() };
  try {
    return ask(opened, slice, question);
  } catch (error) {
    // What the instance held is lost; the next question opens another one.
    opened = undefined;
    if (isDead(error)) return { allowed: false, policies: [], errors: slice.rules.map(({ id }) => id) };
    throw error;
  }
}
