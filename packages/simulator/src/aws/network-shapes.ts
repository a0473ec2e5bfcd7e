import type { Subnet, Tag, Vpc } from "@aws-sdk/client-ec2";
import {
  formatIpv4Block,
  formatIpv6Block,
  type Ipv4Block,
  type SubnetPlan,
  type VpcPlan,
  zonesPerRegion,
} from "./layout.ts";
import { accountOf, arn, type Place, type Plan, regionOf } from "./plan.ts";
import { zoneIdPrefix } from "./regions.ts";
import type { SubnetRef } from "./specs.ts";
import { named, noTags } from "./tags.ts";

/** AWS keeps the first four addresses of a subnet and its last one. */
const reservedAddresses = 5;

export function vpcId(plan: Plan, vpc: VpcPlan): string {
  return plan.ids.encode("vpc", { ...vpc.place, series: 0, index: vpc.index });
}

export function subnetId(plan: Plan, { vpc, subnet }: SubnetRef): string {
  return plan.ids.encode("subnet", { ...vpc.place, series: 0, index: vpc.index * 16 + subnet.index });
}

/** `euw1-az2`: the same zone for every account. */
export function zoneId(plan: Plan, place: Place, zone: number): string {
  return `${zoneIdPrefix(regionOf(plan, place.region))}-az${zone + 1}`;
}

/** `eu-west-1b`: which letter a zone has differs between accounts. */
export function zoneName(plan: Plan, viewer: Place, zone: number): string {
  const shift = plan.random.int(zonesPerRegion, "zone letters", viewer.account, viewer.region);
  return `${regionOf(plan, viewer.region)}${"abc".charAt((zone + shift) % zonesPerRegion)}`;
}

/** The VPC as `viewer` sees it: tags are the owner's alone. */
export function toVpc(plan: Plan, viewer: Place, vpc: VpcPlan, changedTags?: readonly Tag[]): Vpc {
  const association = (prefix: string, index: number) =>
    plan.ids.encode(prefix, { ...vpc.place, series: index, index: vpc.index });
  return {
    VpcId: vpcId(plan, vpc),
    OwnerId: accountOf(plan, vpc.place.account).id,
    State: "available",
    CidrBlock: formatIpv4Block(vpc.primary),
    CidrBlockAssociationSet: vpc.ipv4.map(({ block, state, message }, index) => ({
      AssociationId: association("vpc-cidr-assoc", index),
      CidrBlock: formatIpv4Block(block),
      CidrBlockState: { State: state, StatusMessage: message },
    })),
    Ipv6CidrBlockAssociationSet: vpc.ipv6.map(({ block, state }, index) => ({
      AssociationId: association("vpc-cidr-assoc", 128 + index),
      Ipv6CidrBlock: formatIpv6Block(block),
      Ipv6CidrBlockState: { State: state },
      NetworkBorderGroup: regionOf(plan, vpc.place.region),
      Ipv6Pool: "Amazon",
      Ipv6AddressAttribute: "public",
      IpSource: "amazon",
    })),
    DhcpOptionsId: plan.ids.encode("dopt", { ...vpc.place, series: 0, index: 0 }),
    InstanceTenancy: "default",
    IsDefault: vpc.use === "default",
    Tags: ownTags(viewer, vpc, changedTags ?? tagsOfVpc(vpc)),
  };
}

/** The subnet as `viewer` sees it; `used` is how many of its IPv4 addresses are taken. */
export function toSubnet(
  plan: Plan,
  viewer: Place,
  { vpc, subnet }: SubnetRef,
  used: number,
  changedTags?: readonly Tag[],
): Subnet {
  const id = subnetId(plan, { vpc, subnet });
  const owner = accountOf(plan, vpc.place.account).id;
  const open = subnet.use === "public" || subnet.use === "default";
  return {
    SubnetId: id,
    SubnetArn: arn(regionOf(plan, vpc.place.region), "ec2", owner, `subnet/${id}`),
    VpcId: vpcId(plan, vpc),
    OwnerId: owner,
    State: "available",
    CidrBlock: subnet.ipv4 === undefined ? undefined : formatIpv4Block(subnet.ipv4),
    AvailableIpAddressCount: subnet.ipv4 === undefined ? 0 : blockSize(subnet.ipv4) - reservedAddresses - used,
    AvailabilityZone: zoneName(plan, viewer, subnet.zone),
    AvailabilityZoneId: zoneId(plan, vpc.place, subnet.zone),
    DefaultForAz: subnet.use === "default",
    MapPublicIpOnLaunch: open,
    MapCustomerOwnedIpOnLaunch: false,
    AssignIpv6AddressOnCreation: subnet.ipv6 !== undefined,
    Ipv6Native: subnet.use === "ipv6",
    EnableDns64: subnet.use === "ipv6",
    Ipv6CidrBlockAssociationSet:
      subnet.ipv6 === undefined
        ? []
        : [
            {
              AssociationId: plan.ids.encode("subnet-cidr-assoc", {
                ...vpc.place,
                series: 0,
                index: vpc.index * 16 + subnet.index,
              }),
              Ipv6CidrBlock: formatIpv6Block(subnet.ipv6),
              Ipv6CidrBlockState: { State: "associated" },
              Ipv6AddressAttribute: "public",
              IpSource: "amazon",
            },
          ],
    PrivateDnsNameOptionsOnLaunch: {
      HostnameType: subnet.use === "ipv6" ? "resource-name" : "ip-name",
      EnableResourceNameDnsARecord: false,
      EnableResourceNameDnsAAAARecord: subnet.use === "ipv6",
    },
    Tags: ownTags(viewer, vpc, changedTags ?? tagsOfSubnet(vpc, subnet)),
  };
}

export function blockSize(block: Ipv4Block): number {
  return 2 ** (32 - block.length);
}

function ownTags(viewer: Place, vpc: VpcPlan, tags: readonly Tag[]): Tag[] {
  return [...(viewer.account === vpc.place.account ? tags : noTags)];
}

function tagsOfVpc(vpc: VpcPlan): readonly Tag[] {
  if (vpc.use === "default") return noTags;
  const name = vpc.use === "shared" ? "shared" : `main-${vpc.index}`;
  return named(
    name,
    { Key: "env", Value: vpc.index % 2 === 1 ? "prod" : "dev" },
    { Key: "owner", Value: "R&D <core>" },
  );
}

function tagsOfSubnet(vpc: VpcPlan, subnet: SubnetPlan): readonly Tag[] {
  if (vpc.use === "default") return noTags;
  return named(`${subnet.use}-${vpc.index}-az${subnet.zone + 1}`, { Key: "tier", Value: subnet.use });
}
