import { ProblemError } from "@cadastre/contract/errors";
import {
  type Attribute,
  attributeNamed,
  fold,
  isValues,
  type ResourceType,
  type Schema,
  type Value,
  type Values,
} from "./attribute.ts";
import type { Filter, PatchPath } from "./filter/filter.ts";
import { toValueMatcher } from "./filter/match.ts";
import { parsePatchPath } from "./filter/parse.ts";
import { shown } from "./filter/tokens.ts";
import { changeList, changeValues, orNothing, typedValue } from "./patch-list.ts";
import { placeOf } from "./place.ts";
import { requireAll, requireObject, requireSchema } from "./read-resource.ts";
import { isUnassigned, membersOf, readOne, readValue } from "./read-value.ts";
import { USERS } from "./schemas.ts";

export const PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/** Operations of one PATCH. */
const MOST_PATCH_OPERATIONS = 1000;

/** One change of a PATCH; without a path its value is an object with a path for each member. */
export interface Operation {
  readonly op: "add" | "replace" | "remove";
  readonly path?: string;
  readonly value: unknown;
}

type Draft = { [name: string]: Value };

const syntax = (detail: string) => new ProblemError("scim.invalid_syntax", detail);

/** The operations of a PATCH's body; in a bulk request its data may be the list alone (RFC 7644 §3.7.3). Throws `scim.invalid_syntax`. */
export function readOperations(body: unknown): readonly Operation[] {
  const given = Array.isArray(body) ? { schemas: [PATCH_SCHEMA], Operations: body } : requireObject(body);
  requireSchema(given, PATCH_SCHEMA);
  const [, list] = Object.entries(given).find(([name]) => fold(name) === "operations") ?? [];
  if (!Array.isArray(list) || list.length === 0) throw syntax("Operations: must be a list of at least one operation");
  if (list.length > MOST_PATCH_OPERATIONS) throw syntax(`Operations: at most ${MOST_PATCH_OPERATIONS} are allowed`);
  return list.map((one, at) => readOperation(requireObject(one, `Operations[${at}]`), `Operations[${at}]`));
}

function readOperation(given: { readonly [name: string]: unknown }, place: string): Operation {
  const named = new Map(membersOf(given, `${place}.`, fold).map(([name, value]) => [name, value]));
  const op = named.get("op");
  const path = named.get("path");
  const name = typeof op === "string" ? fold(op) : "";
  if (name !== "add" && name !== "replace" && name !== "remove") {
    throw syntax(`${place}.op: must be add, replace or remove`);
  }
  if (path !== undefined && path !== null && typeof path !== "string") throw syntax(`${place}.path: must be a text`);
  const value = named.get("value");
  if (name !== "remove" && !named.has("value"))
    throw new ProblemError("scim.invalid_value", `${place}.value: is required`);
  return { op: name, value, ...(typeof path === "string" && path !== "" ? { path } : {}) };
}

/**
 * A resource as it is after all operations in their order (RFC 7644 §3.5.2); the given one is not changed, so that a refusal leaves
 * nothing half done. Takes what Entra ID and Okta send: names of operations in any case, "True", paths as the names in a pathless value, members
 * removed by a list of values, and a part of a typed value that is not there yet. Throws `scim.invalid_path`, `scim.invalid_filter`,
 * `scim.no_target`, `scim.mutability`, `scim.invalid_value`, `scim.invalid_syntax`.
 */
export function applyPatch(type: ResourceType, resource: Values, operations: readonly Operation[]): Values {
  const draft: Draft = structuredClone(resource) as Draft;
  for (const operation of operations) applyOperation(type, draft, operation);
  requireAll(type, draft);
  return draft;
}

function applyOperation(type: ResourceType, draft: Draft, { op, path, value }: Operation): void {
  if (path !== undefined) {
    applyAt(type, draft, op, { text: path, value });
    return;
  }
  if (op === "remove") throw new ProblemError("scim.no_target", "remove needs a path");
  const members = requireObject(value, "the value of an operation without a path");
  for (const [text, member] of Object.entries(members)) {
    if (fold(text) !== "schemas") applyAt(type, draft, op, { text, value: member, isNamed: true });
  }
}

interface At {
  readonly text: string;
  readonly value: unknown;
  /** It is the name of a member of a value: what is only read may stand there, as Okta sends `id`, and is left out. */
  readonly isNamed?: boolean;
}

function applyAt(type: ResourceType, draft: Draft, op: Operation["op"], { text, value, isNamed = false }: At): void {
  const path = parsePatchPath(text);
  const place = placeOf(type, path.path);
  if (!place) throw new ProblemError("scim.invalid_path", `${type.id} has no ${shown(text)}`);
  const { extension, attribute, sub } = place;
  const isOnlyRead = [attribute, sub].some((one) => one?.mutability === "readOnly");
  if (isOnlyRead && isNamed) return;
  if (isOnlyRead) throw new ProblemError("scim.mutability", `${text} is only read`);
  const within = extension && (draft[extension.id] as Values | undefined);
  if (extension && !attribute) set(draft, extension.id, afterExtension(within ?? {}, op, extension, value));
  if (!attribute) return;
  const change = { op, attribute, sub, path, text, value };
  if (!extension) set(draft, attribute.name, afterChange(draft[attribute.name], change));
  else set(draft, extension.id, withPart(within, attribute.name, afterChange(within?.[attribute.name], change)));
}

