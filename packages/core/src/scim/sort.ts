import { ProblemError } from "@cadastre/contract/errors";
import { isValues, type ResourceType, type Value, type Values } from "./attribute.ts";
import { comparable } from "./filter/match.ts";
import { toAttributePath } from "./filter/parse.ts";
import { shown } from "./filter/tokens.ts";
import { type Place, placeOf, valuesAt } from "./place.ts";
import { isPrimary } from "./read-value.ts";

/** RFC 7644 §3.4.2.3. */
export interface Sorting {
  readonly by: string;
  readonly order: "ascending" | "descending";
}

/** Of a list its primary value counts, or else its first. */
function keyAt(resource: Values, place: Place): string | number | boolean | undefined {
  const { attribute, sub } = place;
  const leaf = sub ?? attribute;
  if (!leaf || !attribute) return undefined;
  const { sub: _, ...attributePlace } = place;
  const whole = valuesAt(resource, attributePlace);
  const first = whole.find(isPrimary) ?? whole[0];
  const value = sub === undefined ? first : isValues(first) ? first[sub.name] : undefined;
  return value === undefined ? undefined : comparable(leaf, value as Value);
}

/** What resources are sorted by. Throws `scim.invalid_path` for what is no attribute, or a complex one without the part. */
export function sortPlace(types: readonly ResourceType[], by: string): (type: ResourceType) => Place | undefined {
  const path = toAttributePath(by);
  const places = new Map(types.map((type) => [type.id, path && withValue(placeOf(type, path))]));
  if ([...places.values()].every((place) => place === undefined)) {
    throw new ProblemError("scim.invalid_path", `sortBy: there is no attribute ${shown(by)} to sort by`);
  }
  return ({ id }) => places.get(id);
}

/** Of a complex attribute its `value` counts. */
function withValue(place: Place | undefined): Place | undefined {
  const { attribute, sub } = place ?? {};
  if (!place || !attribute || attribute.returned === "never") return undefined;
  if (attribute.type !== "complex" || sub) return place;
  const value = attribute.subAttributes?.find(({ name }) => name === "value");
  return value && { ...place, sub: value };
}

/** Resources in order; those without a value come last, in descending order first (RFC 7644 §3.4.2.3). Equal ones stay as they are. */
export function sorted<Of extends { readonly type: ResourceType; readonly resource: Values }>(
  found: readonly Of[],
  place: (type: ResourceType) => Place | undefined,
  order: Sorting["order"],
): readonly Of[] {
  const keyed = found.map((one) => {
    const at = place(one.type);
    return { one, key: at && keyAt(one.resource, at) };
  });
  const sign = order === "descending" ? -1 : 1;
  return keyed.toSorted((left, right) => sign * compare(left.key, right.key)).map(({ one }) => one);
}

type Key = string | number | boolean | undefined;

function compare(left: Key, right: Key): number {
  if (left === right) return 0;
  if (left === undefined || right === undefined) return left === undefined ? 1 : -1;
  return left < right ? -1 : 1;
}
