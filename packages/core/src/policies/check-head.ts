import { COLLECTOR_ACTIONS, OPERATOR_ACTIONS } from "@cadastre/contract/actions";
import { kindOfId } from "@cadastre/contract/resource";
import { DECIDED_TYPES, type DecidedType } from "@cadastre/contract/role";
import { singleOf, toCedarType, typesOf } from "./schema.ts";
import type { Constraint, Scope } from "./scope.ts";

/** What can be in what, outermost first: a policy about a place is about all that is in it. */
const CONTENTS: Readonly<Record<DecidedType, readonly DecidedType[]>> = {
  system: DECIDED_TYPES,
  organization: DECIDED_TYPES.filter((type) => type !== "system"),
  "address-space": ["address-space"],
  project: ["project", "account", "credential"],
  account: ["account", "credential", "resource"],
  credential: ["credential"],
  resource: ["resource"],
};

const typeNamed = (text: string): DecidedType | undefined => DECIDED_TYPES.find((type) => toCedarType(type) === text);

/** The types of things that a head can be about. */
function typesIn({ is, same, within }: Constraint): readonly DecidedType[] {
  const exact = [is, same?.type].flatMap((text) => (text === undefined ? [] : [typeNamed(text)]));
  const inside = within && typeNamed(within.type);
  return DECIDED_TYPES.filter(
    (type) => exact.every((one) => one === type) && (inside === undefined || CONTENTS[inside].includes(type)),
  );
}

const SINGLE: readonly DecidedType[] = ["credential", "resource"];

const actionsOf = (type: DecidedType): string =>
  [...OPERATOR_ACTIONS, ...COLLECTOR_ACTIONS].filter((action) => singleOf(action) === type).join(", ");

/**
 * What of a policy's head could never be kept, in words: an action that is decided otherwise than of such things. Reading is decided by account,
 * since lists are cut in the query; what concerns the whole organisation is not decided of its accounts. Undefined when all of it holds.
 */
export function unkeepable({ actions, resource }: Scope): string | undefined {
  const types = typesIn(resource);
  const [first] = types;
  const isSingle = types.length > 0 && types.every((type) => SINGLE.includes(type));
  if (isSingle && first !== undefined && actions === undefined)
    return `name the actions: of single things of type ${first}, only ${actionsOf(first)} are decided, and all else by account`;
  const never = (actions ?? []).find((action) => !typesOf(action).some((type) => types.includes(type)));
  if (never === undefined) return unnamed(resource);
  if (isSingle && first !== undefined)
    return `${never} is decided by account, so that lists can be cut by it, and not of single things of type ${first}; of those only ${actionsOf(first)} are decided`;
  return `${never} concerns the whole organization: it is not decided of its accounts`;
}

/** A resource is known to policies by its natural id alone: another one would be about nothing. */
function unnamed({ same, within }: Constraint): string | undefined {
  const named = [same, within].find((one) => one?.type === toCedarType("resource"));
  if (named === undefined || kindOfId(named.id) !== undefined) return undefined;
  return `${JSON.stringify(named.id.slice(0, 100))} is the natural id of no resource: name it by its id (not by res_…)`;
}
