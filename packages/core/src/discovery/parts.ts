import { COMMIT_LIMIT, type Write } from "@cadastre/store/table";

/** What the items of one commit may have, of the 4 MB that a transaction takes: JSON is a measure that is never too small. */
const PART_BYTES = 3_000_000;

function bytesOf(write: Write): number {
  return "item" in write ? Buffer.byteLength(JSON.stringify(write.item)) : 0;
}

/**
 * Groups of writes in commits that fit, in their order, those of a group together. `room` is how many writes a commit may
 * have. One part when all of them fit; a group is never larger than a commit.
 */
export function inParts(groups: readonly (readonly Write[])[], room = COMMIT_LIMIT): Write[][] {
  const parts: Write[][] = [];
  let left = 0;
  for (const group of groups) {
    const bytes = group.reduce((sum, write) => sum + bytesOf(write), 0);
    const part = parts.at(-1);
    if (!part || bytes > left || part.length + group.length > room) {
      parts.push([...group]);
      left = PART_BYTES - bytes;
    } else {
      part.push(...group);
      left -= bytes;
    }
  }
  return parts;
}
