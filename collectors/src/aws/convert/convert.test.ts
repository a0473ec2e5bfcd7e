import type { Address, Instance, NetworkInterface, Subnet, Vpc } from "@aws-sdk/client-ec2";
import { facetsOf, resourceSchema } from "@cadastre/contract/resource";
import { expect, test } from "vitest";
import { MalformedError } from "../../values.ts";
import { toElasticIp } from "./address.ts";
import { toInstance } from "./instance.ts";
import { toInterface } from "./interface.ts";
import { toNetwork } from "./network.ts";
import { type AwsPlace, ec2Arn } from "./place.ts";
import { toSubnet } from "./subnet.ts";
import { toTags } from "./tags.ts";

const ACCOUNT = "111122223333";
const OWNER = "999988887777";
const place: AwsPlace = { account: ACCOUNT, region: "eu-west-1" };
const inSharedVpc: AwsPlace = { ...place, ownerOfNetwork: (id) => (id === "vpc-shared" ? OWNER : undefined) };

const aVpc = (over: Partial<Vpc> = {}): Vpc => ({
  VpcId: "vpc-1",
  OwnerId: ACCOUNT,
  CidrBlock: "10.0.0.0/16",
  CidrBlockAssociationSet: [
    { AssociationId: "assoc-1", CidrBlock: "10.0.0.0/16", CidrBlockState: { State: "associated" } },
  ],
  IsDefault: false,
  State: "available",
  InstanceTenancy: "default",
  DhcpOptionsId: "dopt-1",
  ...over,
});

const aSubnet = (over: Partial<Subnet> = {}): Subnet => ({
  SubnetId: "subnet-1",
  SubnetArn: `arn:aws:ec2:eu-west-1:${ACCOUNT}:subnet/subnet-1`,
  OwnerId: ACCOUNT,
  VpcId: "vpc-1",
  CidrBlock: "10.0.1.0/24",
  AvailabilityZone: "eu-west-1a",
  AvailabilityZoneId: "euw1-az2",
  AvailableIpAddressCount: 251,
  ...over,
});

const anInstance = (over: Partial<Instance> = {}): Instance => ({
  InstanceId: "i-1",
  InstanceType: "m7g.large",
  State: { Name: "running" },
  VpcId: "vpc-1",
  SubnetId: "subnet-1",
  ...over,
});

test("ARNs are of the region's partition", () => {
  const vpcArn = (region: string) => ec2Arn({ account: ACCOUNT, region }, "vpc", "vpc-1");
  expect(vpcArn("eu-west-1")).toBe(`arn:aws:ec2:eu-west-1:${ACCOUNT}:vpc/vpc-1`);
  expect(vpcArn("cn-north-1")).toBe(`arn:aws-cn:ec2:cn-north-1:${ACCOUNT}:vpc/vpc-1`);
  expect(vpcArn("us-gov-east-1")).toBe(`arn:aws-us-gov:ec2:us-gov-east-1:${ACCOUNT}:vpc/vpc-1`);
});

test("a region of another partition is refused, not put into a wrong one", () => {
  for (const region of ["us-iso-east-1", "us-isob-east-1", "eusc-de-east-1", "europe-west1", "eu-west-1a", ""]) {
    expect(() => ec2Arn({ account: ACCOUNT, region }, "vpc", "vpc-1")).toThrow(RangeError);
  }
});

