import { COMMIT_LIMIT, type Write } from "@cadastre/store/table";

/** What the items of one commit may have, of the 4 MB that a transaction takes: JSON is a rough measure of them. */
const PART_BYTES = 2_500_000;

function bytesOf(write: Write): number {
  return "item" in write ? Buffer.byteLength(JSON.stringify(write.item)) : 0;
}

/** Writes in commits that fit, in their order; one part when all of them do. */
export function inParts(writes: readonly Write[]): Write[][] {
  const parts: Write[][] = [];
  let room = 0;
  for (const write of writes) {
    const bytes = bytesOf(write);
    const last = parts.at(-1);
    if (!last || bytes > room || last.length === COMMIT_LIMIT) {
      parts.push([write]);
      room = PART_BYTES - bytes;
    } else {
      last.push(write);
      room -= bytes;
    }
  }
  return parts;
}
