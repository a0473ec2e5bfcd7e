import { parseAddress } from "@cadastre/net/address";
import { prefixKey, withinRange } from "@cadastre/net/key";
import { type Prefix, parsePrefix, prefixOf } from "@cadastre/net/prefix";
import type { SortRange } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import type { Filters } from "./filters.ts";
import { partitions, type Standing, tagBeginning } from "./keys.ts";
import type { PrefixLengths } from "./prefix-lengths.ts";
import type { AnySubject, IndexRange } from "./subject.ts";
import { isIdBeginning, spelledPrefix, wholeWord } from "./words.ts";

/** Greater than anything that can follow a key's own text in a sort key. */
const END = "\u{10ffff}";

const FINGERPRINT = "sha256:";

type Range = Omit<IndexRange, "rank">;

/** Beginning of a name up to its first `*`. */
function nameStart(name: string | undefined): string[] {
  return wholeWord((name ?? "").split("*")[0] ?? "");
}

/** What of a searched word is in the index: not the beginning of a natural id, but the digits of a fingerprint. */
function indexedWord(word: string): string[] {
  const [whole] = wholeWord(word);
  if (whole?.startsWith(FINGERPRINT)) return [whole.slice(FINGERPRINT.length)];
  return whole === undefined || isIdBeginning(whole) ? [] : [whole];
}

/** The word that narrows a search the most, if there is one of two characters or more. */
function bestWord(filters: Filters): string | undefined {
  const words = [...nameStart(filters.name), ...filters.words.flatMap(indexedWord)];
  return words.filter((word) => [...word].length >= 2).sort((a, b) => b.length - a.length)[0];
}

/** What is confirmed first. */
const CONFIRMED_FIRST = [false, true] as const;

function insidePrefix(standing: Standing, prefix: Prefix): Range[] {
  const { from, to } = withinRange(prefix);
  return CONFIRMED_FIRST.map((isSighting) => ({
    partition: partitions.prefix(standing, prefix.family, isSighting),
    sort: { from, to: `${to}${END}` },
  }));
}

function wordRanges(standing: Standing, word: string): Range[] {
  const spelled = spelledPrefix(word);
  return [
    { partition: partitions.word(standing, word), sort: { beginsWith: word } },
    ...(spelled === undefined ? [] : insidePrefix(standing, parsePrefix(spelled))),
  ];
}

/** What the filters that all types have in common narrow the search to; undefined when none of them does. */
function narrowed(filters: Filters, standing: Standing, lengths: PrefixLengths): Range[] | undefined {
  if (filters.ip !== undefined) {
    const address = parseAddress(filters.ip);
    const { family } = address;
    return CONFIRMED_FIRST.flatMap((isSighting) =>
      lengths(family, { isSighting })
        .toSorted((a, b) => b - a)
        .map((length) => ({
          partition: partitions.prefix(standing, family, isSighting),
          sort: { beginsWith: `${prefixKey(prefixOf(address, length))}#` },
        })),
    );
  }
  if (filters.cidr !== undefined) {
    return insidePrefix(standing, parsePrefix(filters.cidr, { allowAddress: true }));
  }
  const word = bestWord(filters);
  if (word !== undefined && word.length >= 3) return wordRanges(standing, word);
  for (const { key, value } of filters.tags) {
    const beginning = value === undefined ? undefined : tagBeginning(key, value);
    if (beginning !== undefined) {
      return [{ partition: partitions.word(standing, beginning), sort: { beginsWith: beginning } }];
    }
  }
  const [owner] = wholeWord(filters.owner ?? "");
  if (owner !== undefined) return [{ partition: partitions.owner(owner), sort: { beginsWith: `${owner}#` } }];
  if (filters.expiresBefore !== undefined) {
    return [{ partition: partitions.end(standing), sort: { before: filters.expiresBefore } }];
  }
  if (word !== undefined && filters.network === undefined) return wordRanges(standing, word);
  return undefined;
}

const STANDINGS = { active: ["active"], retired: ["retired"], any: ["active", "retired"] } as const;

/**
 * The ranges of the index that hold everything the filters can find, by the most selective thing that is asked for. Ranges are
 * gone through in order; what they propose is checked against the subject itself.
 */
export async function planSearch(
  context: Context,
  subjects: readonly AnySubject[],
  filters: Filters,
  lengths: PrefixLengths,
): Promise<IndexRange[]> {
  const plans = await Promise.all(
    STANDINGS[filters.status ?? "active"].map(async (standing, at) => {
      const ranges = narrowed(filters, standing, lengths);
      if (ranges) return ranges.map((range, place) => ({ ...range, rank: `${at}#${String(place).padStart(3, "0")}` }));
      const lists = subjects.map(async (subject, place) => {
        const listed = await subject.list(context, filters, standing);
        return listed.map((range) => ({ ...range, rank: `${at}#${place}#${range.rank}` }));
      });
      return (await Promise.all(lists)).flat();
    }),
  );
  return inOrder(plans.flat());
}

/** The ranges of what stands in a relation to the thing that a word names. */
export async function planReferring(
  context: Context,
  subjects: readonly AnySubject[],
  filters: Filters,
  word: string,
): Promise<IndexRange[]> {
  const plans = STANDINGS[filters.status ?? "active"].flatMap((standing, at) =>
    subjects.map(async (subject, place) => {
      const ranges = (await subject.referring?.(context, word, standing)) ?? [];
      return ranges.map((range) => ({ ...range, rank: `${at}#${place}#${range.rank}` }));
    }),
  );
  return inOrder((await Promise.all(plans)).flat());
}

const inOrder = (ranges: readonly IndexRange[]): IndexRange[] =>
  ranges.toSorted((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0));

/** The part of a range after a sort key. */
export function boundsAfter(sort: SortRange | undefined, after: string): SortRange {
  if (!sort) return { after };
  if ("beginsWith" in sort) return { after, before: `${sort.beginsWith}${END}` };
  if ("to" in sort && sort.to !== undefined) return { after, before: `${sort.to}\u0000` };
  if ("before" in sort && sort.before !== undefined) return { after, before: sort.before };
  return { after };
}

/** Whether a range has an entry, as the table would answer it. */
export function isInRange(range: IndexRange, { p, s }: { readonly p: string; readonly s: string }): boolean {
  if (range.partition !== p) return false;
  const { sort } = range;
  if (!sort) return true;
  if ("beginsWith" in sort) return s.startsWith(sort.beginsWith);
  const bytes = (a: string, b: string | undefined) =>
    b === undefined ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
  const { from, to, after, before } = sort as { from?: string; to?: string; after?: string; before?: string };
  return (
    bytes(s, from) >= 0 &&
    (to === undefined || bytes(s, to) <= 0) &&
    (after === undefined || bytes(s, after) > 0) &&
    (before === undefined || bytes(s, before) < 0)
  );
}
