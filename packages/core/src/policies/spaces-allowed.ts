import { SPACE_ACTIONS } from "@cadastre/contract/actions";
import { isReached, type SpaceReach } from "../restriction.ts";
import type { WholeQuestion } from "./accounts-allowed.ts";
import { decide, isForbidden, joined, type Rights, type Verdict } from "./engine.ts";
import { rulesOfAction } from "./looked-at.ts";
import { toCedarType } from "./schema.ts";
import { isAbout } from "./scope.ts";
import { roleGives } from "./templates.ts";
import { anOrganization, toThing } from "./things.ts";

const ADDRESS_SPACE = toCedarType("address-space");

/** Whether an action is done in address spaces. */
export const isBySpace = (action: string): boolean => (SPACE_ACTIONS as readonly string[]).includes(action);

/** The address spaces that bindings and policies about who does this name: nothing tells any other from the rest, since a space is like nothing. */
export function namedSpaces(
  { links, rules }: Pick<Rights, "links" | "rules">,
  { who, action }: Pick<WholeQuestion, "who" | "action">,
): string[] {
  const bound = links.flatMap(({ role, place }) =>
    place.type === ADDRESS_SPACE && roleGives(role, action) ? [place.id] : [],
  );
  const ruled = rulesOfAction(rules, action)
    .filter(({ scope }) => isAbout(scope, who, action))
    .flatMap(({ scope: { resource }, spaces = [] }) => [
      ...[resource.same, resource.within].flatMap((one) => (one?.type === ADDRESS_SPACE ? [one.id] : [])),
      ...spaces,
    ]);
  return [...new Set([...bound, ...ruled])];
}

/** How something is decided of one address space, and of what is in it. */
export function decideSpace(
  rights: Rights,
  { who, action, organization, situation }: WholeQuestion,
  id: string,
): Verdict {
  return decide(rights, { who, action, what: toThing(organization, "address-space", id), situation });
}

/** Of a space that nobody names. */
function decideUnnamed(rights: Rights, question: WholeQuestion, names: readonly string[]): Verdict {
  let id = "";
  while (names.includes(id)) id += "-";
  return decideSpace(rights, question, id);
}

/** Whether a space may be made: it is in the organisation, and nobody names it yet. What is said of either counts. */
export function decideNewSpace(rights: Rights, question: WholeQuestion): Verdict {
  const { who, action, organization, situation } = question;
  const place = decide(rights, { who, action, what: anOrganization(organization), situation });
  return joined(place, decideUnnamed(rights, question, namedSpaces(rights, question)));
}

/** Of which address spaces somebody may do something. */
export interface AllowedSpaces extends SpaceReach {
  /** The bindings and policies that decided. */
  readonly policies: readonly string[];
  /** Policies that keep some space back, or cannot be evaluated there. */
  readonly keptBy: readonly string[];
}

/** Whether that is all of them, also those that are made later; and whether it is any. */
export const isAllSpaces = ({ isDefault, except }: SpaceReach): boolean => isDefault && except.length === 0;
export const isSomeSpace = ({ isDefault, except }: SpaceReach): boolean => isDefault || except.length > 0;

/**
 * Of which address spaces of an organisation somebody may do something: as of one that nobody names, but for those that are named, each of which is
 * decided alone. Reads nothing, however many spaces there are.
 */
export function decideSpaces(rights: Rights, question: WholeQuestion): AllowedSpaces {
  const names = namedSpaces(rights, question);
  const unnamed = decideUnnamed(rights, question, names);
  const verdicts = names.map((id) => ({ id, verdict: decideSpace(rights, question, id) }));
  const others = verdicts.filter(({ verdict }) => verdict.allowed !== unnamed.allowed);
  const all = [unnamed, ...verdicts.map(({ verdict }) => verdict)];
  const allowed = all.filter((verdict) => verdict.allowed);
  const deciding = allowed.length > 0 ? allowed : all;
  const unique = (ids: readonly string[]) => [...new Set(ids)];
  return {
    isDefault: unnamed.allowed,
    except: others.map(({ id }) => id),
    policies: unique(deciding.flatMap(({ policies }) => policies)),
    keptBy: unique(all.filter(isForbidden).flatMap(({ policies, errors }) => [...policies, ...errors])),
  };
}

/** Whether somebody may do something in a space, or in spaces that are made later, in which the other may not do it. */
export function isMoreSpaces(theirs: SpaceReach, own: SpaceReach): boolean {
  if (theirs.isDefault && !own.isDefault) return true;
  return [...theirs.except, ...own.except].some((id) => isReached(theirs, id) && !isReached(own, id));
}
