import { idHash } from "@cadastre/contract/digest";
import type { Facets } from "@cadastre/contract/kinds/kind";
import { shortId } from "@cadastre/contract/kinds/kind";
import { facetsOf, kindOfId } from "@cadastre/contract/resource";
import type { IndexEntry } from "../subjects/items.ts";
import { createEntries, type SubjectRef } from "../subjects/keys.ts";
import { cut, MOST_WORD, searchedTexts, searchedWords } from "../subjects/words.ts";
import type { Counted } from "./counts.ts";
import { accountOfClaim, type Claim, isSighting, type ResourceItem } from "./items.ts";

/** Enough of a hash that hardly any other network has the same; what the index proposes is checked anyway. */
const HASH_DIGITS = 12;

export const RESOURCE = "resource" as const;

type Indexed = Pick<
  ResourceItem,
  | "idHash"
  | "id"
  | "kind"
  | "provider"
  | "account"
  | "region"
  | "name"
  | "tags"
  | "attributes"
  | "status"
  | "claims"
  | "retiredAt"
  | "lapsed"
>;

/** How the index names a resource. */
export const indexedAs = ({ kind, idHash: key }: Pick<ResourceItem, "kind" | "idHash">): SubjectRef => ({
  type: RESOURCE,
  hint: kind,
  key,
});

export function facetsOfItem(resource: Pick<ResourceItem, "kind" | "id" | "attributes">): Facets {
  return facetsOf(resource.kind, resource);
}

/** The account that owns a resource, and those that see it: a shared subnet or a certificate is found under each. */
export function accountsOf({ account, claims }: { account: string; claims: readonly Claim[] }): string[] {
  return [...new Set([account, ...claims.map(accountOfClaim)])];
}

/** What of a resource is counted. */
export function countedOf(resource: Indexed): Counted {
  const { idHash: hash, status, kind, provider, account, region } = resource;
  return { idHash: hash, status, kind, provider, account, region, sharedWith: accountsOf(resource).slice(1) };
}

/** What free text finds a resource by, beside its name. */
const othersOf = ({ tags }: Pick<Indexed, "tags">, facets: Facets) => [...facets.words, ...Object.values(tags)];

/** What free text finds a resource by, as it is written. */
export function textsOfItem(resource: Pick<Indexed, "name" | "tags">, facets: Facets): string[] {
  return searchedTexts(resource.name, othersOf(resource, facets));
}

/** A network or subnet as it stands in sort keys. */
export const placeHash = (kind: "network" | "subnet", id: string): string => idHash(kind, id).slice(0, HASH_DIGITS);

/** Stands for being in a network and subnet among the relations to the network. */
export const INSIDE = "in";

/** What a relation's target is called in the index. */
export const targetHash = (id: string): string => idHash("network", id);

/** Whether a network belongs to where the resource is: then its list, in the order of networks, has what is in the network. */
function isLocal(resource: Pick<Indexed, "provider" | "account" | "region">, network: string | undefined): boolean {
  const named = network === undefined ? undefined : kindOfId(network);
  return (
    named?.provider === resource.provider &&
    named.account === resource.account &&
    (named.region === "global" || named.region === resource.region)
  );
}

interface Place {
  readonly network: string | undefined;
  readonly subnet: string | undefined;
}

/** The networks and subnets that a resource is in, its own network first. */
function placesOf({ network, relations }: Facets): Place[] {
  const subnets = relations.filter(({ type }) => type === "in-subnet");
  const places = subnets.map(({ to, within }): Place => ({ network: within ?? network, subnet: to }));
  const bare = [network, ...relations.flatMap(({ type, to }) => (type === "in-network" ? [to] : []))]
    .filter((id) => id !== undefined && !places.some((place) => place.network === id))
    .map((id): Place => ({ network: id, subnet: undefined }));
  const all = [...places, ...bare.filter((place, at) => bare.findIndex((one) => one.network === place.network) === at)];
  return all.sort((a, b) => Number(b.network === network) - Number(a.network === network));
}

const inside = ({ network, subnet }: Place) =>
  `${network ? placeHash("network", network) : "-"}/${subnet ? placeHash("subnet", subnet) : "-"}`;

/** Everything a resource is found by, but its owner: that is said, and written with what is said. */
export function resourceEntries(resource: Indexed, facets: Facets = facetsOfItem(resource)): IndexEntry[] {
  const { kind, provider, region } = resource;
  const entries = createEntries(resource.status, indexedAs(resource));
  const [first = { network: undefined, subnet: undefined }, ...others] = placesOf(facets);
  for (const account of accountsOf(resource)) {
    entries.listed(kind, `${provider}/${account}/${region}/${inside(first)}/${cut(shortId(resource.id), MOST_WORD)}`);
  }
  // In a network of another account, or in a further one, it stands with the network instead.
  for (const place of isLocal(resource, first.network) ? others : [first, ...others]) {
    const target = place.network ?? place.subnet;
    if (target !== undefined) entries.related(targetHash(target), `${INSIDE}/${inside(place)}/`);
  }
  for (const { type, to } of facets.relations) {
    if (type !== "in-network" && type !== "in-subnet") entries.related(targetHash(to), type);
  }
  entries.named({
    words: searchedWords(resource.name, othersOf(resource, facets)),
    tags: resource.tags,
    prefixes: facets.prefixes,
  });
  entries.within(facets.prefixes, isSighting(resource) ? "reported" : "observed");
  if (facets.expiresAt) entries.ends(facets.expiresAt);
  if (resource.retiredAt) entries.gone(resource.retiredAt);
  return entries.all();
}
