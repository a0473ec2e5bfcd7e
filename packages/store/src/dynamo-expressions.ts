import type { PageRequest } from "./driver.ts";
import type { Condition, Update } from "./plan.ts";
import type { IndexEntry, Row } from "./row.ts";
import { fieldName, fieldOfName } from "./size.ts";

/** Attributes or expression values as plain values, before they are put into DynamoDB's form. */
export type Plain = Record<string, unknown>;

/** An expression with its names and values. */
export interface Expression {
  readonly text: string;
  readonly names: Record<string, string>;
  readonly values: Plain;
}

/** The stored attributes of a row: pk, sk, type, version, expires, `<index>pk` and `<index>sk`, and the item's fields. */
export function toAttributes(row: Row): Plain {
  const attributes: Plain = { pk: row.pk, sk: row.sk, type: row.type, version: row.version };
  if (row.expires !== undefined) attributes.expires = row.expires;
  for (const { index, pk, sk } of row.entries) {
    attributes[`${index}pk`] = pk;
    attributes[`${index}sk`] = sk;
  }
  for (const field in row.fields) attributes[fieldName(field)] = row.fields[field];
  return attributes;
}

/** The reverse of `toAttributes`. */
export function fromAttributes(attributes: Plain): Row {
  const { pk, sk, type, version, expires, ...rest } = attributes;
  const fields: Plain = {};
  const entries: IndexEntry[] = [];
  for (const name in rest) {
    if (name.startsWith("_") || !(name.endsWith("pk") || name.endsWith("sk"))) fields[fieldOfName(name)] = rest[name];
    else if (name.endsWith("pk")) {
      const index = name.slice(0, -2);
      entries.push({ index, pk: String(rest[name]), sk: String(rest[`${index}sk`]) });
    }
  }
  return {
    pk: String(pk),
    sk: String(sk),
    type: String(type),
    version: Number(version),
    expires: expires === undefined ? undefined : Number(expires),
    entries,
    fields,
  };
}

const LIVE = "(attribute_not_exists(#expires) OR #expires > :now)";

/** The condition of a write; `now` as epoch seconds. */
export function toCondition(condition: Condition, now: number): Expression | undefined {
  const pk = { "#pk": "pk" };
  const expires = { "#expires": "expires" };
  switch (condition) {
    case "any":
      return undefined;
    case "free":
      return {
        text: "attribute_not_exists(#pk) OR #expires <= :now",
        names: { ...pk, ...expires },
        values: { ":now": now },
      };
    case "present":
      return { text: `attribute_exists(#pk) AND ${LIVE}`, names: { ...pk, ...expires }, values: { ":now": now } };
    case "unexpired":
      return { text: LIVE, names: expires, values: { ":now": now } };
    default:
      return {
        text: `#version = :version AND ${LIVE}`,
        names: { "#version": "version", ...expires },
        values: { ":version": condition.version, ":now": now },
      };
  }
}

/** The change of one field in place; from a seed it also makes the item where there is none. */
export function toUpdate({ change, field, version, seed }: Update): Expression {
  const sets = ["#newVersion = :newVersion"];
  const names: Record<string, string> = { "#newVersion": "version", "#field": fieldName(field) };
  const values: Plain = { ":newVersion": version };
  if ("add" in change) {
    sets.push("#field = if_not_exists(#field, :zero) + :add");
    values[":zero"] = 0;
    values[":add"] = change.add;
  } else {
    sets.push("#field = :set", "#until = :until");
    names["#until"] = "expires";
    values[":set"] = change.set;
    values[":until"] = change.expires;
  }
  if (seed !== undefined) {
    sets.push("#type = :type");
    names["#type"] = "type";
    values[":type"] = seed.type;
    const others = Object.entries(seed.fields).filter(([name]) => name !== field);
    others.forEach(([name, value], place) => {
      sets.push(`#seed${place} = :seed${place}`);
      names[`#seed${place}`] = fieldName(name);
      values[`:seed${place}`] = value;
    });
    if (seed.expires !== undefined) {
      sets.push("#until = if_not_exists(#until, :until)");
      names["#until"] = "expires";
      values[":until"] = seed.expires;
    }
  }
  return { text: `SET ${sets.join(", ")}`, names, values };
}

/** The key condition of a read of one partition. */
export function toKeyCondition({ partition, index, range }: PageRequest): Expression {
  const names: Record<string, string> = { "#pk": `${index ?? ""}pk` };
  const values: Plain = { ":pk": partition };
  if (range.kind === "all") return { text: "#pk = :pk", names, values };
  names["#sk"] = `${index ?? ""}sk`;
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