test("a VPC has its secondary and IPv6 blocks with their states, and only associated ones are in force", () => {
  const { id, attributes } = toNetwork(
    aVpc({
      CidrBlockAssociationSet: [
        { AssociationId: "assoc-2", CidrBlock: "100.64.0.0/16", CidrBlockState: { State: "associated" } },
        { AssociationId: "assoc-3", CidrBlock: "10.9.0.0/16", CidrBlockState: { State: "disassociated" } },
        { AssociationId: "assoc-4", CidrBlock: "10.8.0.0/16", CidrBlockState: { State: "failed" } },
        { AssociationId: "assoc-1", CidrBlock: "10.0.0.0/16", CidrBlockState: { State: "associated" } },
      ],
      Ipv6CidrBlockAssociationSet: [
        {
          AssociationId: "assoc-6",
          Ipv6CidrBlock: "2A05:d018:0:0::/56",
          Ipv6CidrBlockState: { State: "associated" },
        },
        { AssociationId: "assoc-7", Ipv6CidrBlockState: { State: "associating" } },
      ],
    }),
    place,
  );
  expect(attributes.blocks).toEqual([
    { prefix: "100.64.0.0/16", role: "secondary", state: "associated", associationId: "assoc-2" },
    { prefix: "10.9.0.0/16", role: "secondary", state: "disassociated", associationId: "assoc-3" },
    { prefix: "10.8.0.0/16", role: "secondary", state: "failed", associationId: "assoc-4" },
    { prefix: "10.0.0.0/16", role: "primary", state: "associated", associationId: "assoc-1" },
    { prefix: "2a05:d018::/56", role: "ipv6", state: "associated", associationId: "assoc-6" },
  ]);
  const parsed = resourceSchema("network").parse({ id, attributes });
  expect(facetsOf("network", parsed).prefixes).toEqual(["100.64.0.0/16", "10.0.0.0/16", "2a05:d018::/56"]);
});

test("a VPC has one primary block, the one in force, although its prefix is in the set twice", () => {
  const { attributes } = toNetwork(
    aVpc({
      CidrBlockAssociationSet: [
        { AssociationId: "assoc-0", CidrBlock: "10.0.0.0/16", CidrBlockState: { State: "disassociated" } },
        { AssociationId: "assoc-1", CidrBlock: "10.0.0.0/16", CidrBlockState: { State: "associated" } },
      ],
    }),
    place,
  );
  expect(attributes.blocks?.map(({ role, state }) => [role, state])).toEqual([
    ["secondary", "disassociated"],
    ["primary", "associated"],
  ]);
});

test("a VPC whose server lists no association set still has its primary block", () => {
  const { attributes } = toNetwork(aVpc({ CidrBlockAssociationSet: [] }), place);
  expect(attributes.blocks).toEqual([{ prefix: "10.0.0.0/16", role: "primary", state: "associated" }]);
});

test("blocks that cannot be what EC2 sends are refused", () => {
  const withBlock = (CidrBlock: string, State: string) =>
    aVpc({ CidrBlockAssociationSet: [{ CidrBlock, CidrBlockState: { State: State as "associated" } }] });
  expect(() => toNetwork(withBlock("10.0.0.1/16", "associated"), place)).toThrow(/10\.0\.0\.0\/16/);
  expect(() => toNetwork(withBlock("10.0.0.0/16", ""), place)).toThrow("block 10.0.0.0/16 has no state");
  expect(() => toNetwork(aVpc({ VpcId: undefined }), place)).toThrow(MalformedError);
});

test("a subnet has the addresses that AWS keeps for itself, and its free addresses make no change", () => {
  const { attributes, volatile } = toSubnet(aSubnet(), place);
  expect(attributes.cloudReservedCount).toBe(5);
  expect(volatile).toEqual({ availableAddressCount: 251 });
  expect(JSON.stringify(attributes)).not.toContain("251");
});

test("an IPv6-only subnet has no IPv4 block and no reserved addresses", () => {
  const { attributes, volatile } = toSubnet(
    aSubnet({
      CidrBlock: "",
      Ipv6Native: true,
      AvailableIpAddressCount: 0,
      Ipv6CidrBlockAssociationSet: [
        { AssociationId: "a", Ipv6CidrBlock: "2a05:d018::/64", Ipv6CidrBlockState: { State: "associated" } },
      ],
    }),
    place,
  );
  expect(attributes).toMatchObject({ ipv6Only: true, cloudReservedCount: 0 });
  expect(attributes.blocks?.map((block) => block.prefix)).toEqual(["2a05:d018::/64"]);
  expect(volatile).toBeUndefined();
});

