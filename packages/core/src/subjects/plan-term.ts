import { hash } from "node:crypto";
import type { Interval } from "@cadastre/net/interval";
import { prefixKey } from "@cadastre/net/key";
import { firstAddress, hostPrefix, parsePrefix, prefixOf } from "@cadastre/net/prefix";
import { type AskedAddress, bitsOf, stretchOf } from "./asked-address.ts";
import type { TimeSpan } from "./asked-time.ts";
import { type PrefixSource, partitions, SOURCE_MARKS, type Standing, tagBeginning } from "./keys.ts";
import { beginningOf, isOpen, type Pattern } from "./pattern.ts";
import type { PrefixLengths } from "./prefix-lengths.ts";
import type { Term } from "./query.ts";
import type { IndexRange } from "./subject.ts";
import { cut, isIdBeginning, isInner, MOST_WORD, spelledPrefix } from "./words.ts";

/** Greater than anything that can follow a key's own text in a sort key. */
export const END = "\u{10ffff}";

/** Ranges with about how many entries they have, to choose between: only the order of the numbers counts. */
export interface Indexed {
  readonly cost: number;
  readonly ranges: readonly IndexRange[];
}

/** By how much a beginning of two characters, and each further one, narrows. */
const WORD_COSTS = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 5000, 500, 200, 100];
const wordCost = (word: string) => WORD_COSTS[Math.min([...word].length, WORD_COSTS.length - 1)] as number;

/** Texts of any length as a part of a rank, which goes into cursors. */
const short = (text: string) => hash("sha256", text).slice(0, 12);

const FINGERPRINT = "sha256:";

/** What is confirmed and what is planned, and behind it what is only reported of others. What is retired was never planned. */
const sourcesOf = (standing: Standing): readonly PrefixSource[] =>
  standing === "active" ? ["observed", "planned", "reported"] : ["observed", "reported"];

function insideRanges(
  standing: Standing,
  { family, first, last }: Interval,
  sources: readonly PrefixSource[],
): IndexRange[] {
  // A shorter prefix may begin at the same address; that it does not lie inside is seen when it is compared.
  const from = prefixKey({ family, network: first, length: 0 });
  const to = prefixKey({ family, network: last, length: bitsOf({ family }) });
  return sources.map((source) => ({
    partition: partitions.prefix(standing, family, source),
    sort: { from, to: `${to}${END}` },
    rank: `b${SOURCE_MARKS[source]}${from}${short(to)}`,
  }));
}

function addressRanges(standing: Standing, asked: AskedAddress, lengths: PrefixLengths): Indexed {
  if ("inside" in asked) {
    const { family, first, last } = asked.inside;
    const isPlanned = lengths(family, "planned").length > 0;
    // The wider the stretch, the more of the estate is in it.
    return {
      cost: Math.max(1, (last - first + 1n).toString(2).length * 40),
      ranges: insideRanges(
        standing,
        asked.inside,
        sourcesOf(standing).filter((source) => source !== "planned" || isPlanned),
      ),
    };
  }
  const around = "has" in asked ? hostPrefix(asked.has) : asked.around;
  const { family } = around;
  const ranges = sourcesOf(standing).flatMap((source) =>
    lengths(family, source)
      .filter((length) => length <= around.length)
      .map((length): IndexRange => {
        const key = prefixKey(prefixOf(firstAddress(around), length));
        // The longest prefix first: what is closest to the address. What is planned stands beside what is there.
        const place = `${String(128 - length).padStart(3, "0")}${key}`;
        const rank = source === "reported" ? `as${place}` : `a${place}${SOURCE_MARKS[source]}`;
        const partition = partitions.prefix(standing, family, source);
        return { partition, sort: { beginsWith: `${key}#` }, rank, isPoint: true };
      }),
  );
  return { cost: 2, ranges };
}

function wordRanges(standing: Standing, word: string): IndexRange[] {
  const spelled = spelledPrefix(word);
  const beginsWith = cut(word, MOST_WORD);
  return [
    { partition: partitions.word(standing, beginsWith), sort: { beginsWith }, rank: `c${short(beginsWith)}` },
    ...(spelled === undefined ? [] : insideRanges(standing, stretchOf(parsePrefix(spelled)), ["observed", "reported"])),
  ];
}

