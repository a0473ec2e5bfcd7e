import type { KindName } from "@cadastre/contract/kinds/names";
import type { ResourceInput } from "@cadastre/contract/resource";
import type * as z from "zod";
import { toElasticIp } from "../aws/convert/address.ts";
import { toInstance } from "../aws/convert/instance.ts";
import { toInterface } from "../aws/convert/interface.ts";
import { toNetwork } from "../aws/convert/network.ts";
import { toSubnet } from "../aws/convert/subnet.ts";
import { partitionOf } from "../aws/partition.ts";
import { awsLists } from "./aws-schemas.ts";
import { FileError, type FileFormat, type FileItem, type FilePlace } from "./format.ts";
import { converted, readList } from "./lists.ts";

/** A list by its kind; `items` throws FileError for what the CLI does not print. */
interface ListReader {
  readonly kind: KindName;
  items(value: unknown, member: string): FileItem[];
}

function reading<Element>(
  kind: KindName,
  schema: z.ZodType<Element[]>,
  toItems: (element: Element) => FileItem[],
): ListReader {
  return {
    kind,
    items: (value, member) => readList(schema, value, kind, member).flatMap(toItems),
  };
}

/** By the top-level member that the CLI prints the list under. */
const LISTS: ReadonlyMap<string, ListReader> = new Map([
  [
    "Vpcs",
    reading("network", awsLists.Vpcs, (vpc) => [
      {
        label: vpc.VpcId ?? "",
        region: undefined,
        owner: vpc.OwnerId,
        network: network(vpc.VpcId, vpc.OwnerId),
        convert: converting((place) => toNetwork(vpc, place)),
      },
    ]),
  ],
  [
    "Subnets",
    reading("subnet", awsLists.Subnets, (subnet) => [
      {
        label: subnet.SubnetId ?? "",
        region: subnet.SubnetArn?.split(":")[3] ?? regionOfZone(subnet.AvailabilityZone),
        network: network(subnet.VpcId, subnet.OwnerId),
        convert: converting((place) => toSubnet(subnet, place)),
      },
    ]),
  ],
  [
    "Reservations",
    reading("instance", awsLists.Reservations, ({ OwnerId, Instances = [] }) =>
      Instances.map((instance) => ({
        label: instance.InstanceId ?? "",
        region: regionOfZone(instance.Placement?.AvailabilityZone),
        owner: OwnerId,
        network: network(instance.VpcId),
        convert: converting((place) => toInstance(instance, place)),
      })),
    ),
  ],
  [
    "NetworkInterfaces",
    reading("interface", awsLists.NetworkInterfaces, (of) => [
      {
        label: of.NetworkInterfaceId ?? "",
        region: regionOfZone(of.AvailabilityZone),
        owner: of.OwnerId,
        network: network(of.VpcId),
        convert: converting((place) => toInterface(of, place)),
      },
    ]),
  ],
  [
    "Addresses",
    reading("address", awsLists.Addresses, (of) => [
      {
        label: of.AllocationId ?? "",
        region: regionOfZone(of.NetworkBorderGroup),
        convert: converting((place) => toElasticIp(of, place)),
      },
    ]),
  ],
]);

/** The output of the AWS CLI, recognised by its top-level member. */
export const awsFiles: FileFormat = {
  accepts:
    "the output of aws ec2 describe-vpcs, describe-subnets, describe-instances, describe-network-interfaces or describe-addresses with --output json",
  kinds: [...LISTS.values()].map((list) => list.kind),
  account: { pattern: /^\d{12}$/, about: "an AWS account's number, 12 digits" },
  requireRegion: (region) => {
    partitionOf(region);
  },
  read: (document) => {
    if (document === null || typeof document !== "object" || Array.isArray(document)) return undefined;
    const { NextToken, ...members } = document as Record<string, unknown>;
    const hasMore = NextToken !== undefined && NextToken !== null && NextToken !== "";
    const present = Object.entries(members).flatMap(([member, value]) => {
      const list = LISTS.get(member);
      return list ? [{ member, value, list }] : [];
    });
    if (present.length === 0) return undefined;
    try {
      return present.map(({ member, value, list }) => ({
        kind: list.kind,
        items: list.items(value, member),
        hasMore,
      }));
    } catch (error) {
      // The file is refused as a whole, and with it the other lists in it.
      if (error instanceof FileError && present.length > 1) throw new FileError(error.message);
      throw error;
    }
  },
};

function network(id: string | undefined, owner?: string): FileItem["network"] {
  return id ? { id, owner } : undefined;
}

const ZONE = /^([a-z]{2,4}(?:-[a-z]+)+-\d{1,2})(?:[a-z]$|-|$)/;

/** `eu-west-1` of the zone `eu-west-1a`, the local zone `us-west-2-lax-1a` or the border group `eu-west-1`. */
function regionOfZone(zone: string | undefined): string | undefined {
  return zone === undefined ? undefined : ZONE.exec(zone)?.[1];
}

function converting<K extends KindName>(convert: (place: FilePlace) => ResourceInput<K>) {
  return (place: FilePlace): ResourceInput<K> => converted(() => convert(place));
}
