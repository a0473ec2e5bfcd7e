import { parsePrefix } from "@cadastre/net/prefix";
import type { ItemOf } from "@cadastre/store/entity";
import { put } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { PrefixLengthItem } from "./items.ts";
import type { PrefixSource } from "./keys.ts";

type PrefixLength = ItemOf<typeof PrefixLengthItem>;

/** The prefix lengths in use of a family, by whose word. */
export type PrefixLengths = (family: 4 | 6, source: PrefixSource) => readonly number[];

const toItem = (text: string, source: PrefixSource): PrefixLength => {
  const { family, length } = parsePrefix(text);
  if (source === "observed") return { family, length };
  return { family, length, ...(source === "planned" ? { isPlanned: true } : { isSighting: true }) };
};

const sourceOf = ({ isSighting, isPlanned }: PrefixLength): PrefixSource =>
  isSighting ? "reported" : isPlanned ? "planned" : "observed";

/** The write that has what contains an address be looked for at the length of a planned prefix; repeated, it is the same. For the prefix's own commit. */
export const plannedLengthWrite = (prefix: string): ReturnType<typeof put> =>
  put(PrefixLengthItem, toItem(prefix, "planned"));

export async function readPrefixLengths(context: Context): Promise<PrefixLengths> {
  const known = await context.table.query(PrefixLengthItem, { partition: "prefix-lengths" });
  return (family, source) =>
    known.items.filter((item) => item.family === family && sourceOf(item) === source).map((item) => item.length);
}

/**
 * Records the prefix lengths that prefixes bring into use. To be done before anything with them is committed: what contains an
 * address is looked for at the lengths that are known, so a subject with an unknown one would be found by nobody after a crash.
 * They are never removed. Reads half a unit for prefixes of any number, nothing for none.
 */
export async function notePrefixLengths(
  context: Context,
  prefixes: Iterable<string>,
  source: PrefixSource = "observed",
): Promise<void> {
  const lengths = new Map<string, PrefixLength>();
  for (const text of prefixes) {
    const item = toItem(text, source);
    lengths.set(`${item.family}/${item.length}`, item);
  }
  if (lengths.size === 0) return;
  const known = await readPrefixLengths(context);
  const unknown = [...lengths.values()].filter(({ family, length }) => !known(family, source).includes(length));
  await context.table.load(unknown.map((item) => put(PrefixLengthItem, item)));
}
