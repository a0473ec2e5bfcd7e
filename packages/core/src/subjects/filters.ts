import { ProblemError } from "@cadastre/contract/errors";
import { KIND_NAMES, type KindName } from "@cadastre/contract/kinds/names";
import { PROVIDERS, type Provider } from "@cadastre/contract/scope";
import { SUBJECT_TYPES, type SubjectType } from "@cadastre/contract/subject";
import { parseAddress, tryParseAddress } from "@cadastre/net/address";
import { parsePrefix, tryParsePrefix } from "@cadastre/net/prefix";

/** What a subject must be to be found. All of it must hold. */
export interface Filters {
  readonly type?: SubjectType | undefined;
  readonly kind?: KindName | undefined;
  readonly provider?: Provider | undefined;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  /** Natural id of a network, or its last component. */
  readonly network?: string | undefined;
  readonly status?: "active" | "retired" | "any" | undefined;
  /** Whole name, with `*` for any characters; upper and lower case alike. */
  readonly name?: string | undefined;
  readonly tags: readonly { readonly key: string; readonly value?: string | undefined }[];
  /** What has this address, or a prefix that contains it. */
  readonly ip?: string | undefined;
  /** What has a prefix inside this one. */
  readonly cidr?: string | undefined;
  /** Beginnings of words (of the name, short id, host names, tag values), or a natural id as a whole. */
  readonly words: readonly string[];
  readonly owner?: string | undefined;
  /** Before this ISO 8601 day or time a certificate must end. */
  readonly expiresBefore?: string | undefined;
  /** Whether its owner's own account says so. */
  readonly confirmed?: boolean | undefined;
}

export const NO_FILTERS: Filters = { tags: [], words: [] };

const QUALIFIERS = [
  "type",
  "kind",
  "provider",
  "account",
  "region",
  "network",
  "status",
  "name",
  "tag",
  "ip",
  "cidr",
  "owner",
  "expires",
  "confirmed",
] as const;
const MOST_LENGTH = 1000;

function refuse(message: string): ProblemError {
  return new ProblemError("query.invalid", message, { errors: [{ path: "q", message }] });
}

function oneOf<T extends string>(what: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw refuse(`${what}:${value.slice(0, 80)} — ${what} is one of ${allowed.join(", ")}`);
  return found;
}

/** Checks an address or prefix and says what is wrong with it. */
function checked(what: string, value: string, read: (text: string) => unknown): string {
  try {
    read(value);
    return value;
  } catch (error) {
    throw refuse(`${what}:${value.slice(0, 80)} — ${error instanceof Error ? error.message : "not valid"}`);
  }
}

export const checkedIp = (value: string): string => checked("ip", value, parseAddress);
export const checkedCidr = (value: string): string =>
  checked("cidr", value, (text) => parsePrefix(text, { allowAddress: true }));

export function checkedDay(value: string): string {
  if (!/^\d{4}-\d\d-\d\d(T.*)?$/.test(value) || Number.isNaN(Date.parse(value)))
    throw refuse(`expires:${value.slice(0, 80)} — a day such as 2026-12-31`);
  return new Date(value).toISOString();
}

/** Terms of a query: words, quoted phrases, and qualifiers whose value may be quoted. */
function* termsOf(q: string): Generator<{ qualifier: string | undefined; value: string }> {
  const term = /\s*(?:([a-z]+):)?(?:"([^"]*)"|(tag|[^\s"]+?)(?:="([^"]*)")|([^\s"]+))/gy;
  let at = 0;
  const end = q.trimEnd().length;
  while (at < end) {
    term.lastIndex = at;
    const match = term.exec(q);
    if (!match) throw refuse(`at character ${at + 1}: a quote is not closed`);
    at = term.lastIndex;
    const [, qualifier, quoted, key, keyed, plain] = match;
    yield { qualifier, value: quoted ?? (keyed !== undefined ? `${key}=${keyed}` : (plain ?? "")) };
  }
}

/**
 * Reads a search text: `kind:instance tag:env=prod account:… ip:10.1.2.5 cidr:10.0.0.0/8 name:web*`, quotes around what has
 * spaces, an address or prefix alone for what contains or is inside it, anything else as free text. Throws `query.invalid`, which names the term and what is allowed.
 */
export function parseSearch(q: string): Filters {
  if (q.length > MOST_LENGTH) throw refuse(`the query has ${q.length} characters; at most ${MOST_LENGTH} are allowed`);
  const single: { -readonly [F in keyof Filters]?: Filters[F] } = {};
  const tags: { key: string; value?: string }[] = [];
  const words: string[] = [];
  const set = <F extends keyof Filters>(field: F, value: Exclude<Filters[F], undefined>) => {
    if (single[field] !== undefined) throw refuse(`${field} is given twice`);
    single[field] = value;
  };
  for (const { qualifier, value } of termsOf(q)) {
    const negated = /^-([a-z]+):/.exec(qualifier === undefined ? value : "");
    if (negated) throw refuse(`-${negated[1]}: what must not match cannot be asked for; leave it out`);
    const whole = qualifier === undefined ? value : `${qualifier}:${value}`;
    if (
      qualifier === undefined &&
      (QUALIFIERS as readonly string[]).includes(value.replace(/:$/, "")) &&
      value.endsWith(":")
    ) {
      throw refuse(`${value} has no value`);
    }
    if (tryParseAddress(whole)) {
      set("ip", whole);
      continue;
    }
    if (whole.includes("/") && tryParsePrefix(whole)) {
      set("cidr", whole);
      continue;
    }
    if (qualifier === undefined || !(QUALIFIERS as readonly string[]).includes(qualifier)) {
      if (qualifier !== undefined && !/^(arn|https?|tls|sha256)$/.test(qualifier))
        throw refuse(`${qualifier}: is not a qualifier; use ${QUALIFIERS.join(", ")}`);
      words.push(whole);
      continue;
    }
    if (value === "") throw refuse(`${qualifier}: has an empty value`);
    switch (qualifier as (typeof QUALIFIERS)[number]) {
      case "type":
        set("type", oneOf("type", value, SUBJECT_TYPES));
        break;
      case "kind":
        set("kind", oneOf("kind", value, KIND_NAMES));
        break;
      case "provider":
        set("provider", oneOf("provider", value, PROVIDERS));
        break;
      case "status":
        set("status", oneOf("status", value, ["active", "retired", "any"]));
        break;
      case "confirmed":
        set("confirmed", oneOf("confirmed", value, ["true", "false"]) === "true");
        break;
      case "ip":
        set("ip", checkedIp(value));
        break;
      case "cidr":
        set("cidr", checkedCidr(value));
        break;
      case "expires":
        set("expiresBefore", checkedDay(value.replace(/^<=?/, "")));
        break;
      case "tag": {
        const equals = value.indexOf("=");
        tags.push(equals < 0 ? { key: value } : { key: value.slice(0, equals), value: value.slice(equals + 1) });
        break;
      }
      case "account":
      case "region":
      case "network":
      case "name":
      case "owner":
        set(qualifier as "account" | "region" | "network" | "name" | "owner", value);
    }
  }
  return { ...single, tags, words };
}
