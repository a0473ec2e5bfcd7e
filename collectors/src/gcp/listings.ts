import type { KindName } from "@cadastre/contract/kinds/names";
import type { ResourceInput } from "@cadastre/contract/resource";
import type { ComputeCollection } from "./api.ts";
import type { ComputeAddress, ComputeInstance, ComputeNetwork, ComputeSubnetwork } from "./compute.ts";
import { toReservedAddress } from "./convert/address.ts";
import { toInstance } from "./convert/instance.ts";
import { toNetwork } from "./convert/network.ts";
import type { GcpPlace } from "./convert/place.ts";
import { toSubnet } from "./convert/subnet.ts";

/** One API call, and the one kind of resource that its answers hold. */
export interface Listing<K extends KindName, Item> {
  readonly kind: K;
  /** The permission that it needs, as it stands in roles and errors. */
  readonly operation: string;
  readonly collection: ComputeCollection;
  /** What the request has beside the project and the page. */
  readonly request?: Readonly<Record<string, unknown>>;
  /** `kind` of the answers, by which they are told from a proxy's or another server's. */
  readonly answer: string;
  /**
   * An aggregated list: the member of each of its scopes (zones, regions) that holds the resources. Without it, a plain list of
   * what is global.
   */
  readonly member?: string;
  /** Another listing has this kind's global resources; those in an aggregated list are left to it. */
  readonly globalElsewhere?: boolean;
  /** Throws MalformedError. `sharedVpcHost` is undefined when that is not known. */
  convert(item: Item, place: GcpPlace, sharedVpcHost: boolean | undefined): ResourceInput<K>;
}

export const networkListing: Listing<"network", ComputeNetwork> = {
  kind: "network",
  operation: "compute.networks.list",
  collection: "networks",
  answer: "compute#networkList",
  convert: toNetwork,
};

export const subnetListing: Listing<"subnet", ComputeSubnetwork> = {
  kind: "subnet",
  operation: "compute.subnetworks.list",
  collection: "subnetworks",
  request: { views: "WITH_UTILIZATION" },
  answer: "compute#subnetworkAggregatedList",
  member: "subnetworks",
  convert: toSubnet,
};

export const instanceListing: Listing<"instance", ComputeInstance> = {
  kind: "instance",
  operation: "compute.instances.list",
  collection: "instances",
  answer: "compute#instanceAggregatedList",
  member: "instances",
  convert: toInstance,
};

export const addressListing: Listing<"address", ComputeAddress> = {
  kind: "address",
  operation: "compute.addresses.list",
  collection: "addresses",
  answer: "compute#addressAggregatedList",
  member: "addresses",
  globalElsewhere: true,
  convert: toReservedAddress,
};

export const globalAddressListing: Listing<"address", ComputeAddress> = {
  kind: "address",
  operation: "compute.globalAddresses.list",
  collection: "globalAddresses",
  answer: "compute#addressList",
  convert: toReservedAddress,
};

/** The kinds that are looked at in every project. */
export const GCP_KINDS = ["network", "subnet", "instance", "address"] as const;
export type GcpKind = (typeof GCP_KINDS)[number];
