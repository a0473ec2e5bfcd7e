import {
  type Attribute,
  attributeNamed,
  fold,
  isValues,
  type ResourceType,
  type Schema,
  type Value,
} from "./attribute.ts";
import type { AttributePath } from "./filter/filter.ts";
import { COMMON } from "./schemas.ts";

/** Where a path leads: an attribute or a part of one, of an extension when it has one; without an attribute to a whole extension. */
export interface Place {
  readonly extension?: Schema;
  readonly attribute?: Attribute;
  readonly sub?: Attribute;
}

function inSchema(
  attributes: readonly Attribute[],
  { name, sub }: AttributePath,
  extension?: Schema,
): Place | undefined {
  const attribute = attributeNamed(attributes, name);
  if (!attribute) return undefined;
  const place = { ...(extension === undefined ? {} : { extension }), attribute };
  if (sub === undefined) return place;
  const part = attributeNamed(attribute.subAttributes, sub);
  return part && { ...place, sub: part };
}

/** Where a path leads in a type of resource; undefined when there is no such attribute. */
export function placeOf({ schema, extensions }: ResourceType, path: AttributePath): Place | undefined {
  const core = [...COMMON, ...schema.attributes];
  if (path.schema === undefined) return inSchema(core, path);
  const urn = fold(path.schema);
  if (urn === fold(schema.id)) return inSchema(core, path);
  const extension = extensions.find(({ id }) => fold(id) === urn);
  if (extension) return inSchema(extension.attributes, path, extension);
  // The URN of an extension reads as a name behind another URN.
  const whole = fold(`${path.schema}:${path.name}${path.sub === undefined ? "" : `.${path.sub}`}`);
  const meant = extensions.find(({ id }) => fold(id) === whole);
  return meant && { extension: meant };
}

/** The values at an attribute or a part: of a list all of them, of what is unassigned none. */
export function valuesAt(resource: unknown, { extension, attribute, sub }: Place): readonly Value[] {
  const within = extension === undefined ? resource : own(resource, extension.id);
  const value = attribute === undefined ? within : own(within, attribute.name);
  const values = Array.isArray(value) ? value : [value];
  return (sub === undefined ? values : values.map((one) => own(one, sub.name))).filter((one) => one !== undefined);
}

function own(value: unknown, name: string): Value | undefined {
  return isValues(value) && Object.hasOwn(value, name) ? (value[name] as Value) : undefined;
}
