import { fromAccountName } from "@cadastre/contract/account";
import { shortId } from "@cadastre/contract/kinds/kind";
import { KIND_NAMES } from "@cadastre/contract/kinds/names";
import { PROVIDERS } from "@cadastre/contract/scope";
import { parseAddress } from "@cadastre/net/address";
import { prefixKey, withinRange } from "@cadastre/net/key";
import { parsePrefix, prefixOf } from "@cadastre/net/prefix";
import type { SortRange } from "@cadastre/store/table";
import type { Restriction } from "../restriction.ts";
import { ownerSort, partitions, tagSort, wholeWord } from "./entries.ts";
import type { Filters } from "./filters.ts";

/** One range of the index that proposes resources. */
export interface IndexRange {
  readonly partition: string;
  readonly sort?: SortRange;
}

type Status = "active" | "retired";

/** Greater than anything that can follow a key's own text in a sort key. */
const END = "\u{10ffff}";

/** Beginning of a name up to its first `*`, when that is long enough for the word index. */
function nameStart(name: string | undefined): string | undefined {
  const [start] = wholeWord((name ?? "").split("*")[0] ?? "");
  return start !== undefined && [...start].length >= 2 ? start : undefined;
}

/** What of a searched word is in the index: of a natural id, its last component. */
function indexedWord(word: string): string[] {
  return wholeWord(word.includes("/") ? shortId(word) : word);
}

/** The accounts that the filters or the restriction name; undefined when neither does. */
function accountsAsked(filters: Filters, restriction: Restriction | undefined) {
  const { account, provider } = filters;
  if (account !== undefined) return (provider ? [provider] : PROVIDERS).map((one) => ({ provider: one, account }));
  return restriction?.accounts.map(fromAccountName).filter((one) => !provider || one.provider === provider);
}

function rangesFor(
  filters: Filters,
  status: Status,
  lengths: (family: 4 | 6) => readonly number[],
  restriction: Restriction | undefined,
): IndexRange[] {
  if (filters.ip !== undefined) {
    const address = parseAddress(filters.ip);
    const partition = partitions.prefix(status, address.family);
    return lengths(address.family)
      .toSorted((a, b) => b - a)
      .map((length) => ({ partition, sort: { beginsWith: `${prefixKey(prefixOf(address, length))}#` } }));
  }
  if (filters.cidr !== undefined) {
    const prefix = parsePrefix(filters.cidr, { allowAddress: true });
    const { from, to } = withinRange(prefix);
    return [{ partition: partitions.prefix(status, prefix.family), sort: { from, to: `${to}${END}` } }];
  }
  const word = nameStart(filters.name) ?? filters.words.flatMap(indexedWord).find((one) => [...one].length >= 2);
  if (word !== undefined && word.length >= 3)
    return [{ partition: partitions.word(status, word), sort: { beginsWith: word } }];
  const valued = filters.tags.find((tag) => tag.value !== undefined);
  if (valued)
    return [{ partition: partitions.tag(status, valued.key), sort: { beginsWith: tagSort(valued.value as string) } }];
  if (filters.expiresBefore !== undefined)
    return [{ partition: partitions.expiry(status), sort: { before: filters.expiresBefore } }];
  if (filters.network?.includes("/")) return [{ partition: partitions.network(status, filters.network) }];
  if (filters.owner !== undefined)
    return [{ partition: partitions.owner(), sort: { beginsWith: ownerSort(filters.owner) } }];
  const [tag] = filters.tags;
  if (tag) return [{ partition: partitions.tag(status, tag.key) }];
  if (word !== undefined) return [{ partition: partitions.word(status, word), sort: { beginsWith: word } }];
  const accounts = accountsAsked(filters, restriction);
  if (accounts) {
    const begins =
      filters.region === undefined
        ? ""
        : filters.kind === undefined
          ? `${filters.region}/`
          : `${filters.region}/${filters.kind}/`;
    return accounts.map(({ provider, account }) => ({
      partition: partitions.account(status, provider, account),
      ...(begins ? { sort: { beginsWith: begins } } : {}),
    }));
  }
  if (filters.region !== undefined) {
    return [
      {
        partition: partitions.region(status, filters.region),
        ...(filters.kind ? { sort: { beginsWith: `${filters.kind}/` } } : {}),
      },
    ];
  }
  const begins = filters.provider ? { sort: { beginsWith: `${filters.provider}/` } } : {};
  return (filters.kind ? [filters.kind] : KIND_NAMES).map((kind) => ({
    partition: partitions.kind(status, kind),
    ...begins,
  }));
}

/**
 * The ranges of the index that hold everything the filters can find, by the most selective thing that is asked for. Ranges are
 * gone through in order; what they propose is checked against the resource itself.
 */
export function planSearch(
  filters: Filters,
  lengths: (family: 4 | 6) => readonly number[],
  restriction?: Restriction,
): IndexRange[] {
  const status = filters.status ?? "active";
  return (status === "any" ? (["active", "retired"] as const) : [status]).flatMap((one) =>
    rangesFor(filters, one, lengths, restriction),
  );
}
