import { canonicalName } from "../directory/canonical-name.ts";
import { DirectoryNameItem, UserItem } from "../directory/items.ts";
import type { ResourceType } from "./attribute.ts";
import type { AttributePath, Filter } from "./filter/filter.ts";
import { digestOf, type Indexed, indexPartition, ScimIndexItem } from "./items.ts";
import { placeOf } from "./place.ts";
import type { Service } from "./service.ts";

/** A way to find resources without looking at all: those that have a value. */
export interface Lookup {
  readonly by: "id" | "name" | "members" | Indexed;
  readonly value: string;
}

/** What an attribute is found by. */
function keyOf(type: ResourceType, path: AttributePath): Lookup["by"] | undefined {
  const { extension, attribute, sub } = placeOf(type, path) ?? {};
  if (extension || !attribute) return undefined;
  const { name } = attribute;
  const isValue = sub === undefined || sub.name === "value";
  if (name === "id" || name === "externalId") return name;
  if (name === (type.id === "User" ? "userName" : "displayName")) return "name";
  return isValue && ((type.id === "User" && name === "emails") || (type.id === "Group" && name === "members"))
    ? name
    : undefined;
}

/**
 * How all resources that a filter can match are found: by one of the comparisons that must hold, or of alternatives by each. Undefined when
 * only looking at all of them tells. What is found is matched by the whole filter afterwards.
 */
export function lookupsOf(type: ResourceType, filter: Filter): readonly Lookup[] | undefined {
  switch (filter.kind) {
    case "compare": {
      const by = keyOf(type, filter.path);
      const isFound = by !== undefined && filter.operator === "eq" && typeof filter.value === "string";
      return isFound ? [{ by, value: filter.value as string }] : undefined;
    }
    case "and":
      return filter.filters.map((one) => lookupsOf(type, one)).find((found) => found !== undefined);
    case "or": {
      const all = filter.filters.map((one) => lookupsOf(type, one));
      return all.includes(undefined) ? undefined : all.flatMap((found) => found ?? []);
    }
    case "some":
      return lookupsOf(type, within(filter.path, filter.filter));
    default:
      return undefined;
  }
}

/** A filter on the values of a list as one on the resource, which matches all that the first does. */
function within(path: AttributePath, filter: Filter): Filter {
  switch (filter.kind) {
    case "and":
    case "or":
      return { kind: filter.kind, filters: filter.filters.map((one) => within(path, one)) };
    case "compare":
      return { ...filter, path: { ...path, sub: filter.path.name } };
    default:
      return filter;
  }
}

/** At most `most` ids of what has the value: more would be of no use. Of ids whatever is given; whether it is there is seen when it is read. */
export async function idsBy(
  service: Service,
  type: ResourceType,
  { by, value }: Lookup,
  most: number,
): Promise<readonly string[]> {
  const { context, source } = service;
  const { table } = context;
  if (by === "id") return [value];
  if (by === "name") {
    const key = { type: type.id === "User" ? "user" : "group", name: canonicalName(value) } as const;
    const held = await table.get(DirectoryNameItem, key, { consistent: true });
    return held ? [held.id] : [];
  }
  if (by === "members") return (await table.get(UserItem, { id: value }, { consistent: true }))?.groups ?? [];
  const partition = indexPartition({ source, type: type.id, attribute: by, digest: digestOf(value) });
  const page = await table.query(ScimIndexItem, { partition, limit: most, consistent: true });
  return page.items.map(({ id }) => id);
}
