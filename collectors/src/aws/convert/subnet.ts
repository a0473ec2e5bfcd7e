import type { Subnet } from "@aws-sdk/client-ec2";
import type { Block } from "@cadastre/contract/kinds/kind";
import type { ResourceInput } from "@cadastre/contract/resource";
import { present, required, toPrefix } from "../../values.ts";
import { toIpv6Blocks } from "./block.ts";
import { type AwsPlace, ec2Arn } from "./place.ts";
import { toTags } from "./tags.ts";

/** The first four addresses of a subnet's IPv4 block and the last one. https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html */
const RESERVED_COUNT = 5;

/**
 * A subnet, of the place's account or shared with it: its id is the owner's ARN and its network the owner's VPC. A zone's name
 * means another place in each account, so it is taken from the owner's listing alone; the zone id is the same in all.
 * Throws MalformedError.
 */
export function toSubnet(subnet: Subnet, place: AwsPlace): ResourceInput<"subnet"> {
  const subnetId = required(subnet.SubnetId, "SubnetId");
  const owner = present(subnet.OwnerId) ?? place.account;
  const ipv6Only = subnet.Ipv6Native ?? false;
  return {
    id: present(subnet.SubnetArn) ?? ec2Arn(place, "subnet", subnetId, owner),
    ...toTags(subnet.Tags),
    attributes: {
      subnetId,
      network: ec2Arn(place, "vpc", required(subnet.VpcId, "VpcId"), owner),
      ownerAccount: owner,
      blocks: [...ipv4Block(subnet), ...toIpv6Blocks(subnet.Ipv6CidrBlockAssociationSet, place.report)],
      zone: owner === place.account ? present(subnet.AvailabilityZone) : undefined,
      zoneId: present(subnet.AvailabilityZoneId),
      ipv6Only,
      isDefault: subnet.DefaultForAz,
      state: present(subnet.State),
      mapsPublicAddresses: subnet.MapPublicIpOnLaunch,
      cloudReservedCount: ipv6Only ? 0 : RESERVED_COUNT,
    },
    ...(subnet.AvailableIpAddressCount === undefined || ipv6Only
      ? {}
      : { volatile: { availableAddressCount: subnet.AvailableIpAddressCount } }),
  };
}

function ipv4Block(subnet: Subnet): Block[] {
  return subnet.CidrBlock ? [{ prefix: toPrefix(subnet.CidrBlock), role: "primary", state: "associated" }] : [];
}
