import type { Address, Instance, InstanceNetworkInterface, NetworkInterface, Tag } from "@aws-sdk/client-ec2";
import { formatIpv4, formatIpv4Block, formatIpv6, formatIpv6Block } from "./layout.ts";
import { subnetId, vpcId, zoneId, zoneName } from "./network-shapes.ts";
import { accountOf, arn, type Place, type Plan, regionOf } from "./plan.ts";
import type { InstanceSpec, InstanceState, InterfaceSpec, PublicAddress } from "./specs.ts";

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html */
const stateCodes: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  "shutting-down": 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

export function toInstance(plan: Plan, spec: InstanceSpec): Instance {
  const region = regionOf(plan, spec.place.region);
  const account = accountOf(plan, spec.place.account).id;
  const first = spec.interfaces[0];
  const privateAddress = first?.ipv4[0];
  const publicAddress = first?.public[0]?.address;
  const gone = spec.state === "terminated";
  return {
    InstanceId: spec.id,
    ImageId: spec.image,
    State: { Code: stateCodes[spec.state], Name: spec.state },
    StateTransitionReason: stopped(spec.state) ? "User initiated (2026-01-10 09:30:00 GMT)" : "",
    StateReason: stopped(spec.state)
      ? { Code: "Client.UserInitiatedShutdown", Message: "Client.UserInitiatedShutdown: User initiated shutdown" }
      : undefined,
    InstanceType: spec.type,
    InstanceLifecycle: spec.spot ? "spot" : undefined,
    KeyName: spec.keyName,
    AmiLaunchIndex: 0,
    LaunchTime: spec.launchedAt,
    Placement: {
      AvailabilityZone: zoneName(plan, spec.place, spec.at.subnet.zone),
      AvailabilityZoneId: zoneId(plan, spec.place, spec.at.subnet.zone),
      GroupName: "",
      Tenancy: "default",
    },
    Monitoring: { State: "disabled" },
    Platform: spec.windows ? "Windows" : undefined,
    PlatformDetails: spec.windows ? "Windows" : "Linux/UNIX",
    Architecture: spec.arm ? "arm64" : "x86_64",
    Hypervisor: "xen",
    VirtualizationType: "hvm",
    RootDeviceType: "ebs",
    RootDeviceName: "/dev/xvda",
    EbsOptimized: true,
    EnaSupport: true,
    SourceDestCheck: gone ? undefined : true,
    BlockDeviceMappings: gone
      ? []
      : [
          {
            DeviceName: "/dev/xvda",
            Ebs: {
              AttachTime: spec.launchedAt,
              DeleteOnTermination: true,
              Status: "attached",
              VolumeId: spec.id.replace(/^i-/, "vol-"),
            },
          },
        ],
    IamInstanceProfile: gone
      ? undefined
      : { Arn: arn(region, "iam", account, "instance-profile/app", true), Id: "AIPAEXAMPLE000000APP" },
    MetadataOptions: {
      State: "applied",
      HttpTokens: "required",
      HttpPutResponseHopLimit: 2,
      HttpEndpoint: "enabled",
      HttpProtocolIpv6: "disabled",
      InstanceMetadataTags: "disabled",
    },
    SubnetId: gone ? undefined : subnetId(plan, spec.at),
    VpcId: gone ? undefined : vpcId(plan, spec.at.vpc),
    PrivateIpAddress: privateAddress === undefined ? undefined : formatIpv4(privateAddress),
    PrivateDnsName: privateAddress === undefined ? "" : privateName(region, privateAddress),
    PublicIpAddress: publicAddress,
    PublicDnsName: publicAddress === undefined ? "" : publicName(region, publicAddress),
    Ipv6Address: first?.ipv6[0] === undefined ? undefined : formatIpv6(first.ipv6[0]),
    SecurityGroups: gone ? [] : securityGroups(plan, spec),
    NetworkInterfaces: spec.interfaces.map((each) => toInstanceInterface(plan, each)),
    Tags: [...spec.tags],
  };
}

function stopped(state: InstanceState): boolean {
  return state !== "running" && state !== "pending";
}

/** The interface as it stands inside an instance. */
function toInstanceInterface(plan: Plan, spec: InterfaceSpec): InstanceNetworkInterface {
  const shape = toNetworkInterface(plan, spec.place, spec);
  return {
    NetworkInterfaceId: shape.NetworkInterfaceId,
    OwnerId: shape.OwnerId,
    SubnetId: shape.SubnetId,
    VpcId: shape.VpcId,
    MacAddress: shape.MacAddress,
    Description: shape.Description,
    Status: shape.Status,
    InterfaceType: shape.InterfaceType,
    SourceDestCheck: shape.SourceDestCheck,
    Groups: shape.Groups,
    PrivateIpAddress: shape.PrivateIpAddress,
    PrivateDnsName: shape.PrivateDnsName,
    PrivateIpAddresses: shape.PrivateIpAddresses,
    Association: shape.Association,
    Attachment: shape.Attachment,
    Ipv6Addresses: shape.Ipv6Addresses?.map(({ Ipv6Address }, index) => ({ Ipv6Address, IsPrimaryIpv6: index === 0 })),
    Ipv4Prefixes: shape.Ipv4Prefixes,
    Ipv6Prefixes: shape.Ipv6Prefixes,
  };
}

