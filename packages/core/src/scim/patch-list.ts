import { ProblemError } from "@cadastre/contract/errors";
import { type Attribute, attributeNamed, isValues, type Value, type Values } from "./attribute.ts";
import type { Filter } from "./filter/filter.ts";
import { comparable } from "./filter/match.ts";
import { isPrimary, keyOf, readOne } from "./read-value.ts";

/** A new primary value takes that from the one before (RFC 7644 §3.5.2). */
function withPrimary(values: readonly Value[], primary: Value | undefined): readonly Value[] {
  if (primary === undefined) return values;
  return values.map((value) =>
    value !== primary && isPrimary(value) ? { ...(value as Values), primary: false } : value,
  );
}

/** An empty list is nothing. */
export const orNothing = (values: readonly Value[]): readonly Value[] | undefined =>
  values.length === 0 ? undefined : values;

/** Whether a value has all that another says of it. */
function has(attribute: Attribute, value: Value, wanted: Value): boolean {
  if (!isValues(wanted) || !isValues(value)) return value === wanted;
  return Object.entries(wanted).every(([name, part]) => {
    const sub = attributeNamed(attribute.subAttributes, name);
    return sub !== undefined && comparable(sub, value[name] as Value) === comparable(sub, part as Value);
  });
}

/** What names a value: its own `value` where it has one, so that who removes it need not repeat the rest. */
function meant(value: Value): Value {
  return isValues(value) && value.value !== undefined ? { value: value.value as Value } : value;
}

/** A list after values were added to it, put in its place, or removed from it. A value that is there is not added again, but takes what is new of it. */
export function changeList(
  attribute: Attribute,
  op: "add" | "replace" | "remove",
  present: readonly Value[],
  given: readonly Value[],
): readonly Value[] | undefined {
  if (op === "replace") return orNothing(given);
  if (op === "remove")
    return orNothing(present.filter((value) => !given.some((one) => has(attribute, value, meant(one)))));
  const all = new Map(present.map((value) => [keyOf(attribute, value), value]));
  for (const value of given) {
    const key = keyOf(attribute, value);
    const known = all.get(key);
    all.set(
      key,
      isValues(known) && attribute.name !== "members"
        ? { ...(known as Values), ...(value as Values) }
        : (known ?? value),
    );
  }
  const primary = given.find(isPrimary);
  return orNothing(withPrimary([...all.values()], primary && all.get(keyOf(attribute, primary))));
}

/** What is done to the values that are meant: removed, given a part, or made another value (with or without what they had). */
type To =
  | "remove"
  | { readonly sub: Attribute; readonly value: Value | undefined }
  | { readonly value: Values; readonly isMerged: boolean };

function changed(value: Values, to: Exclude<To, "remove">): Values | undefined {
  if (!("sub" in to)) return to.isMerged ? { ...value, ...to.value } : to.value;
  const { [to.sub.name]: _, ...rest } = value;
  const all = to.value === undefined ? rest : { ...rest, [to.sub.name]: to.value };
  return Object.keys(all).length === 0 ? undefined : all;
}

/** Of a member nothing can be changed: it is there or not. */
function requireMutable(attribute: Attribute, before: Values, after: Values | undefined): void {
  for (const { name, mutability } of attribute.subAttributes ?? []) {
    if (mutability === "immutable" && before[name] !== undefined && before[name] !== after?.[name]) {
      throw new ProblemError(
        "scim.mutability",
        `${attribute.name}.${name} cannot be changed, only the whole value removed`,
      );
    }
  }
}

/** A list after those of its values that are meant were changed. */
export function changeValues(
  attribute: Attribute,
  present: readonly Values[],
  isMeant: (value: unknown) => boolean,
  to: To,
): readonly Value[] | undefined {
  let primary: Value | undefined;
  const values = new Map<string, Value>();
  for (const value of present) {
    if (!isMeant(value)) {
      values.set(keyOf(attribute, value), value);
      continue;
    }
    if (to === "remove") continue;
    const after = changed(value, to);
    requireMutable(attribute, value, after);
    if (after === undefined) continue;
    if (isPrimary(after) && !isPrimary(value)) primary = after;
    values.set(keyOf(attribute, after), after);
  }
  return orNothing(withPrimary([...values.values()], primary));
}

/** What a filter says that a value has: `type eq "work"` is a value of that type. Throws `scim.no_target` when it says anything else. */
export function typedValue(filter: Filter, attribute: Attribute): Values {
  if (filter.kind === "and") {
    return Object.assign({}, ...filter.filters.map((one) => typedValue(one, attribute)));
  }
  const part = filter.kind === "compare" ? attributeNamed(attribute.subAttributes, filter.path.name) : undefined;
  if (filter.kind === "compare" && filter.operator === "eq" && part !== undefined) {
    const value = readOne(part, filter.value, part.name);
    if (value !== undefined) return { [part.name]: value };
  }
  throw new ProblemError(
    "scim.no_target",
    `no value of ${attribute.name} is so, and the filter does not say what to make`,
  );
}
