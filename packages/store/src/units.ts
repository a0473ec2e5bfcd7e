// DynamoDB's published rules ("Read consistency", "Capacity unit consumption"): 4 KB a read unit, 1 KB a write unit.

/** Read units of so many bytes read together; nothing found costs one minimum. Half for eventually consistent reads. */
export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / 4096)) * (consistent ? 1 : 0.5);
}

/** Write units of one item, the larger of its sizes before and after counting. */
export function writeUnits(before: number, after: number): number {
  return Math.max(1, Math.ceil(Math.max(before, after) / 1024));
}
