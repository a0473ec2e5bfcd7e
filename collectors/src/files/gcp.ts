import type { KindName } from "@cadastre/contract/kinds/names";
import type { ResourceInput } from "@cadastre/contract/resource";
import type * as z from "zod";
import { toReservedAddress } from "../gcp/convert/address.ts";
import { toInstance } from "../gcp/convert/instance.ts";
import { toNetwork } from "../gcp/convert/network.ts";
import { type GcpPlace, readLink } from "../gcp/convert/place.ts";
import { toSubnet } from "../gcp/convert/subnet.ts";
import { PROJECT_ID } from "../gcp/project-id.ts";
import { FileError, type FileFormat, type FileItem } from "./format.ts";
import { gcpLists } from "./gcp-schemas.ts";
import { converted, readList } from "./lists.ts";

/** A list by the `kind` of its elements; `items` throws FileError for what gcloud does not print. */
interface ListReader {
  readonly kind: KindName;
  items(list: readonly unknown[]): FileItem[];
}

function reading<K extends KindName, Element extends { name?: string | null; selfLink?: string | null }>(
  kind: K,
  schema: z.ZodType<Element[]>,
  convert: (element: Element, place: GcpPlace) => ResourceInput<K>,
): ListReader {
  return {
    kind,
    items: (list) => readList(schema, list, kind).map((element) => toItem(element, convert)),
  };
}

/** By `kind` of the elements. Whether the project is a shared VPC host is not in what the lists print. */
const LISTS: ReadonlyMap<string, ListReader> = new Map([
  [
    "compute#network",
    reading("network", gcpLists["compute#network"], (network, place) => toNetwork(network, place, undefined)),
  ],
  ["compute#subnetwork", reading("subnet", gcpLists["compute#subnetwork"], toSubnet)],
  ["compute#instance", reading("instance", gcpLists["compute#instance"], toInstance)],
  ["compute#address", reading("address", gcpLists["compute#address"], toReservedAddress)],
]);

/** `networks-subnets-list.json` is of subnets, so that networks come last. */
const NAMES: readonly (readonly [RegExp, KindName])[] = [
  [/instances/i, "instance"],
  [/addresses/i, "address"],
  [/subnet(?:work)?s/i, "subnet"],
  [/networks/i, "network"],
];

/** The output of gcloud, recognised by the `kind` of what is listed. It lists all regions of a project at once. */
export const gcpFiles: FileFormat = {
  accepts:
    "the output of gcloud compute networks list, networks subnets list, instances list or addresses list with --format=json",
  kinds: [...LISTS.values()].map((list) => list.kind),
  account: { pattern: PROJECT_ID, about: "a project's id, 6 to 30 of a-z, 0-9 and -, a letter first" },
  requireRegion: (region) => {
    if (!/^(?:global|[a-z]+-[a-z]+\d+)$/.test(region)) {
      throw new RangeError(`region ${JSON.stringify(region)} is not a Google Cloud region such as europe-west1`);
    }
  },
  regionsOf: (kind, named) => (kind === "network" ? ["global"] : [...new Set(["global", ...named])]),
  read: (document, name) => {
    if (!Array.isArray(document)) return undefined;
    const [first] = document as readonly unknown[];
    if (first === undefined) return [{ kind: kindOfEmpty(name), items: [], hasMore: false }];
    const list = LISTS.get(String((first as { kind?: unknown } | null)?.kind));
    return list && [{ kind: list.kind, items: list.items(document), hasMore: false }];
  },
};

function toItem<K extends KindName, Element extends { name?: string | null; selfLink?: string | null }>(
  element: Element,
  convert: (element: Element, place: GcpPlace) => ResourceInput<K>,
): FileItem {
  const link = readLink(element.selfLink ?? "", "");
  return {
    label: element.name ?? "",
    region: link?.region,
    owner: link?.project,
    convert: ({ account, region }) => converted(() => convert(element, { project: account, region })),
  };
}

/** An empty list says nothing of what it is a list of. */
function kindOfEmpty(name: string): KindName {
  const kind = NAMES.find(([pattern]) => pattern.test(name))?.[1];
  if (kind) return kind;
  throw new FileError(
    "an empty list does not say of what it is; give the file a name that does: networks.json, subnets.json, instances.json or addresses.json",
  );
}
