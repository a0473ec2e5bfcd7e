import { KIND_NAMES } from "@cadastre/contract/kinds/names";
import { noneOf, oneNamed } from "@cadastre/contract/meant";
import { kindOfId } from "@cadastre/contract/resource";
import { PROVIDERS, type Provider } from "@cadastre/contract/scope";
import { SUBJECT_TYPES } from "@cadastre/contract/subject";
import { AddressRefused, readAskedAddress, readAskedStretch } from "./asked-address.ts";
import { readAskedTime, TimeRefused } from "./asked-time.ts";
import { QueryError, type Span } from "./language/query-error.ts";
import { isQuoted, type RawTerm, type RawValue, type Segment, textOf } from "./language/tree.ts";
import { type Pattern, toExactPattern, toPattern } from "./pattern.ts";
import { presenceMeant } from "./presence.ts";
import type { Qualifier } from "./qualifiers.ts";
import { type Asked, allOf, anyOf, HAD, type Had, type Node, type TextField, type TimeField } from "./query.ts";
import { fold } from "./words.ts";

/** What a search text is read with. */
export interface Reading {
  readonly q: string;
  readonly now: Date;
}

export const toTerm = (asked: Asked, at: Span): Node => ({ ...asked, type: "term", at: { from: at.from, to: at.to } });

/** One of a closed set, in any case, by another name, or several by a star. Throws QueryError with what is allowed. */
function oneOf<T extends string>({ q }: Reading, what: string, value: RawValue, allowed: readonly T[]): T[] {
  const text = textOf(value);
  const found = isQuoted(value) ? allowed.find((one) => one === text) : oneNamed(text, allowed);
  if (found !== undefined) return [found];
  const pattern = toPattern(value.segments);
  const several = pattern.pieces.length === 1 ? [] : allowed.filter((one) => matches(pattern, one));
  if (several.length > 0) return several;
  throw new QueryError(q, value, `${what} is ${noneOf(text, allowed)}`);
}

const matches = ({ pieces: [first, ...rest] }: Pattern, text: string) =>
  text.startsWith(first) && rest.every((piece) => text.includes(piece)) && text.endsWith(rest.at(-1) ?? "");

/** A text that is there, and no comparison. */
function textPattern({ q }: Reading, qualifier: string, value: RawValue): Pattern {
  const text = textOf(value);
  if (text === "")
    throw new QueryError(q, value, `${qualifier}: has an empty value; what has none is -has:${qualifier}`);
  if (!isQuoted(value) && /^[<>~=!^]/.test(text)) {
    const reason =
      "is compared as text, with * for any characters; only expires, changed, created and seen have < and >";
    throw new QueryError(q, value, `${qualifier}: ${reason}`);
  }
  return toPattern(value.segments);
}

/** As it is written and in lower case: accounts and regions are keys, which are looked up as they are. */
function keyPatterns(reading: Reading, qualifier: string, value: RawValue): Pattern[] {
  textPattern(reading, qualifier, value);
  const { pieces, exact } = toPattern(value.segments.map(({ text, quoted }) => ({ text, quoted })));
  if (exact) return [{ pieces, exact }];
  const [first = "", ...rest] = textOf(value).split("*");
  const written: Pattern = { pieces: [first, ...rest], exact: true };
  const lower: Pattern = { pieces: [first.toLowerCase(), ...rest.map((one) => one.toLowerCase())], exact: true };
  return JSON.stringify(written) === JSON.stringify(lower) ? [written] : [written, lower];
}

function readAccount(reading: Reading, value: RawValue): Node {
  const [, provider, account] = new RegExp(`^(${PROVIDERS.join("|")})/(.+)$`).exec(textOf(value)) ?? [];
  if (provider === undefined) return toTerm({ field: "account", any: keyPatterns(reading, "account", value) }, value);
  const named = { ...value, segments: [{ text: account as string, quoted: isQuoted(value) }] };
  return allOf(
    toTerm({ field: "provider", any: [provider as Provider] }, value),
    toTerm({ field: "account", any: keyPatterns(reading, "account", named) }, value),
  );
}

/** The segments before the first `=`, and those behind it. */
function atEquals(segments: readonly Segment[]): { key: Segment[]; value: Segment[] | undefined } {
  const isAt = ({ text, quoted }: Segment, inQuotes: boolean) => quoted === inQuotes && text.includes("=");
  const index = segments.findIndex((one) => isAt(one, false));
  const at = index >= 0 ? index : segments.findIndex((one) => isAt(one, true));
  const segment = segments[at];
  if (segment === undefined) return { key: [...segments], value: undefined };
  const equals = segment.text.indexOf("=");
  return {
    key: [...segments.slice(0, at), { ...segment, text: segment.text.slice(0, equals) }],
    value: [{ ...segment, text: segment.text.slice(equals + 1) }, ...segments.slice(at + 1)],
  };
}

