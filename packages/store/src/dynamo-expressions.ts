import type { PageRequest } from "./driver.ts";
import { fromMemberNames, toMemberNames } from "./member-names.ts";
import type { Add, Condition } from "./plan.ts";
import type { Row } from "./row.ts";
import { fieldName, fieldOfName } from "./size.ts";

/** Attributes or expression values as plain values, before they are put into DynamoDB's form. */
export type Plain = Record<string, unknown>;

/** An expression with its names and values. */
export interface Expression {
  readonly text: string;
  readonly names: Record<string, string>;
  readonly values: Plain;
}

/** The stored attributes of a row: pk, sk, type, version, expires, and the item's fields. */
export function toAttributes(row: Row): Plain {
  const attributes: Plain = { pk: row.pk, sk: row.sk, type: row.type, version: row.version };
  if (row.expires !== undefined) attributes.expires = row.expires;
  for (const field in row.fields) attributes[fieldName(field)] = toMemberNames(row.fields[field]);
  return attributes;
}

/** The reverse of `toAttributes`. */
export function fromAttributes(attributes: Plain): Row {
  const { pk, sk, type, version, expires, ...rest } = attributes;
  const fields: Plain = {};
  for (const name in rest) fields[fieldOfName(name)] = fromMemberNames(rest[name]);
  return {
    pk: String(pk),
    sk: String(sk),
    type: String(type),
    version: Number(version),
    expires: expires === undefined ? undefined : Number(expires),
    fields,
  };
}

const LIVE = "(attribute_not_exists(#expires) OR #expires > :now)";

/** The condition of a write; `now` as epoch seconds. */
export function toCondition(condition: Condition, now: number): Expression | undefined {
  const names = { "#pk": "pk", "#expires": "expires" };
  const values = { ":now": now };
  switch (condition) {
    case "any":
      return undefined;
    case "free":
      return { text: "attribute_not_exists(#pk) OR #expires <= :now", names, values };
    case "present":
      return { text: `attribute_exists(#pk) AND ${LIVE}`, names, values };
    default:
      return {
        text: `#version = :version AND ${LIVE}`,
        names: { "#version": "version", "#expires": "expires" },
        values: { ":version": condition.version, ...values },
      };
  }
}

/** Adds to one field; makes the item where there is none, by setting what is not there. */
export function toUpdate({ row, field, by }: Add): Expression {
  const sets = ["#version = :version", "#type = if_not_exists(#type, :type)"];
  const names: Record<string, string> = { "#version": "version", "#type": "type", "#field": fieldName(field) };
  const values: Plain = { ":version": row.version, ":type": row.type, ":by": by };
  Object.entries(row.fields).forEach(([name, value], place) => {
    if (name === field || value === undefined) return;
    sets.push(`#${place} = if_not_exists(#${place}, :${place})`);
    names[`#${place}`] = fieldName(name);
    values[`:${place}`] = toMemberNames(value);
  });
  return { text: `SET ${sets.join(", ")} ADD #field :by`, names, values };
}

/** The key condition of a read of one partition. */
export function toKeyCondition({ partition, range }: PageRequest): Expression {
  const names: Record<string, string> = { "#pk": "pk" };
  const values: Plain = { ":pk": partition };
  if (range.kind === "all") return { text: "#pk = :pk", names, values };
  names["#sk"] = "sk";
  switch (range.kind) {
    case "prefix":
      values[":prefix"] = range.prefix;
      return { text: "#pk = :pk AND begins_with(#sk, :prefix)", names, values };
    case "compare":
      values[":bound"] = range.value;
      return { text: `#pk = :pk AND #sk ${range.operator} :bound`, names, values };
    case "between":
      values[":from"] = range.from;
      values[":to"] = range.to;
      return { text: "#pk = :pk AND #sk BETWEEN :from AND :to", names, values };
  }
}