/** What in the index begins as the text of a pattern does; undefined for less than two characters, and for what is not in it. */
function indexedWord(standing: Standing, pattern: Pattern, options: { isName?: boolean } = {}): Indexed | undefined {
  const word = beginningOf(pattern);
  // What is in the index has no blanks at its ends.
  const whole = word.trim();
  const isAnywhere = options.isName !== true && !isOpen(pattern) && isInner(word);
  if (isAnywhere || isIdBeginning(whole) || wordCost(whole) === Number.POSITIVE_INFINITY) return undefined;
  return { cost: wordCost(whole), ranges: wordRanges(standing, whole) };
}

function tagRange(standing: Standing, key: Pattern, value: Pattern): Indexed | undefined {
  if (isOpen(value)) return indexedWord(standing, value, { isName: true });
  const beginsWith = isOpen(key) ? undefined : tagBeginning(key.pieces[0], value.pieces[0]);
  if (beginsWith === undefined) return undefined;
  const partition = partitions.word(standing, beginsWith);
  return { cost: 300, ranges: [{ partition, sort: { beginsWith }, rank: `d${short(beginsWith)}` }] };
}

function ownerRange(pattern: Pattern): Indexed | undefined {
  const owner = cut(beginningOf(pattern).trim(), MOST_WORD);
  if ([...owner].length < 2) return undefined;
  const beginsWith = isOpen(pattern) ? owner : `${owner}#`;
  return {
    cost: 350,
    ranges: [{ partition: partitions.owner(owner), sort: { beginsWith }, rank: `e${short(beginsWith)}` }],
  };
}

const EARLIEST = Date.UTC(1, 0);
const LATEST = Date.UTC(9999, 11, 31);
const toIso = (time: number) => new Date(Math.min(LATEST, Math.max(EARLIEST, time))).toISOString();

/** What ends in a stretch of time, in the order of the ends. */
export function endRange(
  standing: Standing,
  { from, before }: TimeSpan,
  { place = 0, reverse = false }: { place?: number; reverse?: boolean } = {},
): IndexRange {
  return {
    partition: partitions.end(standing),
    sort: { from: toIso(from ?? EARLIEST), to: before === undefined ? END : toIso(before) },
    // Its place in the text and not its times: those that are relative to now are others on the next page.
    rank: `f${String(place).padStart(4, "0")}`,
    ...(reverse ? { reverse } : {}),
  };
}

/** All of them together; undefined when the index has nothing of one of them. */
function union(parts: readonly (Indexed | undefined)[]): Indexed | undefined {
  const known = parts.filter((part) => part !== undefined);
  if (known.length < parts.length) return undefined;
  return {
    cost: known.reduce((sum, { cost }) => sum + cost, 0),
    ranges: known.flatMap(({ ranges }) => ranges),
  };
}

/** The ranges of the index that hold all that can match a term; undefined where only lists do. Pure. */
export function indexedTerm(term: Term, standing: Standing, lengths: PrefixLengths): Indexed | undefined {
  switch (term.field) {
    case "address":
      return union(term.any.map((asked) => addressRanges(standing, asked, lengths)));
    case "words":
      return union(term.any.map((pattern) => indexedWord(standing, pattern)));
    case "name":
      return union(term.any.map((pattern) => indexedWord(standing, pattern, { isName: true })));
    case "id":
      // What has a slash is more than the last component, which is all of an id that the index has.
      if (term.any.some(({ pieces }) => pieces[0].includes("/"))) return undefined;
      return union(term.any.map((pattern) => indexedWord(standing, pattern, { isName: true })));
    case "idBeginning": {
      const digits = term.beginning.startsWith(FINGERPRINT) ? term.beginning.slice(FINGERPRINT.length) : "";
      return [...digits].length < 2 ? undefined : { cost: wordCost(digits), ranges: wordRanges(standing, digits) };
    }
    case "tag":
      return term.any && union(term.any.map((value) => tagRange(standing, term.key, value)));
    case "owner":
      return union(term.any.map(ownerRange));
    case "expires":
      return { cost: 1500, ranges: [endRange(standing, term.span, { place: term.at?.from ?? 0 })] };
    default:
      return undefined;
  }
}
