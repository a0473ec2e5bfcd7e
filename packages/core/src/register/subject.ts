import { fromAccountName } from "@cadastre/contract/account";
import type { KindName } from "@cadastre/contract/kinds/names";
import { KIND_NAMES } from "@cadastre/contract/kinds/names";
import { kindOfId } from "@cadastre/contract/resource";
import { PROVIDERS } from "@cadastre/contract/scope";
import type { Resource } from "@cadastre/contract/view";
import type { Context } from "../context.ts";
import { NONE_ENDED } from "../ledger/ended-sources.ts";
import { toSaid } from "../said/annotate.ts";
import { SaidItem } from "../said/items.ts";
import type { Filters } from "../subjects/filters.ts";
import { ownerEntries, partitions, type Standing } from "../subjects/keys.ts";
import { nameMatches, ownerMatches, prefixesMatch, tagsMatch, wordsMatch } from "../subjects/match.ts";
import { defineSubject, type IndexRange } from "../subjects/subject.ts";
import { isIdBeginning } from "../subjects/words.ts";
import { readCounts } from "./counts.ts";
import {
  accountsOf,
  facetsOfItem,
  INSIDE,
  indexedAs,
  placeHash,
  RESOURCE,
  resourceEntries,
  targetHash,
  wordsOfItem,
} from "./entries.ts";
import { isConfirmed, ResourceItem, resourceSubject } from "./items.ts";
import { isVisibleResource, keyOfId, readEndedOf, type StoredResource, toResources } from "./view.ts";

/** The networks that a resource is in; a network is in itself. */
function networksOf(resource: ResourceItem): string[] {
  const { network, relations } = facetsOfItem(resource);
  const named = relations.flatMap(({ type, to }) => (type === "in-network" ? [to] : []));
  return network === undefined ? named : [network, ...named];
}

/** A resource, with its owner and whether it is confirmed where that is asked for: neither is in its item, and read only then. */
export type FoundResource = StoredResource & { readonly owner?: string; readonly confirmed?: boolean };

/** Whether a resource is what is looked for. */
function resourceMatches(resource: FoundResource, filters: Filters): boolean {
  const { status = "active", network, expiresBefore } = filters;
  if (status !== "any" && resource.status !== status) return false;
  if (filters.kind !== undefined && resource.kind !== filters.kind) return false;
  if (filters.provider !== undefined && resource.provider !== filters.provider) return false;
  if (filters.account !== undefined && !accountsOf(resource).includes(filters.account)) return false;
  if (filters.region !== undefined && resource.region !== filters.region) return false;
  if (!nameMatches(resource.name, filters) || !ownerMatches(resource.owner ?? "", filters)) return false;
  if (!tagsMatch(resource.tags, filters)) return false;
  if (filters.confirmed !== undefined && resource.confirmed !== filters.confirmed) return false;
  const facets = facetsOfItem(resource);
  if (network !== undefined && !networksOf(resource).some((id) => id === network || id.endsWith(`/${network}`)))
    return false;
  if (expiresBefore !== undefined && !(facets.expiresAt && Date.parse(facets.expiresAt) < Date.parse(expiresBefore)))
    return false;
  return (
    idsMatch(resource, filters) && resourceWordsMatch(resource, filters) && prefixesMatch(facets.prefixes, filters)
  );
}

/**
 * A whole natural or short id means that resource, and where that is not what is asked for, those that stand in a relation to
 * it; the beginning of a natural id means all that go on from it.
 */
function idsMatch(resource: ResourceItem, { words }: Filters): boolean {
  const { id, idHash: hash } = resource;
  return words.filter(isId).every((word) => {
    const key = keyOfId(word);
    if (key === undefined) return id.toLowerCase().startsWith(word.toLowerCase());
    return key === hash || facetsOfItem(resource).relations.some(({ to }) => keyOfId(to) === key);
  });
}

function resourceWordsMatch(resource: ResourceItem, filters: Filters): boolean {
  const words = filters.words.filter((word) => !isId(word));
  return words.length === 0 || wordsMatch(wordsOfItem(resource, facetsOfItem(resource)), words);
}

const isId = (word: string) => isIdBeginning(word) || keyOfId(word) !== undefined;

const listOf = (standing: Standing, kind: KindName, beginning: string): IndexRange => ({
  partition: partitions.list(standing, kind),
  ...(beginning === "" ? {} : { sort: { beginsWith: beginning } }),
  rank: `${kind}#${beginning}`,
});

/** Kinds that are in networks. */
const NETWORKED: readonly KindName[] = ["network", "subnet", "instance", "interface", "address"];

