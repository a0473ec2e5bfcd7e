import { ProblemError } from "@cadastre/contract/errors";
import {
  type Attribute,
  attributeNamed,
  fold,
  isValues,
  type ResourceType,
  type Value,
  type Values,
} from "./attribute.ts";
import { invalidValue, membersOf, readValue } from "./read-value.ts";
import { COMMON } from "./schemas.ts";

const EXTERNAL_ID = COMMON.filter(({ name }) => name === "externalId");

/** The attributes of a type that a client writes: those of its schema, and its own id. */
const writtenAttributes = ({ schema }: ResourceType): readonly Attribute[] => [...EXTERNAL_ID, ...schema.attributes];

/** An object of a request. Throws `scim.invalid_syntax`. */
export function requireObject(value: unknown, what = "the body"): { readonly [name: string]: unknown } {
  if (isValues(value)) return value;
  throw new ProblemError("scim.invalid_syntax", `${what} must be an object`);
}

/** That `schemas` names what the body is; other names in it are left to who knows them. Throws `scim.invalid_syntax`. */
export function requireSchema(body: { readonly [name: string]: unknown }, urn: string): void {
  const [, given] = Object.entries(body).find(([name]) => fold(name) === "schemas") ?? [];
  const names = Array.isArray(given) ? given : [];
  if (names.some((name) => typeof name === "string" && fold(name) === fold(urn))) return;
  throw new ProblemError("scim.invalid_syntax", `schemas: must have ${urn}`, {
    errors: [{ path: "schemas", message: `must have ${urn}` }],
  });
}

function readAttributes(
  attributes: readonly Attribute[],
  given: { readonly [name: string]: unknown },
  prefix = "",
): Values {
  const values: { [name: string]: Value } = {};
  for (const [attribute, value] of membersOf(given, prefix, (name) => attributeNamed(attributes, name))) {
    if (attribute.mutability === "readOnly") continue;
    const read = readValue(attribute, value, `${prefix}${attribute.name}`);
    if (read !== undefined) values[attribute.name] = read;
  }
  return values;
}

/** Throws `scim.invalid_value` for a required attribute that is not there. */
export function requireAll(type: ResourceType, values: Values): void {
  for (const { name, required } of type.schema.attributes) {
    const value = values[name];
    if (required && (value === undefined || (typeof value === "string" && value.trim() === ""))) {
      throw invalidValue(name, "is required");
    }
  }
}

/**
 * What a client says of a resource (POST and PUT), in the form in which it is kept. What is only read, and what no schema has, is left
 * out. Throws `scim.invalid_syntax` for a body that is no object, has a name twice, or `schemas` without the type's;
 * `scim.invalid_value` with the place for what does not fit or is missing.
 */
export function readResource(type: ResourceType, body: unknown): Values {
  const given = requireObject(body);
  requireSchema(given, type.schema.id);
  const values: { [name: string]: Value } = { ...readAttributes(writtenAttributes(type), given) };
  const extensionOf = (name: string) => type.extensions.find(({ id }) => fold(id) === fold(name));
  for (const [{ id, attributes }, value] of membersOf(given, "", extensionOf)) {
    if (value === null) continue;
    const read = readAttributes(attributes, requireObject(value, id), `${id}:`);
    if (Object.keys(read).length > 0) values[id] = read;
  }
  requireAll(type, values);
  return values;
}
