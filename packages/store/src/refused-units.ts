import type { Planned, Refused } from "./plan.ts";
import { writeUnits } from "./units.ts";

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
