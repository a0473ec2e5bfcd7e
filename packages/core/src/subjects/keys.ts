import { prefixKey } from "@cadastre/net/key";
import { parsePrefix } from "@cadastre/net/prefix";
import type { IndexEntry } from "./items.ts";
import { cut, fold, spelledAddress, wholeWord } from "./words.ts";

/** What an index entry is about. `hint` is what entries alone are told apart by: the kind of a resource. */
export interface SubjectRef {
  readonly type: string;
  readonly hint: string;
  readonly key: string;
}

/** The present and the past are apart, so that what was never slows down what is. */
export type Standing = "active" | "retired";

/**
 * By whose word something has a prefix, which stand apart: whoever looks an address up is not shown another's claim on it first, and what is
 * planned in thousands of address spaces does not slow down what is there.
 */
export type PrefixSource = "observed" | "planned" | "reported";

/** How a source stands in keys and ranks. */
export const SOURCE_MARKS: Readonly<Record<PrefixSource, string>> = { observed: "", planned: "p", reported: "s" };

const MOST_TAG_KEY = 64;
/** Between a tag's value and its key: smaller than what stands in a word, so that a value comes before its longer neighbours. */
const OF_TAG = "\u0001";

const begin = (standing: Standing) => (standing === "active" ? "i#a" : "i#r");
const firstTwo = (word: string) => cut(word.slice(0, 4), 2);
const isOneCharacter = (word: string) => word.length <= 2 && [...word].length < 2;

/** Partitions of the index. */
export const partitions = {
  list: (standing: Standing, list: string) => `${begin(standing)}#l#${list}`,
  word: (standing: Standing, word: string) => `${begin(standing)}#w#${firstTwo(word)}`,
  prefix: (standing: Standing, family: 4 | 6, source: PrefixSource = "observed") =>
    `${begin(standing)}#${SOURCE_MARKS[source]}${family}`,
  end: (standing: Standing) => `${begin(standing)}#e`,
  relation: (standing: Standing, target: string) => `${begin(standing)}#r#${target}`,
  /** What is gone, by when it went: what ends its being kept. */
  gone: () => "i#r#t",
  /** What people say stands whether its subject is active or retired. */
  owner: (word: string) => `i#o#${firstTwo(word)}`,
};

/** Beginning of the sort key of what has a tag with this value; the value's first characters alone are free text. */
export function tagBeginning(key: string, value: string): string | undefined {
  const [word] = wholeWord(value);
  return word === undefined ? undefined : `${word}${OF_TAG}${tagKey(key)}#`;
}

const tagKey = (key: string) => cut(fold(key), MOST_TAG_KEY);

const endOf = (subject: SubjectRef) => `#${subject.type}/${subject.hint}/${subject.key}`;

/** How a subject is found by its owner: written with what people say of it, apart from what is observed. */
export function ownerEntries(subject: SubjectRef, owner: string): IndexEntry[] {
  return wholeWord(owner).map((word) => ({ p: partitions.owner(word), s: word + endOf(subject) }));
}

/** Writes the entries of one subject. */
export function createEntries(standing: Standing, subject: SubjectRef) {
  const entries = new Map<string, IndexEntry>();
  const end = endOf(subject);
  const add = (p: string, s: string) => entries.set(`${p}\n${s}`, { p, s: s + end });
  return {
    /** Its place in a list: what the list is asked for by comes first. */
    listed: (list: string, place: string) => add(partitions.list(standing, list), place),
    related: (target: string, relation: string) => add(partitions.relation(standing, target), relation),
    within: (prefixes: readonly string[], source: PrefixSource = "observed") => {
      for (const text of prefixes) {
        const prefix = parsePrefix(text);
        add(partitions.prefix(standing, prefix.family, source), prefixKey(prefix));
      }
    },
    ends: (at: string) => add(partitions.end(standing), new Date(at).toISOString()),
    gone: (at: string) => add(partitions.gone(), at),
    /**
     * Words and tags share partitions, and what is found by the beginning of a longer one needs no entry of its own: `web`
     * stands in `web-12`, a name in the Name tag that repeats it, a host name in the address that it spells.
     */
    named: (of: {
      readonly words: readonly string[];
      readonly tags: Readonly<Record<string, string>>;
      readonly prefixes: readonly string[];
    }) => {
      const tags = Object.entries(of.tags).flatMap(([key, value]) => tagBeginning(key, value)?.slice(0, -1) ?? []);
      const words = of.words.filter((word) => {
        const address = spelledAddress(word);
        return address === undefined || !of.prefixes.includes(`${address}/32`);
      });
      const sorts = [...new Set([...tags, ...words])].sort();
      const needed = new Set(tags);
      for (const [at, sort] of sorts.entries()) {
        if (isOneCharacter(sort) || sorts[at + 1]?.startsWith(sort) !== true) needed.add(sort);
      }
      for (const sort of needed) add(partitions.word(standing, sort), sort);
    },
    all: (): IndexEntry[] => [...entries.values()],
  };
}

/** The subject at the end of an entry's sort key. */
export function subjectOf({ s }: IndexEntry): SubjectRef {
  const [type = "", hint = "", ...key] = s.slice(s.lastIndexOf("#") + 1).split("/");
  return { type, hint, key: key.join("/") };
}
