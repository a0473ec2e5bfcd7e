import {
  type Address,
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  type EC2Client,
  type Instance,
  type NetworkInterface,
  type Subnet,
  type Vpc,
} from "@aws-sdk/client-ec2";
import type { KindName } from "@cadastre/contract/kinds/names";
import type { ResourceInput } from "@cadastre/contract/resource";
import { MalformedError } from "../values.ts";
import { toElasticIp } from "./convert/address.ts";
import { toInstance } from "./convert/instance.ts";
import { toInterface } from "./convert/interface.ts";
import { toNetwork } from "./convert/network.ts";
import type { AwsPlace } from "./convert/place.ts";
import { toSubnet } from "./convert/subnet.ts";

export interface PageRequest {
  readonly pageSize: number;
  readonly token: string | undefined;
  readonly signal: AbortSignal;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page starts; undefined on the last one. */
  readonly next: string | undefined;
}

/** One API call, and the one kind of resource that its answers hold. */
export interface Step<K extends KindName, Item> {
  readonly kind: K;
  /** In IAM's words, as it stands in policies and errors. */
  readonly operation: string;
  page(client: EC2Client, request: PageRequest): Promise<Page<Item>>;
  /**
   * The account that a listed thing belongs to, where the kind is not shared and a listing can hold another's: a participant
   * is shown the owner's VPC, an owner the participants' interfaces. Those are left to the listing of their own account.
   */
  owner?(item: Item): string | undefined;
  /** The VPC that an item names together with the account that owns it. */
  networkOwner?(item: Item): { readonly networkId: string | undefined; readonly owner: string | undefined };
  /** True when `convert` needs to know the owners of shared networks. */
  readonly namesNetworks: boolean;
  /** Throws MalformedError. */
  convert(item: Item, place: AwsPlace): ResourceInput<K>;
}

export const networkStep: Step<"network", Vpc> = {
  kind: "network",
  operation: "ec2:DescribeVpcs",
  namesNetworks: false,
  async page(client, { pageSize, token, signal }) {
    const answer = await client.send(new DescribeVpcsCommand(paged(pageSize, token)), { abortSignal: signal });
    return { items: listed(answer.Vpcs, "vpcSet"), next: answer.NextToken || undefined };
  },
  owner: (vpc) => vpc.OwnerId,
  networkOwner: (vpc) => ({ networkId: vpc.VpcId, owner: vpc.OwnerId }),
  convert: toNetwork,
};

export const subnetStep: Step<"subnet", Subnet> = {
  kind: "subnet",
  operation: "ec2:DescribeSubnets",
  namesNetworks: false,
  async page(client, { pageSize, token, signal }) {
    const answer = await client.send(new DescribeSubnetsCommand(paged(pageSize, token)), { abortSignal: signal });
    return { items: listed(answer.Subnets, "subnetSet"), next: answer.NextToken || undefined };
  },
  networkOwner: (subnet) => ({ networkId: subnet.VpcId, owner: subnet.OwnerId }),
  convert: toSubnet,
};

/** An instance with the account of its reservation; it does not say itself whose it is. */
export interface OwnedInstance {
  readonly instance: Instance;
  readonly owner: string | undefined;
}

export const instanceStep: Step<"instance", OwnedInstance> = {
  kind: "instance",
  operation: "ec2:DescribeInstances",
  namesNetworks: true,
  async page(client, { pageSize, token, signal }) {
    const answer = await client.send(new DescribeInstancesCommand(paged(pageSize, token)), { abortSignal: signal });
    return {
      items: listed(answer.Reservations, "reservationSet").flatMap((reservation) =>
        listed(reservation.Instances, "instancesSet").map((instance) => ({ instance, owner: reservation.OwnerId })),
      ),
      next: answer.NextToken || undefined,
    };
  },
  owner: ({ owner }) => owner,
  convert: ({ instance }, place) => toInstance(instance, place),
};

export const interfaceStep: Step<"interface", NetworkInterface> = {
  kind: "interface",
  operation: "ec2:DescribeNetworkInterfaces",
  namesNetworks: true,
  async page(client, { pageSize, token, signal }) {
    const answer = await client.send(new DescribeNetworkInterfacesCommand(paged(pageSize, token)), {
      abortSignal: signal,
    });
    return { items: listed(answer.NetworkInterfaces, "networkInterfaceSet"), next: answer.NextToken || undefined };
  },
  owner: (networkInterface) => networkInterface.OwnerId,
  convert: toInterface,
};

/** DescribeAddresses has no pages: one answer has them all. */
export const addressStep: Step<"address", Address> = {
  kind: "address",
  operation: "ec2:DescribeAddresses",
  namesNetworks: false,
  async page(client, { signal }) {
    const answer = await client.send(new DescribeAddressesCommand({}), { abortSignal: signal });
    return { items: listed(answer.Addresses, "addressesSet"), next: undefined };
  },
  convert: toElasticIp,
};

/** The kinds that are looked at in every region. */
export const AWS_KINDS = ["network", "subnet", "instance", "interface", "address"] as const;

function paged(pageSize: number, token: string | undefined) {
  return { MaxResults: pageSize, ...(token === undefined ? {} : { NextToken: token }) };
}

/**
 * The SDK answers `[]` for an empty list, and nothing at all when the body was something else: empty, or a proxy's page. Such an
 * answer must not pass for an empty estate.
 */
function listed<Item>(list: readonly Item[] | undefined, element: string): readonly Item[] {
  if (list === undefined) throw new MalformedError(`the answer has no <${element}>`);
  return list;
}
