import { idHash } from "@cadastre/contract/digest";
import { shortId } from "@cadastre/contract/kinds/kind";
import { facetsOf } from "@cadastre/contract/resource";
import { prefixKey } from "@cadastre/net/key";
import { parsePrefix } from "@cadastre/net/prefix";
import { put, remove, type Write } from "@cadastre/store/table";
import { accountOfClaim, IndexItem, type ResourceItem } from "./items.ts";

/** Most words of one resource that free text finds. */
const MOST_WORDS = 40;
const MOST_WORD = 128;
/** Of at most four bytes each, so that value and id hash fit in a sort key of 1,024 bytes. */
const MOST_VALUE = 240;

type Status = ResourceItem["status"];

/** Partitions of the index, apart for active and retired resources so that the past never slows down the present. */
export const partitions = {
  kind: (status: Status, kind: string) => `ix#${status}#kind#${kind}`,
  account: (status: Status, provider: string, account: string) => `ix#${status}#account#${provider}/${account}`,
  region: (status: Status, region: string) => `ix#${status}#region#${region}`,
  network: (status: Status, network: string) => `ix#${status}#network#${idHash("network", network)}`,
  tag: (status: Status, key: string) => `ix#${status}#tag#${key}`,
  word: (status: Status, word: string) => `ix#${status}#word#${[...word].slice(0, 2).join("")}`,
  prefix: (status: Status, family: 4 | 6) => `ix#${status}#ip${family}`,
  expiry: (status: Status) => `ix#${status}#expiry`,
  /** Said, not observed, so it does not follow a resource's status. */
  owner: () => "ix#owner",
};

const cut = (text: string, most: number) => [...text].slice(0, most).join("");

/** A tag's value as it stands in a sort key. */
export function tagSort(value: string): string {
  return `${cut(value, MOST_VALUE)}#`;
}

/** A text as one lower-case word; nothing for an empty one. */
export function wholeWord(text: string): string[] {
  const whole = text.normalize("NFC").toLowerCase().trim();
  return whole === "" ? [] : [cut(whole, MOST_WORD)];
}

/** A name as a whole, and its runs of letters and digits. */
export function wordsOf(name: string): string[] {
  const [whole] = wholeWord(name);
  return whole === undefined ? [] : [whole, ...(whole.match(/[\p{L}\p{N}]{2,}/gu) ?? [])];
}

/**
 * The words that need an entry of their own: what is found by the beginning of a longer word, in the same partition, is found
 * already (`web` by that of `web-12`).
 */
function entryWords(words: readonly string[]): string[] {
  const sorted = [...new Set(words)].sort();
  const covered = new Set(
    sorted.filter((word, at) => [...word].length >= 2 && sorted[at + 1]?.startsWith(word) === true),
  );
  return [...new Set(words)].filter((word) => !covered.has(word)).slice(0, MOST_WORDS);
}

type Indexed = Pick<
  ResourceItem,
  "idHash" | "id" | "kind" | "provider" | "account" | "region" | "name" | "tags" | "attributes" | "status" | "claims"
>;

export function facetsOfItem(resource: Pick<ResourceItem, "kind" | "id" | "attributes">) {
  return facetsOf(resource.kind, resource);
}

/** The account that owns a resource, and those that see it: a shared subnet or a certificate is found under each. */
export function accountsOf({ account, claims }: Pick<ResourceItem, "account" | "claims">): string[] {
  return [...new Set([account, ...claims.map(accountOfClaim)])];
}

/** Everything a resource is found by. Pure: what is written and what is removed are differences of two of these lists. */
export function indexEntries(resource: Indexed): IndexItem[] {
  const { idHash: hash, kind, account, region, status, provider } = resource;
  const facets = facetsOfItem(resource);
  const place = cut(shortId(resource.id), MOST_WORD);
  const entries = new Map<string, IndexItem>();
  const add = (p: string, s: string) => {
    entries.set(`${p}\n${s}`, { p, s, idHash: hash, kind, account, region });
  };
  add(partitions.kind(status, kind), `${provider}/${account}/${region}/${place}#${hash}`);
  for (const one of accountsOf(resource)) {
    add(partitions.account(status, provider, one), `${region}/${kind}/${place}#${hash}`);
  }
  add(partitions.region(status, region), `${kind}/${provider}/${account}/${place}#${hash}`);
  if (facets.network) add(partitions.network(status, facets.network), `${kind}/${place}#${hash}`);
  for (const [key, value] of Object.entries(resource.tags))
    add(partitions.tag(status, key), `${tagSort(value)}${hash}`);
  const words = [...wordsOf(resource.name), ...[...facets.words, ...Object.values(resource.tags)].flatMap(wholeWord)];
  for (const word of entryWords(words)) add(partitions.word(status, word), `${word}#${hash}`);
  for (const text of facets.prefixes) {
    const prefix = parsePrefix(text);
    add(partitions.prefix(status, prefix.family), `${prefixKey(prefix)}#${hash}`);
  }
  if (facets.expiresAt) add(partitions.expiry(status), `${new Date(facets.expiresAt).toISOString()}#${hash}`);
  return [...entries.values()];
}

/** An owner as it stands in a sort key. */
export function ownerSort(owner: string): string {
  return `${cut(owner.toLowerCase(), MOST_VALUE)}#`;
}

/** The index entry of a resource's owner, as it comes and goes with what is said. */
export function ownerDifference(resource: Pick<ResourceItem, "idHash" | "kind" | "account" | "region">) {
  const { idHash: hash, kind, account, region } = resource;
  const entry = (owner: string): IndexItem[] =>
    owner === ""
      ? []
      : [{ p: partitions.owner(), s: `${ownerSort(owner)}${hash}`, idHash: hash, kind, account, region }];
  return (before: { owner: string }, after: { owner: string }): Write[] => {
    if (ownerSort(before.owner) === ownerSort(after.owner)) return [];
    const [removed, added] = [entry(before.owner), entry(after.owner)];
    return [...removed.map((one) => remove(IndexItem, one)), ...added.map((one) => put(IndexItem, one))];
  };
}

/** What to add and what to remove so that the index follows a change. */
export function indexDifference(
  before: Indexed | undefined,
  after: Indexed,
): { added: IndexItem[]; removed: IndexItem[] } {
  const key = (entry: IndexItem) => `${entry.p}\n${entry.s}`;
  const old = new Map((before ? indexEntries(before) : []).map((entry) => [key(entry), entry]));
  const added: IndexItem[] = [];
  for (const entry of indexEntries(after)) {
    if (!old.delete(key(entry))) added.push(entry);
  }
  return { added, removed: [...old.values()] };
}