test("a shared subnet is under its owner's ARN in its owner's VPC, without the viewer's own name for the zone", () => {
  const shared = aSubnet({
    SubnetId: "subnet-s",
    SubnetArn: `arn:aws:ec2:eu-west-1:${OWNER}:subnet/subnet-s`,
    OwnerId: OWNER,
    VpcId: "vpc-shared",
  });
  const seen = toSubnet(shared, place);
  expect(seen.id).toBe(`arn:aws:ec2:eu-west-1:${OWNER}:subnet/subnet-s`);
  expect(seen.attributes).toMatchObject({
    network: `arn:aws:ec2:eu-west-1:${OWNER}:vpc/vpc-shared`,
    ownerAccount: OWNER,
    zoneId: "euw1-az2",
  });
  expect(seen.attributes.zone).toBeUndefined();
  expect(toSubnet(shared, { account: OWNER, region: "eu-west-1" }).attributes.zone).toBe("eu-west-1a");
  expect(toSubnet({ ...shared, SubnetArn: undefined }, place).id).toBe(seen.id);
});

test("an instance has all addresses and delegated prefixes of all its interfaces", () => {
  const { id, attributes } = toInstance(
    anInstance({
      LaunchTime: new Date("2026-01-02T03:04:05Z"),
      PublicDnsName: "",
      PrivateDnsName: "ip-10-0-1-7.eu-west-1.compute.internal",
      IamInstanceProfile: { Arn: `arn:aws:iam::${ACCOUNT}:instance-profile/web` },
      NetworkInterfaces: [
        {
          NetworkInterfaceId: "eni-1",
          Attachment: { DeviceIndex: 0 },
          VpcId: "vpc-1",
          SubnetId: "subnet-1",
          MacAddress: "02:00:00:00:00:01",
          Association: { PublicIp: "54.1.1.1" },
          PrivateIpAddress: "10.0.1.7",
          PrivateIpAddresses: [
            { PrivateIpAddress: "10.0.1.7", Primary: true, Association: { PublicIp: "54.1.1.1" } },
            { PrivateIpAddress: "10.0.1.8", Primary: false, Association: { PublicIp: "54.1.1.2" } },
            { PrivateIpAddress: "10.0.1.9", Primary: false },
          ],
          Ipv6Addresses: [{ Ipv6Address: "2a05:d018:0:0:0:0:0:7" }],
          Ipv4Prefixes: [{ Ipv4Prefix: "10.0.1.16/28" }],
          Ipv6Prefixes: [{ Ipv6Prefix: "2a05:d018:0:0:1::/80" }],
        },
        {
          NetworkInterfaceId: "eni-2",
          Attachment: { DeviceIndex: 1 },
          VpcId: "vpc-1",
          SubnetId: "subnet-2",
          PrivateIpAddresses: [
            { PrivateIpAddress: "10.0.2.7", Primary: true, Association: { CarrierIp: "155.146.0.9" } },
          ],
        },
      ],
    }),
    place,
  );
  expect(attributes).toMatchObject({
    launchTime: "2026-01-02T03:04:05.000Z",
    network: `arn:aws:ec2:eu-west-1:${ACCOUNT}:vpc/vpc-1`,
    hostName: "ip-10-0-1-7.eu-west-1.compute.internal",
    role: `arn:aws:iam::${ACCOUNT}:instance-profile/web`,
  });
  expect(attributes.publicHostName).toBeUndefined();
  expect(attributes.interfaces?.[0]).toMatchObject({
    interfaceId: "eni-1",
    deviceIndex: 0,
    subnet: `arn:aws:ec2:eu-west-1:${ACCOUNT}:subnet/subnet-1`,
    privateAddresses: [
      { address: "10.0.1.7", primary: true, publicAddress: "54.1.1.1" },
      { address: "10.0.1.8", primary: false, publicAddress: "54.1.1.2" },
      { address: "10.0.1.9", primary: false },
    ],
    publicAddresses: ["54.1.1.1", "54.1.1.2"],
    ipv6Addresses: ["2a05:d018::7"],
    delegatedPrefixes: ["10.0.1.16/28", "2a05:d018:0:0:1::/80"],
  });
  const parsed = resourceSchema("instance").parse({ id, attributes });
  expect(new Set(facetsOf("instance", parsed).prefixes)).toEqual(
    new Set([
      "10.0.1.7/32",
      "10.0.1.8/32",
      "10.0.1.9/32",
      "54.1.1.1/32",
      "54.1.1.2/32",
      "10.0.2.7/32",
      "155.146.0.9/32",
      "2a05:d018::7/128",
      "10.0.1.16/28",
      "2a05:d018:0:0:1::/80",
    ]),
  );
});

