import type { Address, Instance, NetworkInterface, Region, Subnet, Tag, Vpc } from "@aws-sdk/client-ec2";
import { AwsError } from "./errors.ts";
import type { Parameters } from "./parameters.ts";

type Values = readonly (string | undefined)[];
/** What a filter of this name compares with, for one resource. */
export type FilterTable<T> = Readonly<Record<string, (item: T) => Values>>;

export interface Filter {
  readonly name: string;
  readonly values: readonly string[];
}

const flag = (value: boolean | undefined): Values => [String(value ?? false)];

export const vpcFilters: FilterTable<Vpc> = {
  "vpc-id": (vpc) => [vpc.VpcId],
  "owner-id": (vpc) => [vpc.OwnerId],
  state: (vpc) => [vpc.State],
  cidr: (vpc) => [vpc.CidrBlock],
  "is-default": (vpc) => flag(vpc.IsDefault),
  "cidr-block-association.cidr-block": (vpc) => (vpc.CidrBlockAssociationSet ?? []).map((each) => each.CidrBlock),
};

export const subnetFilters: FilterTable<Subnet> = {
  "subnet-id": (subnet) => [subnet.SubnetId],
  "vpc-id": (subnet) => [subnet.VpcId],
  "owner-id": (subnet) => [subnet.OwnerId],
  state: (subnet) => [subnet.State],
  "cidr-block": (subnet) => [subnet.CidrBlock],
  "availability-zone": (subnet) => [subnet.AvailabilityZone],
  "availability-zone-id": (subnet) => [subnet.AvailabilityZoneId],
  "default-for-az": (subnet) => flag(subnet.DefaultForAz),
  "ipv6-native": (subnet) => flag(subnet.Ipv6Native),
};

export const instanceFilters: FilterTable<Instance> = {
  "instance-id": (instance) => [instance.InstanceId],
  "instance-state-name": (instance) => [instance.State?.Name],
  "instance-type": (instance) => [instance.InstanceType],
  "image-id": (instance) => [instance.ImageId],
  "vpc-id": (instance) => [instance.VpcId],
  "subnet-id": (instance) => [instance.SubnetId],
  "availability-zone": (instance) => [instance.Placement?.AvailabilityZone],
  "private-ip-address": (instance) => [instance.PrivateIpAddress],
  "ip-address": (instance) => [instance.PublicIpAddress],
};

export const networkInterfaceFilters: FilterTable<NetworkInterface> = {
  "network-interface-id": (each) => [each.NetworkInterfaceId],
  "vpc-id": (each) => [each.VpcId],
  "subnet-id": (each) => [each.SubnetId],
  "owner-id": (each) => [each.OwnerId],
  status: (each) => [each.Status],
  description: (each) => [each.Description],
  "interface-type": (each) => [each.InterfaceType],
  "requester-managed": (each) => flag(each.RequesterManaged),
  "attachment.instance-id": (each) => [each.Attachment?.InstanceId],
  "addresses.private-ip-address": (each) => (each.PrivateIpAddresses ?? []).map((address) => address.PrivateIpAddress),
};

export const addressFilters: FilterTable<Address> = {
  "allocation-id": (address) => [address.AllocationId],
  "association-id": (address) => [address.AssociationId],
  "instance-id": (address) => [address.InstanceId],
  "public-ip": (address) => [address.PublicIp],
  "network-interface-id": (address) => [address.NetworkInterfaceId],
};

export const regionFilters: FilterTable<Region> = {
  "region-name": (region) => [region.RegionName],
  endpoint: (region) => [region.Endpoint],
  "opt-in-status": (region) => [region.OptInStatus],
};

export function readFilters(parameters: Parameters): readonly Filter[] {
  return parameters.indexes("Filter").map((index) => {
    const name = parameters.get(`Filter.${index}.Name`);
    if (name === undefined)
      throw new AwsError("MissingParameter", `The request must contain the parameter Filter.${index}.Name`);
    return { name, values: parameters.list(`Filter.${index}.Value`) };
  });
}

/**
 * A predicate that is true where every filter has a value that fits (`*` and `?` are wildcards). `tag:KEY` and `tag-key` work
 * on the tags. Throws AwsError InvalidParameterValue for a filter that the table does not have.
 */
export function createFilter<T>(
  table: FilterTable<T>,
  tagsOf: (item: T) => readonly Tag[] | undefined,
  filters: readonly Filter[],
): (item: T) => boolean {
  const tests = filters.map(({ name, values }) => {
    const patterns = values.map(toPattern);
    const read = readerOf(table, tagsOf, name);
    return (item: T) =>
      read(item).some((value) => value !== undefined && patterns.some((pattern) => pattern.test(value)));
  });
  return (item) => tests.every((test) => test(item));
}

function readerOf<T>(
  table: FilterTable<T>,
  tagsOf: (item: T) => readonly Tag[] | undefined,
  name: string,
): (item: T) => Values {
  if (name.startsWith("tag:")) {
    const key = name.slice("tag:".length);
    return (item) => (tagsOf(item) ?? []).filter((tag) => tag.Key === key).map((tag) => tag.Value);
  }
  if (name === "tag-key") return (item) => (tagsOf(item) ?? []).map((tag) => tag.Key);
  const read = Object.hasOwn(table, name) ? table[name] : undefined;
  if (read === undefined) throw new AwsError("InvalidParameterValue", `The filter '${name}' is invalid`);
  return read;
}

function toPattern(value: string): RegExp {
  const source = value
    .replaceAll(/[\\^$.+()[\]{}|/]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "su");
}
