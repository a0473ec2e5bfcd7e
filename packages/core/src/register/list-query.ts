import { ProblemError } from "@cadastre/contract/errors";
import type { KindName } from "@cadastre/contract/kinds/names";
import type { Provider } from "@cadastre/contract/scope";
import { AddressRefused, type AskedAddress, readAskedAddress, readAskedStretch } from "../subjects/asked-address.ts";
import { readAskedTime, TimeRefused, type TimeSpan } from "../subjects/asked-time.ts";
import { parseSearch } from "../subjects/parse-search.ts";
import { type Pattern, toExactPattern, toPattern } from "../subjects/pattern.ts";
import { type Asked, allOf, conjuncts, type Query } from "../subjects/query.ts";
import { fold } from "../subjects/words.ts";

/** Filters of a list as its parameters give them, and a search text beside them. */
export interface ListParameters {
  readonly kind?: KindName | undefined;
  readonly provider?: Provider | undefined;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  readonly network?: string | undefined;
  readonly status?: "active" | "retired" | "any" | undefined;
  readonly name?: string | undefined;
  /** `key=value` or `key`; exact, upper and lower case alike as they are written. */
  readonly tag?: readonly string[] | undefined;
  readonly ip?: string | undefined;
  readonly cidr?: string | undefined;
  readonly owner?: string | undefined;
  readonly confirmed?: boolean | undefined;
  readonly expiresBefore?: string | undefined;
  readonly q?: string | undefined;
}

function refuse(path: string, message: string): ProblemError {
  return new ProblemError("query.invalid", `${path}: ${message}`, { errors: [{ path, message }] });
}

function addresses(path: string, text: string, read: (text: string) => AskedAddress[]): Asked {
  try {
    return { field: "address", any: read(text) };
  } catch (error) {
    if (error instanceof AddressRefused) throw refuse(path, error.message);
    throw error;
  }
}

function endsBefore(text: string, now: Date): TimeSpan {
  try {
    if (!/^\d{4}-\d\d-\d\d/.test(text)) throw new TimeRefused();
    return readAskedTime(`<${text}`, { now, ahead: true });
  } catch (error) {
    if (error instanceof TimeRefused)
      throw refuse("expiresBefore", "a day such as 2026-12-31, or a time such as 2026-12-31T08:00:00Z");
    throw error;
  }
}

function toTag(text: string): Asked {
  const equals = text.indexOf("=");
  if (equals === 0) throw refuse("tag", "a tag is key=value, or key for any value");
  if (equals < 0) return { field: "tag", key: toExactPattern(text) };
  return { field: "tag", key: toExactPattern(text.slice(0, equals)), any: [toExactPattern(text.slice(equals + 1))] };
}

/** An empty value is of nothing, and would find nothing. */
function refuseEmpty(given: ListParameters): void {
  for (const name of ["network", "name", "owner"] as const)
    if (given[name] === "") throw refuse(name, `is empty; what has none is found by the search -has:${name}`);
}

const inAnyCase = (text: string): Pattern => ({ pieces: [fold(text)], exact: false });

/** What each parameter asks for, with its name. */
function askedBy(given: ListParameters, now: Date): [keyof ListParameters, Asked][] {
  const {
    kind,
    provider,
    account,
    region,
    network,
    status,
    name,
    tag = [],
    ip,
    cidr,
    owner,
    confirmed,
    expiresBefore,
  } = given;
  const asked: [keyof ListParameters, Asked | undefined][] = [
    ["kind", kind && { field: "kind", any: [kind] }],
    ["provider", provider && { field: "provider", any: [provider] }],
    ["account", account === undefined ? undefined : { field: "account", any: [toExactPattern(account)] }],
    ["region", region === undefined ? undefined : { field: "region", any: [toExactPattern(region)] }],
    ["network", network === undefined ? undefined : { field: "network", any: [toExactPattern(network)] }],
    ["status", status && { field: "status", any: status === "any" ? ["active", "retired"] : [status] }],
    ["name", name === undefined ? undefined : { field: "name", any: [toPattern([{ text: name, quoted: false }])] }],
    ...tag.map((one): [keyof ListParameters, Asked] => ["tag", toTag(one)]),
    ["ip", ip === undefined ? undefined : addresses("ip", ip, readAskedAddress)],
    ["cidr", cidr === undefined ? undefined : addresses("cidr", cidr, readAskedStretch)],
    ["owner", owner === undefined ? undefined : { field: "owner", any: [inAnyCase(owner)] }],
    ["confirmed", confirmed === undefined ? undefined : { field: "confirmed", any: [confirmed] }],
    [
      "expiresBefore",
      expiresBefore === undefined ? undefined : { field: "expires", span: endsBefore(expiresBefore, now) },
    ],
  ];
  return asked.filter((one): one is [keyof ListParameters, Asked] => one[1] !== undefined);
}

/**
 * Parameters and search text as one search; all must hold. Pure. Throws 422 `query.invalid` for what is in both, and for what
 * cannot be understood.
 */
export function toQuery(given: ListParameters, now: Date): Query {
  const { q = "", ...parameters } = given;
  refuseEmpty(given);
  const searched = parseSearch(q, now);
  const asked = askedBy(parameters, now);
  const inText = conjuncts(searched.tree).flatMap((node) => (node.type === "term" ? [node.field] : []));
  const twice = asked.find(([name, { field }]) => name !== "tag" && inText.includes(field));
  if (twice) throw refuse(twice[0], `${twice[0]} is also in q`);
  const terms = asked.map(([, one]) => ({ ...one, type: "term" as const }));
  const tree = terms.length === 0 ? searched.tree : allOf(...conjuncts(searched.tree), ...terms);
  return { ...searched, parameters, tree };
}
