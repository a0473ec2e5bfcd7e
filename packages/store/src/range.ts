import { compareUtf8 } from "./limits.ts";
import type { SortRange } from "./table.ts";

/** A sort range in the shapes that one DynamoDB key condition can say. Where both ends are given they are inclusive. */
export type KeyRange =
  | { readonly kind: "all" }
  | { readonly kind: "prefix"; readonly prefix: string }
  | { readonly kind: "compare"; readonly operator: ">" | ">=" | "<" | "<="; readonly value: string }
  | { readonly kind: "between"; readonly from: string; readonly to: string };

export interface PlannedRange {
  readonly range: KeyRange;
  /** Ends that the key condition could not leave out. */
  readonly except: readonly string[];
}

/** Turns a sort range into a key condition; `undefined` where no sort key can lie in it (then there is nothing to read). */
export function planRange(sort: SortRange | undefined): PlannedRange | undefined {
  if (sort === undefined) return { range: { kind: "all" }, except: [] };
  const bounds: { beginsWith?: string; from?: string; to?: string; after?: string; before?: string } = sort;
  if (bounds.beginsWith !== undefined) {
    const prefix = bounds.beginsWith;
    return { range: prefix === "" ? { kind: "all" } : { kind: "prefix", prefix }, except: [] };
  }
  // No sort key is empty: an empty lower end excludes nothing, an empty upper end everything.
  const low = (bounds.after ?? bounds.from) || undefined;
  const high = bounds.before ?? bounds.to;
  if (high === "") return undefined;
  const lowOpen = low !== undefined && bounds.after !== undefined;
  const highOpen = high !== undefined && bounds.before !== undefined;
  if (low === undefined && high === undefined) return { range: { kind: "all" }, except: [] };
  if (high === undefined) {
    return { range: { kind: "compare", operator: lowOpen ? ">" : ">=", value: low as string }, except: [] };
  }
  if (low === undefined)
    return { range: { kind: "compare", operator: highOpen ? "<" : "<=", value: high }, except: [] };
  const order = compareUtf8(low, high);
  if (order > 0 || (order === 0 && (lowOpen || highOpen))) return undefined;
  return {
    range: { kind: "between", from: low, to: high },
    except: [...(lowOpen ? [low] : []), ...(highOpen ? [high] : [])],
  };
}

/** Whether a sort key lies in a range. */
export function inRange(sortKey: string, { range, except }: PlannedRange): boolean {
  if (except.includes(sortKey)) return false;
  switch (range.kind) {
    case "all":
      return true;
    case "prefix":
      return sortKey.startsWith(range.prefix);
    case "between":
      return compareUtf8(sortKey, range.from) >= 0 && compareUtf8(sortKey, range.to) <= 0;
    case "compare": {
      const order = compareUtf8(sortKey, range.value);
      if (order === 0) return range.operator.endsWith("=");
      return range.operator.startsWith(">") ? order > 0 : order < 0;
    }
  }
}

/** The lowest text above all texts with this prefix, or `undefined` when there is none. */
export function afterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) as number);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue;
    const next = last + 1 === 0xd800 ? 0xe000 : last + 1;
    return String.fromCodePoint(...points, next);
  }
  return undefined;
}
