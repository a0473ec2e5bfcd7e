import { unorderedJson } from "@cadastre/contract/digest";
import type { ResourceEvent } from "@cadastre/contract/view";

type Changes = ResourceEvent["changes"];

/** A label may be called `constructor`: what every object has by itself is no member. */
const own = (record: Record<string, unknown>, name: string) => (Object.hasOwn(record, name) ? record[name] : undefined);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** Every changed member of a resource with thousands of them would not fit in an item of 400 KB; its members whole do. */
const MOST_BYTES = 300_000;

/** What differs between two contents of a resource, in detail, or by its members when that would be too long. */
export function contentChanges(before: Record<string, unknown>, after: Record<string, unknown>): Changes {
  const changes = changesBetween(before, after);
  if (Buffer.byteLength(JSON.stringify(changes)) <= MOST_BYTES) return changes;
  const members = new Set(changes.map(({ path }) => path.split(".")[0] as string));
  return [...members].map((path) => ({ path, before: before[path], after: after[path] }));
}

/**
 * What differs between two values, as paths with the value before and after. Objects are gone into; lists are sets, so one is
 * named whole, and only when its elements differ.
 */
export function changesBetween(before: unknown, after: unknown, path = ""): Changes {
  if (before === after) return [];
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) =>
      changesBetween(own(before, name), own(after, name), path ? `${path}.${name}` : name),
    );
  }
  if (before !== undefined && after !== undefined && unorderedJson(before) === unorderedJson(after)) return [];
  return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}