/** The interface as `viewer` sees it: the owner of a shared subnet sees those of others, without their tags. */
export function toNetworkInterface(plan: Plan, viewer: Place, spec: InterfaceSpec): NetworkInterface {
  const region = regionOf(plan, spec.place.region);
  const account = accountOf(plan, spec.place.account).id;
  const primary = spec.ipv4[0];
  const onPrimary = spec.public.find((each) => each.privateAddress === primary);
  const attached = spec.instance !== undefined || spec.requester !== undefined;
  const digits = spec.id.slice(-10);
  return {
    NetworkInterfaceId: spec.id,
    OwnerId: account,
    VpcId: vpcId(plan, spec.at.vpc),
    SubnetId: subnetId(plan, spec.at),
    AvailabilityZone: zoneName(plan, viewer, spec.at.subnet.zone),
    AvailabilityZoneId: zoneId(plan, viewer, spec.at.subnet.zone),
    Description: spec.description,
    InterfaceType: spec.type,
    Status: attached ? "in-use" : "available",
    MacAddress: `0a:${digits.match(/../g)?.join(":") ?? ""}`,
    RequesterManaged: spec.requester !== undefined,
    RequesterId: spec.requester?.id,
    SourceDestCheck: spec.type !== "natGateway",
    Ipv6Native: spec.at.subnet.use === "ipv6",
    Groups: spec.type === "natGateway" ? [] : securityGroups(plan, spec),
    PrivateIpAddress: primary === undefined ? undefined : formatIpv4(primary),
    PrivateDnsName: primary === undefined ? undefined : privateName(region, primary),
    PrivateIpAddresses: spec.ipv4.map((address, index) => ({
      PrivateIpAddress: formatIpv4(address),
      PrivateDnsName: privateName(region, address),
      Primary: index === 0,
      Association: association(
        region,
        spec.public.find((each) => each.privateAddress === address),
      ),
    })),
    Association: association(region, onPrimary),
    Ipv6Address: spec.ipv6[0] === undefined ? undefined : formatIpv6(spec.ipv6[0]),
    Ipv6Addresses: spec.ipv6.map((address) => ({ Ipv6Address: formatIpv6(address) })),
    Ipv4Prefixes: spec.ipv4Prefixes.map((base) => ({ Ipv4Prefix: formatIpv4Block({ base, length: 28 }) })),
    Ipv6Prefixes: spec.ipv6Prefixes.map((base) => ({ Ipv6Prefix: formatIpv6Block({ base, length: 80 }) })),
    Attachment: attached ? attachment(account, spec) : undefined,
    TagSet: viewer.account === spec.place.account ? [...spec.tags] : [],
  };
}

function attachment(account: string, spec: InterfaceSpec) {
  const prefix = spec.requester === undefined ? "eni-attach-" : "ela-attach-";
  return {
    AttachmentId: spec.id.replace(/^eni-/, prefix),
    AttachTime: spec.instance === undefined ? undefined : spec.attachedAt,
    DeleteOnTermination: spec.instance !== undefined && spec.device === 0,
    DeviceIndex: spec.device,
    NetworkCardIndex: spec.instance === undefined ? undefined : 0,
    InstanceId: spec.instance,
    InstanceOwnerId: spec.requester?.attachmentOwner ?? account,
    Status: "attached" as const,
  };
}

function association(region: string, address: PublicAddress | undefined) {
  if (address === undefined) return undefined;
  return {
    PublicIp: address.address,
    PublicDnsName: publicName(region, address.address),
    IpOwnerId: address.owner,
    AllocationId: address.allocationId,
    AssociationId: address.associationId,
  };
}

function securityGroups(plan: Plan, spec: InstanceSpec | InterfaceSpec) {
  const { place, at } = spec;
  return [
    {
      GroupId: plan.ids.encode("sg", { ...place, series: 0, index: at.vpc.index }),
      GroupName: `${at.subnet.use}-hosts`,
    },
  ];
}

/** An Elastic IP and, where it is in use, what it is on. */
export function toAddress(
  plan: Plan,
  place: Place,
  elastic: { readonly address: string; readonly allocationId: string },
  holder: InterfaceSpec | undefined,
  tags: readonly Tag[],
): Address {
  const mapping = holder?.public.find((each) => each.allocationId === elastic.allocationId);
  const facts = {
    PublicIp: elastic.address,
    AllocationId: elastic.allocationId,
    Domain: "vpc" as const,
    PublicIpv4Pool: "amazon",
    NetworkBorderGroup: regionOf(plan, place.region),
    Tags: [...tags],
  };
  if (holder === undefined || mapping === undefined) return facts;
  return {
    ...facts,
    AssociationId: mapping.associationId,
    InstanceId: holder.instance,
    NetworkInterfaceId: holder.id,
    NetworkInterfaceOwnerId: accountOf(plan, holder.place.account).id,
    PrivateIpAddress: formatIpv4(mapping.privateAddress),
  };
}

function privateName(region: string, address: number): string {
  const zone = region === "us-east-1" ? "ec2.internal" : `${region}.compute.internal`;
  return `ip-${formatIpv4(address).replaceAll(".", "-")}.${zone}`;
}

function publicName(region: string, address: string): string {
  const zone = region === "us-east-1" ? "compute-1.amazonaws.com" : `${region}.compute.amazonaws.com`;
  return `ec2-${address.replaceAll(".", "-")}.${zone}`;
}
