import type { Planned, Refused } from "./plan.ts";
import type { IndexEntry } from "./row.ts";

// DynamoDB's published rules ("Read consistency", "Capacity unit consumption"): 4 KB a read unit, 1 KB a write unit.

/** Read units of so many bytes read together; nothing found costs one minimum. Half for eventually consistent reads. */
export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / 4096)) * (consistent ? 1 : 0.5);
}

/** Write units of one item, the larger of its sizes before and after counting. */
export function writeUnits(before: number, after: number): number {
  return Math.max(1, Math.ceil(Math.max(before, after) / 1024));
}

/** An item before or after a write, as far as its cost is concerned. */
export interface Costed {
  readonly size: number;
  readonly version: number;
  readonly entries: readonly IndexEntry[];
}

/**
 * Write units that the indexes cost: an entry put or deleted by its size, an entry that moves both, an entry that stays the
 * larger size once, and nothing when the item did not change. Every index holds whole items.
 */
export function indexUnits(before: Costed | undefined, after: Costed | undefined): number {
  if (before === undefined && after === undefined) return 0;
  if (before?.entries.length === 0 && after?.entries.length === 0) return 0;
  let units = 0;
  const old = new Map(before?.entries.map((entry) => [entry.index, entry]));
  for (const entry of after?.entries ?? []) {
    const was = old.get(entry.index);
    old.delete(entry.index);
    const size = after?.size ?? 0;
    if (was === undefined) units += writeUnits(0, size);
    else if (was.pk !== entry.pk || was.sk !== entry.sk)
      units += writeUnits(0, before?.size ?? 0) + writeUnits(0, size);
    else if (before?.version !== after?.version) units += writeUnits(before?.size ?? 0, size);
  }
  return units + old.size * writeUnits(before?.size ?? 0, 0);
}

/**
 * Write units of a refused commit: conditions that fail cost what the write would have cost, in a transaction for every
 * write of it. What stands at the keys is known only where a condition failed.
 */
export function refusedUnits(
  planned: readonly Planned[],
  refused: readonly Omit<Refused, "reason">[],
  transaction: boolean,
): number {
  const old = new Map(refused.map((r) => [r.index, r.old?.size ?? 0]));
  let units = 0;
  for (const p of planned) units += writeUnits(old.get(p.index) ?? 0, p.act === "put" ? p.row.size : 0);
  return transaction ? units * 2 : units;
}
