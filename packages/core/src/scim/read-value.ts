import { ProblemError } from "@cadastre/contract/errors";
import { type Attribute, attributeNamed, fold, isValues, type Value } from "./attribute.ts";

export const invalidValue = (path: string, message: string): ProblemError =>
  new ProblemError("scim.invalid_value", `${path}: ${message}`, { errors: [{ path, message }] });

/** A list has no more values than this in one resource, but for the members of a group. */
const MOST_VALUES = 500;
/** Each address has an entry that it is found by, written in the same commit. */
const MOST_EMAILS = 20;
/** Characters of one text. */
const MOST_CHARACTERS = 8192;

const BASE64 = /^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2}(?:==)?|[A-Za-z0-9+/_-]{3}=?)?$/;
// RFC 7643 §2.3.5: as in XML Schema; a zone is needed to know the time.
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

/** Null and an empty list are the same as nothing (RFC 7643 §2.5). */
export const isUnassigned = (value: unknown): boolean =>
  value === null || value === undefined || (Array.isArray(value) && value.length === 0);

function readText({ type }: Attribute, value: unknown, path: string): string {
  if (typeof value !== "string") throw invalidValue(path, `must be a text (${type}), not ${nameOf(value)}`);
  if (value.length > MOST_CHARACTERS) throw invalidValue(path, `must have at most ${MOST_CHARACTERS} characters`);
  if (type === "binary" && !BASE64.test(value)) throw invalidValue(path, "must be base64");
  if (type === "dateTime" && !(DATE_TIME.test(value) && !Number.isNaN(Date.parse(value)))) {
    throw invalidValue(path, "must be a time such as 2026-05-13T04:42:34Z");
  }
  return value;
}

function nameOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

function readBoolean(value: unknown, path: string): boolean {
  if (typeof value === "boolean") return value;
  // As Entra ID sends it.
  if (typeof value === "string" && /^(true|false)$/i.test(value)) return fold(value) === "true";
  throw invalidValue(path, `must be true or false, not ${nameOf(value)}`);
}

/** The members of an object by the names of their attributes; refuses a name that is there twice in different case. */
export function membersOf<Of>(
  value: { readonly [name: string]: unknown },
  path: string,
  find: (name: string) => Of | undefined,
): [Of, unknown, string][] {
  const seen = new Set<string>();
  return Object.entries(value).flatMap(([name, member]): [Of, unknown, string][] => {
    const found = find(name);
    if (found === undefined) return [];
    if (seen.has(fold(name))) {
      throw new ProblemError("scim.invalid_syntax", `${path}${name}: is there twice, in different case`);
    }
    seen.add(fold(name));
    return [[found, member, name]];
  });
}

/** What stands for a complex value with one text alone: its part `value`. */
function asComplex({ subAttributes }: Attribute, value: unknown): unknown {
  return typeof value === "string" && attributeNamed(subAttributes, "value") ? { value } : value;
}

/** One complex value: what its parts say, names as the schema writes them; unknown parts and those that are only read are left out. */
function readComplex(attribute: Attribute, given: unknown, path: string): Value | undefined {
  const value = asComplex(attribute, given);
  if (!isValues(value)) throw invalidValue(path, `must be an object, not ${nameOf(value)}`);
  const parts: { [name: string]: Value } = {};
  for (const [part, member] of membersOf(value, `${path}.`, (name) => attributeNamed(attribute.subAttributes, name))) {
    if (part.mutability === "readOnly") continue;
    const read = readOne(part, member, `${path}.${part.name}`);
    if (read !== undefined) parts[part.name] = read;
  }
  return Object.keys(parts).length === 0 ? undefined : parts;
}

/** One value of an attribute, whether it has several or not; undefined when it says nothing. Throws `scim.invalid_value`. */
export function readOne(attribute: Attribute, value: unknown, path: string): Value | undefined {
  if (isUnassigned(value)) return undefined;
  if (attribute.type === "complex") return value === "" ? undefined : readComplex(attribute, value, path);
  if (attribute.type === "boolean") return readBoolean(value, path);
  if (attribute.type === "integer") {
    if (Number.isSafeInteger(value)) return value as number;
    throw invalidValue(path, `must be a whole number, not ${nameOf(value)}`);
  }
  return readText(attribute, value, path);
}

/**
 * What is given for an attribute, in the form in which it is kept: names as the schema writes them, "True" as true, one value of a
 * list as a list, equal values once; undefined for what is unassigned. Throws `scim.invalid_value` with the place.
 */
export function readValue(attribute: Attribute, value: unknown, path: string): Value | undefined {
  if (!attribute.multiValued) return readOne(attribute, value, path);
  if (isUnassigned(value)) return undefined;
  const given = Array.isArray(value) ? value : [value];
  const most = mostOf(attribute);
  if (given.length > most) throw invalidValue(path, `must have at most ${most} values`);
  const values = new Map<string, Value>();
  for (const [at, one] of given.entries()) {
    const read = readOne(attribute, one, `${path}[${at}]`);
    if (read !== undefined) values.set(keyOf(attribute, read), read);
  }
  return values.size === 0 ? undefined : requireOnePrimary([...values.values()], path);
}

function mostOf({ name }: Attribute): number {
  // A group's members are counted by who writes them.
  if (name === "members") return Number.POSITIVE_INFINITY;
  return name === "emails" ? MOST_EMAILS : MOST_VALUES;
}

/** Equal for values that are the same: those of one `value` and type (RFC 7643 §2.4), members by who they are, others by all that they say. */
export function keyOf({ name, subAttributes = [] }: Attribute, value: Value): string {
  if (!isValues(value)) return JSON.stringify(value);
  if (name === "members") return JSON.stringify(value.value ?? null);
  if (value.value !== undefined) return JSON.stringify([value.value, value.type ?? null]);
  return JSON.stringify(subAttributes.map((part) => value[part.name] ?? null));
}

export const isPrimary = (value: Value): boolean => isValues(value) && value.primary === true;

/** RFC 7643 §2.4: true for one value at the most. */
function requireOnePrimary(values: readonly Value[], path: string): readonly Value[] {
  if (values.filter(isPrimary).length <= 1) return values;
  throw invalidValue(path, "only one value can be primary");
}