/** Where everything is that is in a network: in the lists of the place that it belongs to, and in the relations to it. */
function networkRanges(standing: Standing, network: string, subnet?: string): IndexRange[] {
  const named = kindOfId(network);
  const within = subnet === undefined ? "" : `${placeHash("network", network)}/${placeHash("subnet", subnet)}/`;
  const relations = {
    partition: partitions.relation(standing, targetHash(network)),
    sort: { beginsWith: `${INSIDE}/${within}` },
    rank: "~",
  };
  if (named?.account === undefined) return [relations];
  const { provider, account, region } = named;
  // What is in a global network stands under its own region.
  const place = region === "global" ? "" : `${region}/${placeHash("network", network)}/`;
  const inside = subnet === undefined || place === "" ? place : `${place}${placeHash("subnet", subnet)}/`;
  return [...NETWORKED.map((kind) => listOf(standing, kind, `${provider}/${account}/${inside}`)), relations];
}

/** Where those stand in the index that name a resource by its natural id; the register need not have it. */
export function referringRanges(id: string, resource: ResourceItem | undefined, standing: Standing): IndexRange[] {
  const network = resource && facetsOfItem(resource).network;
  if (kindOfId(id)?.kind === "network") return networkRanges(standing, id);
  if (resource?.kind === "subnet" && network !== undefined) return networkRanges(standing, network, id);
  return [{ partition: partitions.relation(standing, targetHash(id)), rank: "" }];
}

/** The accounts that the filters name or the caller is limited to; undefined when neither limits it. */
function accountsAsked({ restriction }: Context, { account, provider }: Filters) {
  if (account !== undefined) return (provider ? [provider] : PROVIDERS).map((one) => ({ provider: one, account }));
  return restriction?.accounts.map(fromAccountName).filter((one) => !provider || one.provider === provider);
}

async function resourceLists(context: Context, filters: Filters, standing: Standing): Promise<IndexRange[]> {
  const { kind, provider, region, network } = filters;
  const kinds = kind ? [kind] : KIND_NAMES;
  if (network !== undefined && kindOfId(network) !== undefined) {
    const ranges = networkRanges(standing, network);
    return kind ? ranges.filter(({ rank }) => rank === "~" || rank.startsWith(`${kind}#`)) : ranges;
  }
  const accounts = accountsAsked(context, filters);
  if (accounts) {
    const within = region === undefined ? "" : `${region}/`;
    return kinds.flatMap((one) =>
      accounts.map((at) => listOf(standing, one, `${at.provider}/${at.account}/${within}`)),
    );
  }
  if (region !== undefined) {
    const places = await readCounts(context, { status: standing, kind, provider, region }, ["account"]);
    return places.map((at) => listOf(standing, at.kind, `${at.provider}/${at.account}/${region}/`));
  }
  return kinds.flatMap((one) => (provider ? [listOf(standing, one, `${provider}/`)] : [listOf(standing, one, "")]));
}

async function readFound(
  context: Context,
  keys: readonly string[],
  filters?: Filters,
): Promise<(FoundResource | undefined)[]> {
  const [resources, said] = await Promise.all([
    context.table.getMany(
      ResourceItem,
      keys.map((key) => ({ idHash: key })),
    ),
    filters?.owner === undefined
      ? []
      : context.table.getMany(
          SaidItem,
          keys.map((key) => ({ subject: resourceSubject(key) })),
        ),
  ]);
  const ended = filters?.confirmed === undefined ? NONE_ENDED : await readEndedOf(context, resources);
  return resources.map(
    (resource, at) =>
      resource && { ...resource, owner: toSaid(said[at]).owner, confirmed: isConfirmed(resource, ended) },
  );
}

export const ResourceSubject = defineSubject<FoundResource, Resource>({
  type: RESOURCE,
  filters: [
    "kind",
    "provider",
    "account",
    "region",
    "network",
    "status",
    "name",
    "tags",
    "ip",
    "cidr",
    "words",
    "owner",
    "expiresBefore",
    "confirmed",
  ],
  entries: (resource) => [...resourceEntries(resource), ...ownerEntries(indexedAs(resource), resource.owner ?? "")],
  read: readFound,
  isVisible: isVisibleResource,
  matches: resourceMatches,
  list: resourceLists,
  named: (text) => {
    const key = keyOfId(text);
    return key === undefined ? [] : [key];
  },
  async referring(context, text, standing) {
    const key = keyOfId(text);
    const [resource] = key === undefined ? [] : await readFound(context, [key]);
    return referringRanges(resource?.id ?? text, resource, standing);
  },
  view: toResources,
});
