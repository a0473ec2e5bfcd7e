import type { Planned, Refused } from "./plan.ts";

// DynamoDB's published rules ("Read consistency", "Capacity unit consumption"): 4 KB a read unit, 1 KB a write unit.

/** Read units of so many bytes read together; nothing found costs one minimum. Half for eventually consistent reads. */
export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / 4096)) * (consistent ? 1 : 0.5);
}

/** Write units of one item, the larger of its sizes before and after counting. */
export function writeUnits(before: number, after: number): number {
  return Math.max(1, Math.ceil(Math.max(before, after) / 1024));
}

/**
 * Write units of a refused commit: conditions that fail cost what the write would have cost, in a transaction for every
 * write of it. What stands at the keys is known only where a condition failed.
 */
export function refusedUnits(planned: readonly Planned[], refused: readonly Refused[], transaction: boolean): number {
  const old = new Map(refused.map((r) => [r.index, r.oldSize]));
  let units = 0;
  planned.forEach((p, index) => {
    units += writeUnits(old.get(index) ?? 0, "row" in p ? p.row.size : 0);
  });
  return transaction ? units * 2 : units;
}