/** `env=prod`, `env=prod,test`, `env`: a further value without a key is one of the same tag. */
export function readTags({ q }: Reading, { values, ...at }: Pick<RawTerm, "values" | "from" | "to">): Node {
  const tags: { key: Segment[]; any: Pattern[] | undefined; span: Span }[] = [];
  for (const value of values) {
    const { key, value: wanted } = atEquals(value.segments);
    const last = tags.at(-1);
    const name = textOf({ segments: key });
    if (wanted === undefined && last?.any) {
      last.any.push(toPattern(key));
      continue;
    }
    if (name === "") throw new QueryError(q, value, "a tag is key=value, or key for any value");
    if (name.endsWith("!"))
      throw new QueryError(q, value, `what must not match has a minus before it: -tag:${name.slice(0, -1)}=…`);
    if (wanted === undefined && !isQuoted(value) && /^(?!aws:)[^:]+:[^:]+$/.test(name))
      throw new QueryError(
        q,
        value,
        `a tag is key=value: tag:${name.replace(":", "=")}; a key with a colon stands in quotes`,
      );
    tags.push({ key, any: wanted && [toPattern(wanted)], span: value });
  }
  const nodes = tags.map(({ key, any }) => toTerm({ field: "tag", key: toPattern(key), ...(any ? { any } : {}) }, at));
  return anyOf(...nodes);
}

/** A hardware address in any of its forms, or the beginning of one with a star. Throws QueryError. */
export function readMac({ q }: Reading, value: RawValue): Pattern {
  const digits = textOf(value).replaceAll(/[:.-]/g, "").toLowerCase();
  if (!(/^[0-9a-f]{12}$/.test(digits) || /^[0-9a-f]{1,11}\*$/.test(digits)))
    throw new QueryError(
      q,
      value,
      "a MAC address has 12 hexadecimal digits, such as 0a:1b:2c:3d:4e:5f, or its beginning with a star: 0a:1b:2c:*",
    );
  const [first = "", ...rest] = digits.split("*");
  return { pieces: [first, ...rest], exact: true };
}

/** Addresses of values, by the given reading of each. Throws QueryError. */
export function readAddresses({ q }: Reading, values: readonly RawValue[], read: typeof readAskedAddress): Asked {
  const any = values.flatMap((value) => {
    try {
      return read(textOf(value));
    } catch (error) {
      if (error instanceof AddressRefused) throw new QueryError(q, value, error.message);
      throw error;
    }
  });
  return { field: "address", any };
}

function readTime({ q, now }: Reading, field: TimeField, value: RawValue): Asked {
  try {
    return { field, span: readAskedTime(textOf(value), { now, ahead: field === "expires" }) };
  } catch (error) {
    if (error instanceof TimeRefused) throw new QueryError(q, value, error.message);
    throw error;
  }
}

function readType(reading: Reading, value: RawValue): Asked {
  const text = fold(textOf(value));
  const subject = SUBJECT_TYPES.find((one) => one === text);
  if (subject !== undefined) return { field: "subject", any: [subject] };
  const kind = text === "interface" ? undefined : oneNamed(text, KIND_NAMES);
  if (kind !== undefined && !isQuoted(value)) throw new QueryError(reading.q, value, `${text} is a kind: kind:${text}`);
  return { field: "type", any: [textPattern(reading, "type", value)] };
}

const TRUTHS = ["true", "false"] as const;
const isTrue = (text: (typeof TRUTHS)[number]) => text === "true";

function whatIsHad(reading: Reading, value: RawValue): Had[] {
  const text = textOf(value);
  try {
    return oneOf(reading, "has", value, HAD);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    if (/^tags?$/i.test(text)) return ["tag"];
    const tag = text.replace(/^tag[:=]/i, "");
    throw new QueryError(reading.q, value, `has is ${noneOf(text, HAD)}; what has a tag is tag:${tag}`);
  }
}

const STATUSES = ["active", "retired", "any"] as const;