function set(draft: Draft, name: string, value: Value | undefined): void {
  if (value === undefined) delete draft[name];
  else draft[name] = value;
}

/** An object with a member set, or without it; nothing when nothing is left. */
function withPart(present: Values | undefined, name: string, value: Value | undefined): Values | undefined {
  const after: Draft = { ...present };
  set(after, name, value);
  return Object.keys(after).length === 0 ? undefined : after;
}

/** All of an extension at once: each member of the value is one of its attributes. */
function afterExtension(present: Values, op: Operation["op"], extension: Schema, value: unknown): Values | undefined {
  if (op === "remove" || isUnassigned(value)) return undefined;
  const alone: ResourceType = { ...USERS, schema: extension, extensions: [] };
  const draft: Draft = { ...present };
  for (const [text, member] of Object.entries(requireObject(value, extension.id))) {
    if (fold(text) === "schemas") continue;
    const { attribute } = placeOf(alone, parsePatchPath(text).path) ?? {};
    if (!attribute || !extension.attributes.includes(attribute)) {
      throw new ProblemError("scim.invalid_path", `${extension.id} has no ${shown(text)}`);
    }
    applyAt(alone, draft, op, { text, value: member, isNamed: true });
  }
  return Object.keys(draft).length === 0 ? undefined : draft;
}

interface Change {
  readonly op: Operation["op"];
  readonly attribute: Attribute;
  readonly sub: Attribute | undefined;
  readonly path: PatchPath;
  readonly text: string;
  readonly value: unknown;
}

/** What an attribute is after a change; undefined when it is unassigned. */
function afterChange(present: Value | undefined, change: Change): Value | undefined {
  const { op, attribute, sub, path, text, value } = change;
  const list = (attribute.multiValued ? (present ?? []) : []) as readonly Values[];
  if (path.filter !== undefined) return afterFiltered(list, change, path.filter);
  if (sub) return attribute.multiValued ? afterParts(list, change, sub) : afterPart(present, change, sub);
  const isAll = isUnassigned(value) || !attribute.multiValued;
  if ((op === "remove" && isAll) || (op === "replace" && isUnassigned(value))) {
    if (attribute.required) throw new ProblemError("scim.mutability", `${text} is required and cannot be removed`);
    return undefined;
  }
  if (attribute.multiValued) {
    return changeList(attribute, op, list, (readValue(attribute, value, text) ?? []) as readonly Value[]);
  }
  const read = readOne(attribute, value, text);
  // Parts that are not given stay (RFC 7644 §3.5.2.3).
  return isValues(read) && isValues(present) ? { ...(present as Values), ...(read as Values) } : (read ?? present);
}

/** A part of a complex attribute. */
function afterPart(present: Value | undefined, { op, value, text }: Change, sub: Attribute): Values | undefined {
  const read = op === "remove" ? undefined : readOne(sub, value, text);
  return withPart(present as Values | undefined, sub.name, read);
}

/** A part of all values of a list. */
function afterParts(present: readonly Values[], { op, attribute, value, text }: Change, sub: Attribute) {
  const read = op === "remove" ? undefined : readOne(sub, value, text);
  if (present.length > 0) return changeValues(attribute, present, () => true, { sub, value: read });
  if (op === "replace") throw new ProblemError("scim.no_target", `${text} has no values`);
  return read === undefined ? undefined : [{ [sub.name]: read }];
}

/** The part of a list's values that stands behind the brackets. */
function partOf({ attribute, path, text }: Change): Attribute | undefined {
  if (path.sub === undefined) return undefined;
  const sub = attributeNamed(attribute.subAttributes, path.sub);
  if (!sub) throw new ProblemError("scim.invalid_path", `${attribute.name} has no ${shown(path.sub)}`);
  if (sub.mutability === "readOnly") throw new ProblemError("scim.mutability", `${text} is only read`);
  return sub;
}

/** Some values of a list, or a part of each of them. */
function afterFiltered(present: readonly Values[], change: Change, filter: Filter): readonly Value[] | undefined {
  const { op, attribute, text, value } = change;
  if (!attribute.multiValued || attribute.type !== "complex") {
    throw new ProblemError("scim.invalid_path", `${shown(text)}: ${attribute.name} has no values to choose from`);
  }
  const sub = partOf(change);
  const isMeant = toValueMatcher(filter, attribute);
  const isFound = present.some(isMeant);
  // Who repeats the removal of a member wants it gone, and it is.
  if (op === "remove" && !isFound && attribute.name === "members") return orNothing(present);
  if (!isFound && op !== "add") {
    throw new ProblemError("scim.no_target", `no value of ${attribute.name} is as ${shown(text)} says`);
  }
  const read = op === "remove" ? undefined : readOne(sub ?? attribute, value, text);
  if (isFound && sub) return changeValues(attribute, present, isMeant, { sub, value: read });
  if (isFound && read === undefined) return changeValues(attribute, present, isMeant, "remove");
  if (isFound) return changeValues(attribute, present, isMeant, { value: read as Values, isMerged: op === "add" });
  if (read === undefined) return orNothing(present);
  const made = { ...typedValue(filter, attribute), ...(sub ? { [sub.name]: read } : (read as Values)) };
  return changeList(attribute, "add", present, [made]);
}