test("an instance in a shared subnet names the owner's VPC and subnet", () => {
  const { attributes } = toInstance(
    anInstance({
      VpcId: "vpc-shared",
      SubnetId: "subnet-s",
      NetworkInterfaces: [{ NetworkInterfaceId: "eni-1", VpcId: "vpc-shared", SubnetId: "subnet-s" }],
    }),
    inSharedVpc,
  );
  expect(attributes.network).toBe(`arn:aws:ec2:eu-west-1:${OWNER}:vpc/vpc-shared`);
  expect(attributes.interfaces?.[0]).toMatchObject({
    network: `arn:aws:ec2:eu-west-1:${OWNER}:vpc/vpc-shared`,
    subnet: `arn:aws:ec2:eu-west-1:${OWNER}:subnet/subnet-s`,
  });
});

test("a terminated instance is kept with its state and holds no address", () => {
  const { attributes } = toInstance(
    anInstance({
      State: { Name: "terminated" },
      VpcId: undefined,
      SubnetId: undefined,
      NetworkInterfaces: [{ NetworkInterfaceId: "eni-1", PrivateIpAddress: "10.0.1.7" }],
    }),
    place,
  );
  expect(attributes).toMatchObject({ state: "terminated", interfaces: [] });
  expect(attributes.network).toBeUndefined();
});

test("an instance whose server lists no interfaces has the addresses that it names itself", () => {
  const { attributes } = toInstance(
    anInstance({ PrivateIpAddress: "10.0.1.7", PublicIpAddress: "54.1.1.1", Ipv6Address: "2a05:d018::7" }),
    place,
  );
  expect(attributes.interfaces).toMatchObject([
    {
      subnet: `arn:aws:ec2:eu-west-1:${ACCOUNT}:subnet/subnet-1`,
      privateAddresses: [{ address: "10.0.1.7", primary: true, publicAddress: "54.1.1.1" }],
      publicAddresses: ["54.1.1.1"],
      ipv6Addresses: ["2a05:d018::7"],
    },
  ]);
});

test("an instance without id, state or type, or with an address that is none, is refused", () => {
  for (const over of [
    { InstanceId: undefined },
    { State: {} },
    { InstanceType: undefined },
    { PrivateIpAddress: "10.0.1.07" },
  ]) {
    expect(() => toInstance(anInstance(over), place)).toThrow(MalformedError);
  }
});

const anInterface = (over: Partial<NetworkInterface> = {}): NetworkInterface => ({
  NetworkInterfaceId: "eni-1",
  OwnerId: ACCOUNT,
  Status: "in-use",
  VpcId: "vpc-1",
  SubnetId: "subnet-1",
  PrivateIpAddresses: [{ PrivateIpAddress: "10.0.1.7", Primary: true }],
  ...over,
});

test("an interface that a service made says so, and its attachment to the service names no instance", () => {
  const { attributes } = toInterface(
    anInterface({
      RequesterManaged: true,
      RequesterId: "amazon-elb",
      Description: "ELB app/web/50dc6c495c0c9188",
      InterfaceType: "network_load_balancer",
      Groups: [{ GroupId: "sg-1", GroupName: "web" }],
      Attachment: {
        AttachmentId: "ela-attach-1",
        InstanceId: "i-of-elb",
        InstanceOwnerId: "amazon-elb",
        Status: "attached",
      },
    }),
    place,
  );
  expect(attributes).toMatchObject({
    requesterManaged: true,
    requesterId: "amazon-elb",
    description: "ELB app/web/50dc6c495c0c9188",
    type: "network_load_balancer",
    securityGroups: ["sg-1"],
    attachment: { attachmentId: "ela-attach-1", instanceOwner: "amazon-elb", state: "attached" },
  });
  expect(attributes.attachment?.instance).toBeUndefined();
});

