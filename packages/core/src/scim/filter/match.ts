import { ProblemError } from "@cadastre/contract/errors";
import { type Attribute, attributeNamed, fold, type ResourceType, type Value } from "../attribute.ts";
import { type Place, placeOf, valuesAt } from "../place.ts";
import type { AttributePath, Filter, Literal, Operator } from "./filter.ts";
import { printPath } from "./print.ts";

type Test = (resource: unknown) => boolean;
type Find = (path: AttributePath) => Place | undefined;

const refuse = (detail: string): never => {
  throw new ProblemError("scim.invalid_filter", detail);
};

const NEVER: Test = () => false;

const ORDERS: Readonly<Record<"gt" | "ge" | "lt" | "le", (order: number) => boolean>> = {
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
};

function orderOf<T extends string | number>(left: T, right: T): number {
  return left < right ? -1 : Number(left > right);
}

/** A value in the form in which it is compared, or undefined when it is not of the attribute's type. */
export function comparable(
  { type, caseExact }: Attribute,
  value: Literal | Value,
): string | number | boolean | undefined {
  switch (type) {
    case "boolean":
      if (typeof value === "boolean") return value;
      return typeof value === "string" && /^(true|false)$/i.test(value) ? fold(value) === "true" : undefined;
    case "integer":
      return typeof value === "number" ? value : undefined;
    case "dateTime": {
      const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
      return Number.isNaN(time) ? undefined : time;
    }
    default:
      if (typeof value !== "string") return undefined;
      return caseExact ? value : fold(value);
  }
}

/** How one value of an attribute is compared. Refuses operators and values that its type has no meaning for. */
function toComparison(
  attribute: Attribute,
  operator: Operator,
  literal: Literal,
  name: string,
): (value: Value) => boolean {
  const { type } = attribute;
  const wanted = comparable(attribute, literal);
  if (wanted === undefined) return refuse(`${name} is of the type ${type}, and ${JSON.stringify(literal)} is not`);
  if (operator === "eq" || operator === "ne") return (value) => comparable(attribute, value) === wanted;
  if (operator === "gt" || operator === "ge" || operator === "lt" || operator === "le") {
    if (typeof wanted === "boolean" || type === "binary")
      return refuse(`${name} is of the type ${type}, which has no order`);
    const holds = ORDERS[operator];
    return (value) => {
      const given = comparable(attribute, value);
      if (typeof given === "number" && typeof wanted === "number") return holds(orderOf(given, wanted));
      return typeof given === "string" && typeof wanted === "string" && holds(orderOf(given, wanted));
    };
  }
  if (typeof wanted !== "string") return refuse(`${name} is of the type ${type}, which has no parts to look for`);
  const text = (value: Value) => {
    const given = comparable(attribute, value);
    return typeof given === "string" ? given : "";
  };
  if (operator === "co") return (value) => text(value).includes(wanted);
  return operator === "sw" ? (value) => text(value).startsWith(wanted) : (value) => text(value).endsWith(wanted);
}

/** Of a complex attribute, its part that stands for it: `emails co "x"` is about `emails.value`. */
function comparedPlace(place: Place, name: string): Place {
  const { attribute, sub } = place;
  if (attribute?.type !== "complex" || sub !== undefined) return place;
  const value = attributeNamed(attribute.subAttributes, "value");
  return value ? { ...place, sub: value } : refuse(`${name} is complex: compare one of its parts`);
}

function toTest(filter: Filter, find: Find): Test {
  switch (filter.kind) {
    case "and":
    case "or": {
      const tests = filter.filters.map((one) => toTest(one, find));
      return filter.kind === "and"
        ? (resource) => tests.every((test) => test(resource))
        : (resource) => tests.some((test) => test(resource));
    }
    case "not": {
      const test = toTest(filter.filter, find);
      return (resource) => !test(resource);
    }
    case "some":
      return toSome(filter, find);
    default:
      return toSimple(filter, find);
  }
}

function toSome({ path, filter }: Extract<Filter, { kind: "some" }>, find: Find): Test {
  const place = find(path);
  if (!place) return NEVER;
  const parts = place.attribute?.subAttributes;
  if (parts === undefined || place.sub !== undefined) return refuse(`${printPath(path)} has no parts`);
  const test = toTest(filter, withinParts(parts, printPath(path)));
  return (resource) => valuesAt(resource, place).some(test);
}

/** How paths within brackets are read: each is the name of a part. */
function withinParts(parts: readonly Attribute[], name: string): Find {
  return (path) => {
    const attribute =
      path.sub === undefined && path.schema === undefined ? attributeNamed(parts, path.name) : undefined;
    return attribute ? { attribute } : refuse(`${name} has no ${printPath(path)}`);
  };
}

function toSimple(filter: Extract<Filter, { kind: "present" | "compare" }>, find: Find): Test {
  const name = printPath(filter.path);
  const found = find(filter.path);
  if (!found) return filter.kind === "compare" && isAbsence(filter) ? () => true : NEVER;
  if ((found.sub ?? found.attribute)?.returned === "never") return refuse(`${name} cannot be asked for`);
  if (filter.kind === "present") return (resource) => valuesAt(resource, found).length > 0;
  if (filter.value === null) {
    if (filter.operator !== "eq" && filter.operator !== "ne") return refuse(`null has no order and no parts`);
    const isWanted = filter.operator === "ne";
    return (resource) => valuesAt(resource, found).length > 0 === isWanted;
  }
  const place = comparedPlace(found, name);
  const attribute = place.sub ?? place.attribute;
  if (!attribute) return refuse(`${name} is a whole schema: compare one of its attributes`);
  const holds = toComparison(attribute, filter.operator, filter.value, name);
  if (filter.operator !== "ne") return (resource) => valuesAt(resource, place).some(holds);
  return (resource) => {
    const values = valuesAt(resource, place);
    return values.length === 0 || values.some((value) => !holds(value));
  };
}

/** What an attribute that a resource cannot have fulfils. */
const isAbsence = ({ operator, value }: { operator: Operator; value: Literal }) =>
  operator === "ne" ? value !== null : operator === "eq" && value === null;

/**
 * The test of a filter on resources of a type. Of a list one value is enough; what is unassigned is equal to null alone.
 * `unknown` says what an attribute is that the type does not have: refused, or absent where several types are searched at once.
 * Throws `scim.invalid_filter` for an unknown attribute, a value or an operator that its type has no meaning for, and what is never shown.
 */
export function toMatcher(filter: Filter, type: ResourceType, unknown: "refused" | "absent" = "refused"): Test {
  return toTest(filter, (path) => {
    const place = placeOf(type, path);
    return place || unknown === "absent" ? place : refuse(`${type.id} has no ${printPath(path)}`);
  });
}

/** The test of a filter on the values of one list. Throws as `toMatcher`. */
export function toValueMatcher(filter: Filter, attribute: Attribute): Test {
  return toTest(filter, withinParts(attribute.subAttributes ?? [], attribute.name));
}
