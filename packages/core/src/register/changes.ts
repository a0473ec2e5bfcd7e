import { unorderedJson } from "@cadastre/contract/digest";
import type { ResourceEvent } from "@cadastre/contract/view";

type Changes = ResourceEvent["changes"];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/**
 * What differs between two values, as paths with the value before and after. Objects are gone into; lists are sets, so one is
 * named whole, and only when its elements differ.
 */
export function changesBetween(before: unknown, after: unknown, path = ""): Changes {
  if (before === after) return [];
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) => changesBetween(before[name], after[name], path ? `${path}.${name}` : name));
  }
  if (before !== undefined && after !== undefined && unorderedJson(before) === unorderedJson(after)) return [];
  return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}