test("an interface names the instance that it is attached to, of the account that owns that", () => {
  const attached = (InstanceOwnerId?: string) =>
    toInterface(anInterface({ Attachment: { InstanceId: "i-1", InstanceOwnerId, DeviceIndex: 1 } }), place).attributes
      .attachment;
  expect(attached(ACCOUNT)).toMatchObject({
    instance: `arn:aws:ec2:eu-west-1:${ACCOUNT}:instance/i-1`,
    deviceIndex: 1,
  });
  expect(attached(OWNER)?.instance).toBe(`arn:aws:ec2:eu-west-1:${OWNER}:instance/i-1`);
  expect(attached()?.instance).toBe(`arn:aws:ec2:eu-west-1:${ACCOUNT}:instance/i-1`);
});

test("an interface's tags are read from TagSet and its references from the VPC's owner", () => {
  const seen = toInterface(
    anInterface({ VpcId: "vpc-shared", SubnetId: "subnet-s", TagSet: [{ Key: "Name", Value: "nat" }] }),
    inSharedVpc,
  );
  expect(seen).toMatchObject({ name: "nat", tags: { Name: "nat" } });
  expect(seen.attributes.subnet).toBe(`arn:aws:ec2:eu-west-1:${OWNER}:subnet/subnet-s`);
});

test("an Elastic IP is in use while it is associated, else reserved", () => {
  const free: Address = { AllocationId: "eipalloc-1", PublicIp: "54.1.1.1", NetworkBorderGroup: "eu-west-1" };
  expect(toElasticIp(free, place)).toMatchObject({
    id: `arn:aws:ec2:eu-west-1:${ACCOUNT}:elastic-ip/eipalloc-1`,
    attributes: { address: "54.1.1.1", type: "external", state: "reserved", attachedTo: [] },
  });
  const used: Address = {
    ...free,
    AssociationId: "eipassoc-1",
    InstanceId: "i-1",
    NetworkInterfaceId: "eni-1",
    NetworkInterfaceOwnerId: ACCOUNT,
    PrivateIpAddress: "10.0.1.7",
    PublicIpv4Pool: "amazon",
  };
  expect(toElasticIp(used, place).attributes).toMatchObject({
    state: "in-use",
    associationId: "eipassoc-1",
    attachedTo: [
      `arn:aws:ec2:eu-west-1:${ACCOUNT}:instance/i-1`,
      `arn:aws:ec2:eu-west-1:${ACCOUNT}:network-interface/eni-1`,
    ],
    privateAddress: "10.0.1.7",
    pool: "amazon",
  });
  expect(toElasticIp({ ...used, NetworkInterfaceOwnerId: "amazon-nat" }, place).attributes.attachedTo).toHaveLength(1);
});

test("an Elastic IP of a carrier or of the customer's own pool has that address", () => {
  expect(toElasticIp({ AllocationId: "eipalloc-1", CarrierIp: "155.146.0.9" }, place).attributes.address).toBe(
    "155.146.0.9",
  );
  expect(
    toElasticIp({ AllocationId: "eipalloc-1", CustomerOwnedIp: "198.51.100.4", CustomerOwnedIpv4Pool: "coip-1" }, place)
      .attributes,
  ).toMatchObject({ address: "198.51.100.4", pool: "coip-1" });
  expect(() => toElasticIp({ PublicIp: "54.1.1.1" }, place)).toThrow(MalformedError);
});

test("all tags are kept, those of AWS too, and Name is the name", () => {
  expect(
    toTags([
      { Key: "aws:cloudformation:stack-name", Value: "net" },
      { Key: "Name", Value: "données" },
      { Key: "empty", Value: undefined },
    ]),
  ).toEqual({ name: "données", tags: { "aws:cloudformation:stack-name": "net", Name: "données", empty: "" } });
  expect(toTags(undefined)).toEqual({ name: "", tags: {} });
});
