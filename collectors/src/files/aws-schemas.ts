import type { Address, Instance, NetworkInterface, Reservation, Subnet, Vpc } from "@aws-sdk/client-ec2";
import * as z from "zod";
import { membersOf } from "./lists.ts";

/*
 * As in a live listing, what names no owner is the account's whose listing it is.
 *
 * What the AWS CLI prints has the SDK's member names, with dates as texts. The schemas hold the members that the converters read;
 * words that AWS may add to (types, states) are any text here.
 */

const text = z.string();
const flag = z.boolean().optional();
const id = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}-[0-9a-z]+$`), `must be an id such as ${prefix}-0123456789abcdef0`);
const account = z.string().regex(/^\d{12}$/, "must be an account's number, 12 digits");
const list = <Item extends z.ZodType>(item: Item) => z.array(item).optional();
const tags = list(z.object({ Key: text, Value: text }));
const dateTime = z.iso
  .datetime({ offset: true })
  .transform((value) => new Date(value))
  .optional();
const association = z
  .object({ PublicIp: text.optional(), CarrierIp: text.optional(), CustomerOwnedIp: text.optional() })
  .optional();
const ipv6Blocks = list(
  z.object({
    AssociationId: text.optional(),
    Ipv6CidrBlock: text.optional(),
    Ipv6CidrBlockState: z.object({ State: text }),
  }),
);

const vpc = membersOf<Vpc>({
  VpcId: id("vpc"),
  OwnerId: account.optional(),
  CidrBlock: text,
  CidrBlockAssociationSet: z.array(
    z.object({ AssociationId: text.optional(), CidrBlock: text, CidrBlockState: z.object({ State: text }) }),
  ),
  Ipv6CidrBlockAssociationSet: ipv6Blocks,
  IsDefault: z.boolean(),
  State: text.optional(),
  InstanceTenancy: text.optional(),
  DhcpOptionsId: text.optional(),
  Tags: tags,
});

const subnet = membersOf<Subnet>({
  SubnetId: id("subnet"),
  SubnetArn: z
    .string()
    .regex(/^arn:(?:aws|aws-cn|aws-us-gov):ec2:[a-z0-9-]+:\d{12}:subnet\/subnet-[0-9a-z]+$/, "must be a subnet's ARN")
    .optional(),
  OwnerId: account.optional(),
  VpcId: id("vpc"),
  CidrBlock: text.optional(),
  Ipv6CidrBlockAssociationSet: ipv6Blocks,
  Ipv6Native: flag,
  AvailabilityZone: text,
  AvailabilityZoneId: text.optional(),
  AvailableIpAddressCount: z.int().min(0).optional(),
  DefaultForAz: flag,
  MapPublicIpOnLaunch: flag,
  State: text.optional(),
  Tags: tags,
});

const privateAddresses = list(
  z.object({ PrivateIpAddress: text, Primary: flag, PrivateDnsName: text.optional(), Association: association }),
);
const interfaceAddresses = {
  Association: association,
  PrivateIpAddress: text.optional(),
  PrivateIpAddresses: privateAddresses,
  Ipv6Addresses: list(z.object({ Ipv6Address: text })),
  Ipv4Prefixes: list(z.object({ Ipv4Prefix: text })),
  Ipv6Prefixes: list(z.object({ Ipv6Prefix: text })),
  MacAddress: text.optional(),
  VpcId: id("vpc").optional(),
  SubnetId: id("subnet").optional(),
};

const instance = membersOf<Instance>({
  InstanceId: id("i"),
  InstanceType: text,
  State: z.object({ Name: text }),
  ImageId: text.optional(),
  Placement: z.object({ AvailabilityZone: text.optional() }).optional(),
  LaunchTime: dateTime,
  VpcId: z.union([id("vpc"), z.literal("")]).optional(),
  SubnetId: z.union([id("subnet"), z.literal("")]).optional(),
  PrivateDnsName: text.optional(),
  PublicDnsName: text.optional(),
  PrivateIpAddress: text.optional(),
  PublicIpAddress: text.optional(),
  Ipv6Address: text.optional(),
  PlatformDetails: text.optional(),
  Platform: text.optional(),
  Architecture: text.optional(),
  KeyName: text.optional(),
  IamInstanceProfile: z.object({ Arn: text.optional() }).optional(),
  NetworkInterfaces: list(
    z.object({
      NetworkInterfaceId: id("eni"),
      Attachment: z.object({ DeviceIndex: z.int().min(0).optional() }).optional(),
      ...interfaceAddresses,
    }),
  ),
  Tags: tags,
});

const networkInterface = membersOf<NetworkInterface>({
  NetworkInterfaceId: id("eni"),
  OwnerId: account.optional(),
  Status: text,
  AvailabilityZone: text.optional(),
  InterfaceType: text.optional(),
  Description: text.optional(),
  RequesterManaged: flag,
  RequesterId: text.optional(),
  PrivateDnsName: text.optional(),
  Groups: list(z.object({ GroupId: text.optional() })),
  Attachment: z
    .object({
      AttachmentId: text.optional(),
      InstanceId: text.optional(),
      InstanceOwnerId: text.optional(),
      DeviceIndex: z.int().optional(),
      Status: text.optional(),
    })
    .optional(),
  ...interfaceAddresses,
  TagSet: tags,
});

const address = membersOf<Address>({
  AllocationId: id("eipalloc"),
  PublicIp: text.optional(),
  CarrierIp: text.optional(),
  CustomerOwnedIp: text.optional(),
  AssociationId: text.optional(),
  InstanceId: text.optional(),
  NetworkInterfaceId: text.optional(),
  NetworkInterfaceOwnerId: text.optional(),
  PrivateIpAddress: text.optional(),
  PublicIpv4Pool: text.optional(),
  CustomerOwnedIpv4Pool: text.optional(),
  NetworkBorderGroup: text.optional(),
  Tags: tags,
});

/** By the top-level member that the CLI prints the list under. */
export const awsLists = {
  Vpcs: z.array(vpc),
  Subnets: z.array(subnet),
  Reservations: z.array(membersOf<Reservation>({ OwnerId: account.optional(), Instances: z.array(instance) })),
  NetworkInterfaces: z.array(networkInterface),
  Addresses: z.array(address),
};
