import {
  ACCOUNT_ACTIONS,
  type Action,
  COLLECTOR_ACTIONS,
  OPERATOR_ACTIONS,
  SPACE_ACTIONS,
} from "@cadastre/contract/actions";
import { BINDING_TYPES } from "@cadastre/contract/principal";
import { DECIDED_TYPES, type DecidedType } from "@cadastre/contract/role";

/** Of all that Cedar is told: who, what is done, and to what. */
const NAMESPACE = "Cadastre";
export const ACTION_TYPE = `${NAMESPACE}::Action`;

/** Who a policy can be about, by the names that principals have elsewhere. */
export const PRINCIPAL_TYPES = ["user", "service-account", "collector", "group"] as const;
export type PrincipalType = (typeof PRINCIPAL_TYPES)[number];

/** `address-space` is `Cadastre::AddressSpace`. */
export function toCedarType(name: PrincipalType | DecidedType): string {
  const words = name.split("-").map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  return `${NAMESPACE}::${words.join("")}`;
}

export const COLLECTOR_TYPE = toCedarType("collector");

/** The inverse, of the type of a thing. */
export function fromCedarType(type: string): DecidedType {
  const found = DECIDED_TYPES.find((name) => toCedarType(name) === type);
  if (found === undefined) throw new Error(`${type} is no type of things`);
  return found;
}

const shortName = (name: DecidedType) => toCedarType(name).slice(NAMESPACE.length + 2);

/**
 * What can be decided of one thing in an account, since it is named: lists are cut by account, so that reading is decided by account.
 */
const SINGLE: Readonly<Record<string, SingleType>> = {
  "credentials:write": "credential",
  "credentials:reveal": "credential",
  "resources:write": "resource",
  "credential:fetch": "credential",
};

/** Types of single things in accounts that policies may be about. */
export type SingleType = "credential" | "resource";

/** The type of single things that an action is decided of; undefined for what is decided by account, or for the whole organisation. */
export const singleOf = (action: string): SingleType | undefined => SINGLE[action];

/** Triggers are of a collector as such. */
const PARTED: readonly Action[] = [...ACCOUNT_ACTIONS, "discovery:deliver", "credential:fetch"];
const WHOLE: readonly DecidedType[] = ["system", "organization"];
const IN_SPACES: readonly DecidedType[] = [...WHOLE, "address-space"];
/** What roles are bound to, but for address spaces: what is in accounts is in none of these. */
const OF_ACCOUNTS: readonly DecidedType[] = BINDING_TYPES.filter((type) => type !== "address-space");

/** The types that an action is decided of. */
export function typesOf(action: string): readonly DecidedType[] {
  if ((SPACE_ACTIONS as readonly string[]).includes(action)) return IN_SPACES;
  if (!(PARTED as readonly string[]).includes(action)) return WHOLE;
  const single = singleOf(action);
  return single === undefined ? OF_ACCOUNTS : [...OF_ACCOUNTS, single];
}

/** What is known of the place of something: of its account, as operators say it. */
export const PLACE_ATTRIBUTES: readonly string[] = ["provider", "account", "environment", "tier", "platform", "owner"];
const PLACE = PLACE_ATTRIBUTES.map((name) => `${name}?: String`).join(", ");

/** The kinds of things and where they are: a policy about one is about all that is in it. */
const THINGS: Readonly<Record<DecidedType, string>> = {
  system: "",
  organization: " in [System]",
  "address-space": " in [Organization]",
  project: " in [Organization]",
  account: ` in [Organization, Project] { ${PLACE} }`,
  credential: ` in [Organization, Project, Account] { ${PLACE}, name?: String, type?: String }`,
  resource: ` in [Organization, Account] { ${PLACE}, name?: String, kind?: String, region?: String } tags String`,
};

const PRINCIPALS: readonly string[] = (["user", "service-account"] as const).map(toCedarType);
const OF_COLLECTORS: readonly string[] = COLLECTOR_ACTIONS;
const TYPES = new Map<string, ReadonlySet<string>>(
  [...OPERATOR_ACTIONS, ...COLLECTOR_ACTIONS].map((action) => [action, new Set(typesOf(action).map(toCedarType))]),
);

/** Whether the schema has such a request: who, by type, does that to a thing of this type. */
export function isRequest(principal: string, action: string, thing: string): boolean {
  const isWhose = OF_COLLECTORS.includes(action) ? principal === COLLECTOR_TYPE : PRINCIPALS.includes(principal);
  return isWhose && (TYPES.get(action)?.has(thing) ?? false);
}

const actionOf = (action: Action, principals: string): string =>
  `  action "${action}" appliesTo { principal: [${principals}], resource: [${typesOf(action).map(shortName).join(", ")}], context: Request };`;

/**
 * The Cedar schema. `time` is when it is decided, `address` where the caller is, `strength` how it proved who it is (1: a token or one
 * factor, 2: two factors, 3: a passkey), `age` how many seconds ago it did; `token` whether by an API token.
 */
export const SCHEMA = `namespace ${NAMESPACE} {
  entity Group;
  entity User in [Group];
  entity ServiceAccount in [Group];
  entity Collector;
${DECIDED_TYPES.map((type) => `  entity ${shortName(type)}${THINGS[type]};`).join("\n")}
  type Request = { time: datetime, address?: ipaddr, strength: Long, age?: Long, token: Bool };
${OPERATOR_ACTIONS.map((action) => actionOf(action, "User, ServiceAccount")).join("\n")}
${COLLECTOR_ACTIONS.map((action) => actionOf(action, "Collector")).join("\n")}
}
`;
