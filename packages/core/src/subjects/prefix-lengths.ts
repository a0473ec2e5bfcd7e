import { parsePrefix } from "@cadastre/net/prefix";
import type { ItemOf } from "@cadastre/store/entity";
import { put } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { PrefixLengthItem } from "./items.ts";

/** Whether sightings are meant, which stand apart in the index, or all else. */
interface Whose {
  readonly isSighting: boolean;
}

/** The prefix lengths in use of a family. */
export type PrefixLengths = (family: 4 | 6, whose: Whose) => readonly number[];

export async function readPrefixLengths(context: Context): Promise<PrefixLengths> {
  const known = await context.table.query(PrefixLengthItem, { partition: "prefix-lengths" });
  return (family, { isSighting }) =>
    known.items
      .filter((item) => item.family === family && (item.isSighting === true) === isSighting)
      .map((item) => item.length);
}

/**
 * Records the prefix lengths that prefixes bring into use. To be done before anything with them is committed: what contains an
 * address is looked for at the lengths that are known, so a subject with an unknown one would be found by nobody after a crash.
 * They are never removed. Reads half a unit for prefixes of any number, nothing for none.
 */
export async function notePrefixLengths(
  context: Context,
  prefixes: Iterable<string>,
  { isSighting }: Whose = { isSighting: false },
): Promise<void> {
  const lengths = new Map<string, ItemOf<typeof PrefixLengthItem>>();
  for (const text of prefixes) {
    const { family, length } = parsePrefix(text);
    lengths.set(`${family}/${length}`, { family, length, ...(isSighting ? { isSighting } : {}) });
  }
  if (lengths.size === 0) return;
  const known = await readPrefixLengths(context);
  const unknown = [...lengths.values()].filter(({ family, length }) => !known(family, { isSighting }).includes(length));
  await context.table.load(unknown.map((item) => put(PrefixLengthItem, item)));
}
