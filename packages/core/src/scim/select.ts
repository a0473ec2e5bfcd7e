import { type Attribute, isValues, type ResourceType, type Values } from "./attribute.ts";
import { toAttributePath } from "./filter/parse.ts";
import { type Place, placeOf } from "./place.ts";
import { COMMON } from "./schemas.ts";

/** Which attributes an answer has (RFC 7644 §3.9): all by default, only some, or all but some. */
export interface Selection {
  readonly attributes?: readonly string[];
  readonly excludedAttributes?: readonly string[];
}

/** Where the names lead; a name that leads nowhere selects nothing. A filter behind a name counts for nothing. */
function placesOf(type: ResourceType, names: readonly string[]): readonly Place[] {
  return names.flatMap((name) => {
    const path = toAttributePath(name.trim().replace(/\[.*\]/s, ""));
    const place = path && placeOf(type, path);
    return place ? [place] : [];
  });
}

/** Whether a selection asks for an attribute of the core schema, or for a part of it. */
export function isSelected(type: ResourceType, { attributes, excludedAttributes }: Selection, name: string): boolean {
  const isIt = ({ attribute, extension }: Place) => extension === undefined && attribute?.name === name;
  if (attributes !== undefined) return placesOf(type, attributes).some(isIt);
  return !placesOf(type, excludedAttributes ?? []).some((place) => isIt(place) && place.sub === undefined);
}

type Keep = (place: Place) => boolean;

function keepParts(value: unknown, attribute: Attribute, place: Place, keep: Keep): unknown {
  if (attribute.subAttributes === undefined) return keep(place) ? value : undefined;
  if (Array.isArray(value)) {
    const kept = value.map((one) => keepParts(one, attribute, place, keep)).filter((one) => one !== undefined);
    return kept.length === 0 ? undefined : kept;
  }
  if (!isValues(value)) return undefined;
  const parts = attribute.subAttributes.filter((sub) => value[sub.name] !== undefined && keep({ ...place, sub }));
  if (parts.length === 0) return undefined;
  return Object.fromEntries(parts.map(({ name }) => [name, value[name]]));
}

function keepAttributes(
  resource: unknown,
  attributes: readonly Attribute[],
  extension: Place["extension"],
  keep: Keep,
): { [name: string]: unknown } {
  const kept: { [name: string]: unknown } = {};
  for (const attribute of attributes) {
    const value = isValues(resource) ? resource[attribute.name] : undefined;
    const place = { ...(extension === undefined ? {} : { extension }), attribute };
    if (value === undefined || attribute.returned === "never") continue;
    const shown = attribute.returned === "always" ? value : keepParts(value, attribute, place, keep);
    if (shown !== undefined) kept[attribute.name] = shown;
  }
  return kept;
}

/** Whether one place is in another: an attribute in itself, a part in its attribute, both in their extension. */
function isWithin(inner: Place, outer: Place): boolean {
  if (inner.extension?.id !== outer.extension?.id) return false;
  if (outer.attribute === undefined) return true;
  if (inner.attribute?.name !== outer.attribute.name) return false;
  return outer.sub === undefined || inner.sub?.name === outer.sub.name;
}

function toKeep(type: ResourceType, { attributes, excludedAttributes }: Selection): Keep {
  if (attributes !== undefined) {
    const wanted = placesOf(type, attributes);
    return (place) => wanted.some((one) => isWithin(place, one));
  }
  const left = placesOf(type, excludedAttributes ?? []);
  return (place) => !left.some((one) => isWithin(place, one));
}

/** A resource with what is selected of it. What is always shown stays, what is never shown goes, and what no schema has is not there. */
export function select(type: ResourceType, resource: Values, selection: Selection): { [name: string]: unknown } {
  const keep = toKeep(type, selection);
  const shown = keepAttributes(resource, [...COMMON, ...type.schema.attributes], undefined, keep);
  for (const extension of type.extensions) {
    const kept = keepAttributes(resource[extension.id], extension.attributes, extension, keep);
    if (Object.keys(kept).length > 0) shown[extension.id] = kept;
  }
  return shown;
}

/** The names of a list that is separated by commas, as the parameter of a URL has it; an empty one is none. */
export function toNames(text: string | undefined): readonly string[] | undefined {
  const names = text
    ?.split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return names === undefined || names.length === 0 ? undefined : names;
}
