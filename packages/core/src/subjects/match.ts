import { parseAddress } from "@cadastre/net/address";
import { contains, hostPrefix, type Prefix, parsePrefix } from "@cadastre/net/prefix";
import type { Filters } from "./filters.ts";
import { globMatches } from "./glob.ts";
import { wholeWord } from "./words.ts";

/** Whether each of the wanted words begins one of a subject's. */
export function wordsMatch(words: readonly string[], wanted: readonly string[]): boolean {
  return wanted.flatMap(wholeWord).every((one) => words.some((word) => word.startsWith(one)));
}

export function tagsMatch(tags: Readonly<Record<string, string>>, filters: Filters): boolean {
  return filters.tags.every((tag) => {
    const value = Object.hasOwn(tags, tag.key) ? tags[tag.key] : undefined;
    return value !== undefined && (tag.value === undefined || value === tag.value);
  });
}

export function nameMatches(name: string, { name: wanted }: Filters): boolean {
  return wanted === undefined || globMatches(wanted, name);
}

export function ownerMatches(owner: string, { owner: wanted }: Filters): boolean {
  return wanted === undefined || owner.toLowerCase() === wanted.toLowerCase();
}

/** Whether a subject with these prefixes has the address that is asked for, and one inside the prefix that is asked for. */
export function prefixesMatch(texts: readonly string[], filters: Filters): boolean {
  if (filters.ip === undefined && filters.cidr === undefined) return true;
  const prefixes = texts.map((text) => parsePrefix(text));
  const ip = filters.ip === undefined ? undefined : hostPrefix(parseAddress(filters.ip));
  const cidr = filters.cidr === undefined ? undefined : parsePrefix(filters.cidr, { allowAddress: true });
  const any = (test: (prefix: Prefix) => boolean) => prefixes.some(test);
  return (!ip || any((prefix) => contains(prefix, ip))) && (!cidr || any((prefix) => contains(cidr, prefix)));
}
