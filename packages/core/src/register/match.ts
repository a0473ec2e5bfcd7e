import { parseAddress } from "@cadastre/net/address";
import { contains, hostPrefix, type Prefix, parsePrefix } from "@cadastre/net/prefix";
import { accountsOf, facetsOfItem, wholeWord, wordsOf } from "./entries.ts";
import type { Filters } from "./filters.ts";
import type { IndexItem, ResourceItem } from "./items.ts";

/** A name with `*` in it, as a test on lower-case text. Linear in the text: no regular expression is built. */
export function globMatches(glob: string, text: string): boolean {
  const [first = "", ...rest] = glob.toLowerCase().split("*");
  const lower = text.toLowerCase();
  if (rest.length === 0) return lower === first;
  if (!lower.startsWith(first)) return false;
  const last = rest.pop() as string;
  let at = first.length;
  for (const part of rest) {
    const found = lower.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return lower.length - last.length >= at && lower.endsWith(last);
}

function prefixesMatch(resource: ResourceItem, filters: Filters): boolean {
  if (filters.ip === undefined && filters.cidr === undefined) return true;
  const prefixes = facetsOfItem(resource).prefixes.map((text) => parsePrefix(text));
  const ip = filters.ip === undefined ? undefined : hostPrefix(parseAddress(filters.ip));
  const cidr = filters.cidr === undefined ? undefined : parsePrefix(filters.cidr, { allowAddress: true });
  const any = (test: (prefix: Prefix) => boolean) => prefixes.some(test);
  return (!ip || any((prefix) => contains(prefix, ip))) && (!cidr || any((prefix) => contains(cidr, prefix)));
}

/** What an index entry alone can tell; the resource is then read only for those that pass. */
export function entryMayMatch(entry: IndexItem, filters: Filters): boolean {
  return (
    (filters.kind === undefined || entry.kind === filters.kind) &&
    (filters.region === undefined || entry.region === filters.region)
  );
}

/** Whether a resource is what is looked for. The index only proposes: this decides, so a stale entry is never shown. */
export function matches(resource: ResourceItem, filters: Filters, owner = ""): boolean {
  const status = filters.status ?? "active";
  const facets = facetsOfItem(resource);
  if (status !== "any" && resource.status !== status) return false;
  if (filters.kind !== undefined && resource.kind !== filters.kind) return false;
  if (filters.provider !== undefined && resource.provider !== filters.provider) return false;
  if (filters.account !== undefined && !accountsOf(resource).includes(filters.account)) return false;
  if (filters.region !== undefined && resource.region !== filters.region) return false;
  if (
    filters.network !== undefined &&
    facets.network !== filters.network &&
    !facets.network?.endsWith(`/${filters.network}`)
  )
    return false;
  if (filters.name !== undefined && !globMatches(filters.name, resource.name)) return false;
  if (filters.owner !== undefined && owner.toLowerCase() !== filters.owner.toLowerCase()) return false;
  if (
    filters.expiresBefore !== undefined &&
    !(facets.expiresAt && Date.parse(facets.expiresAt) < Date.parse(filters.expiresBefore))
  )
    return false;
  for (const tag of filters.tags) {
    const value = Object.hasOwn(resource.tags, tag.key) ? resource.tags[tag.key] : undefined;
    if (value === undefined || (tag.value !== undefined && value !== tag.value)) return false;
  }
  if (filters.words.length > 0) {
    const words = [
      ...wordsOf(resource.name),
      ...[...facets.words, ...Object.values(resource.tags), resource.id].flatMap(wholeWord),
    ];
    for (const wanted of filters.words.flatMap(wholeWord)) {
      if (!words.some((word) => word.startsWith(wanted))) return false;
    }
  }
  return prefixesMatch(resource, filters);
}