function readStatus(reading: Reading, value: RawValue): Asked {
  try {
    const any = oneOf(reading, "status", value, STATUSES);
    return { field: "status", any: any.flatMap((one) => (one === "any" ? ["active", "retired"] : [one])) };
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const reason = `status is one of ${STATUSES.join(", ")}; what a cloud says of a machine is state:${textOf(value)}`;
    throw new QueryError(reading.q, value, reason);
  }
}

function readState(reading: Reading, value: RawValue): Pattern {
  const text = fold(textOf(value));
  if (text === "retired" || text === "any")
    throw new QueryError(reading.q, value, `state is what a cloud says, such as running; did you mean status:${text}?`);
  return textPattern(reading, "state", value);
}

function readPort({ q }: Reading, value: RawValue): number {
  const port = Number(textOf(value));
  if (!/^\d{1,5}$/.test(textOf(value)) || port < 1 || port > 65_535)
    throw new QueryError(q, value, "a port is a number from 1 to 65535");
  return port;
}

/** What a short or natural id stands for as a whole. */
export const isWholeId = (text: string): boolean => /^res_[0-9a-f]{32}$/.test(text) || kindOfId(text) !== undefined;

function readId(reading: Reading, value: RawValue): Node {
  const text = textOf(value);
  if (isWholeId(text)) return toTerm({ field: "id", any: [toExactPattern(text)] }, value);
  return toTerm({ field: "id", any: [textPattern(reading, "id", value)] }, value);
}

const each = (values: readonly RawValue[], read: (value: RawValue) => Node) => anyOf(...values.map(read));

/** What has a value of a form of its own has none that says that it has none. */
function refusePresence({ q }: Reading, qualifier: string, values: readonly RawValue[]): void {
  for (const value of values) {
    const meant = isQuoted(value) ? undefined : presenceMeant(qualifier, textOf(value));
    if (meant !== undefined) throw new QueryError(q, value, meant);
  }
}

const OF_A_FORM: readonly Qualifier[] = ["ip", "cidr", "mac", "expires"];

/** What a qualifier and its values ask for. `sort` is not among them: it asks for nothing. Throws QueryError. */
export function readQualified(reading: Reading, qualifier: Exclude<Qualifier, "sort">, raw: RawTerm): Node {
  const { values } = raw;
  if (OF_A_FORM.includes(qualifier)) refusePresence(reading, qualifier, values);
  const any = <T>(read: (value: RawValue) => readonly T[]): T[] => values.flatMap(read);
  const texts = (field: TextField, read: (value: RawValue) => Pattern) => toTerm({ field, any: values.map(read) }, raw);
  switch (qualifier) {
    case "type":
      return each(values, (value) => toTerm(readType(reading, value), value));
    case "kind":
      return toTerm({ field: "kind", any: any((one) => oneOf(reading, "kind", one, KIND_NAMES)) }, raw);
    case "provider":
      return toTerm({ field: "provider", any: any((one) => oneOf(reading, "provider", one, PROVIDERS)) }, raw);
    case "has":
      return each(values, (value) =>
        anyOf(...whatIsHad(reading, value).map((what) => toTerm({ field: "has", what }, value))),
      );
    case "status":
      return each(values, (value) => toTerm(readStatus(reading, value), value));
    case "account":
      return each(values, (value) => readAccount(reading, value));
    case "project":
      return each(values, (value) =>
        allOf(
          toTerm({ field: "provider", any: ["gcp"] }, value),
          toTerm({ field: "account", any: keyPatterns(reading, "project", value) }, value),
        ),
      );
    case "region":
      return toTerm({ field: "region", any: any((one) => keyPatterns(reading, "region", one)) }, raw);
    case "confirmed":
      return toTerm(
        { field: "confirmed", any: any((one) => oneOf(reading, "confirmed", one, TRUTHS)).map(isTrue) },
        raw,
      );
    case "state":
      return texts("state", (value) => readState(reading, value));
    case "mac":
      return texts("mac", (value) => readMac(reading, value));
    case "id":
      return each(values, (value) => readId(reading, value));
    case "tag":
      return readTags(reading, raw);
    case "ip":
      return toTerm(readAddresses(reading, values, readAskedAddress), raw);
    case "cidr":
      return toTerm(readAddresses(reading, values, readAskedStretch), raw);
    case "port":
      return toTerm({ field: "port", any: values.map((value) => readPort(reading, value)) }, raw);
    case "expires":
    case "changed":
    case "created":
    case "seen":
      return each(values, (value) => toTerm(readTime(reading, qualifier, value), value));
    default:
      return texts(qualifier, (value) => textPattern(reading, qualifier, value));
  }
}
