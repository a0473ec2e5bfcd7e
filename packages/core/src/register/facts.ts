import { shortId } from "@cadastre/contract/kinds/kind";
import { hasAttribute } from "@cadastre/contract/resource";
import { parsePrefix } from "@cadastre/net/prefix";
import type { Facts } from "../subjects/match.ts";
import type { Field, Had, TextField, TimeField } from "../subjects/query.ts";
import { accountsOf, facetsOfItem, RESOURCE, textsOfItem } from "./entries.ts";
import type { ResourceItem } from "./items.ts";
import { keyOfId, type StoredResource } from "./view.ts";

/** A resource, with what is stored apart from it where that is asked for. */
export type FoundResource = StoredResource & {
  readonly owner?: string;
  readonly notes?: string;
  readonly seenAt?: string | undefined;
  readonly confirmed?: boolean | undefined;
  /** For a caller who may not see all: those of its accounts that the caller is told of. */
  readonly shownIn?: readonly string[];
};

/** What a search can ask of resources: everything. */
export const ANSWERED: readonly Field[] = [
  "kind",
  "provider",
  "account",
  "region",
  "network",
  "subnet",
  "status",
  "state",
  "type",
  "name",
  "tag",
  "address",
  "port",
  "mac",
  "image",
  "owner",
  "has",
  "confirmed",
  "id",
  "named",
  "idBeginning",
  "words",
  "expires",
  "changed",
  "created",
  "seen",
];

/** The attributes that searches look at; a kind has some of them. */
interface Attributes {
  readonly state?: string;
  readonly type?: string;
  readonly image?: string;
  readonly port?: number;
  readonly macAddress?: string;
  readonly interfaces?: readonly { readonly macAddress?: string }[];
}

/**
 * An attribute of the resource's kind. One that only its collector calls so has any type, and must not pass for what others are
 * found by.
 */
function attributeOf<Name extends keyof Attributes>(
  { kind, attributes }: ResourceItem,
  name: Name,
): Attributes[Name] | undefined {
  return hasAttribute(kind, name) ? (attributes as Attributes)[name] : undefined;
}

const given = (...texts: readonly (string | undefined)[]): string[] =>
  texts.filter((text) => text !== undefined && text !== "") as string[];

/** A certificate's, by its id: that is what it is, whatever its collector says. */
const fingerprintOf = ({ kind, id }: ResourceItem) =>
  kind === "certificate" ? id.slice(id.indexOf(":") + 1) : undefined;

/** The networks that a resource is in, a network in itself; the subnets likewise. */
function placesOf(resource: ResourceItem, relation: "in-network" | "in-subnet", kind: "network" | "subnet"): string[] {
  const named = facetsOfItem(resource).relations.flatMap(({ type, to }) => (type === relation ? [to] : []));
  const ids = new Set(resource.kind === kind ? [resource.id, ...named] : named);
  return [...ids].flatMap((id) => [id, shortId(id)]);
}

function textsOf(resource: FoundResource, field: TextField): readonly string[] {
  switch (field) {
    case "account":
      return resource.shownIn ?? accountsOf(resource);
    case "region":
    case "name":
      return [resource[field]];
    case "owner":
      return given(resource.owner);
    case "network":
      return placesOf(resource, "in-network", "network");
    case "subnet":
      return placesOf(resource, "in-subnet", "subnet");
    case "mac":
      return given(
        attributeOf(resource, "macAddress"),
        ...(attributeOf(resource, "interfaces") ?? []).map(({ macAddress }) => macAddress),
      ).map((text) => text.replaceAll(/[:.-]/g, "").toLowerCase());
    case "id":
      return given(resource.id, shortId(resource.id), `res_${resource.idHash}`, fingerprintOf(resource));
    case "words":
      return textsOfItem(resource, facetsOfItem(resource));
    default:
      return given(attributeOf(resource, field));
  }
}

function timeOf(resource: FoundResource, field: TimeField): string | undefined {
  switch (field) {
    case "expires":
      return facetsOfItem(resource).expiresAt;
    case "changed":
      return resource.changedAt;
    case "created":
      return resource.firstSeenAt;
    case "seen":
      return resource.seenAt;
  }
}

function hasOf(resource: FoundResource, what: Had): boolean {
  switch (what) {
    case "notes":
      return (resource.notes ?? "") !== "";
    case "name":
      return resource.name !== "";
    case "tag":
      return Object.keys(resource.tags).length > 0;
    case "ip":
      return facetsOfItem(resource).prefixes.length > 0;
    case "expires":
      return timeOf(resource, "expires") !== undefined;
    default:
      return textsOf(resource, what).length > 0;
  }
}

/** What a search can know of a resource. Pure. */
export function resourceFacts(resource: FoundResource): Facts {
  const { kind, provider, status, name, tags, idHash } = resource;
  return {
    subject: RESOURCE,
    kind,
    provider,
    status,
    name,
    tags,
    get prefixes() {
      return facetsOfItem(resource).prefixes.map((text) => parsePrefix(text));
    },
    port: attributeOf(resource, "port"),
    confirmed: resource.confirmed,
    texts: (field) => textsOf(resource, field),
    time: (field) => timeOf(resource, field),
    has: (what) => hasOf(resource, what),
    is: (id) => keyOfId(id) === idHash,
    refersTo(id) {
      const key = keyOfId(id);
      return key !== undefined && facetsOfItem(resource).relations.some(({ to }) => keyOfId(to) === key);
    },
    answers: ANSWERED,
  };
}
