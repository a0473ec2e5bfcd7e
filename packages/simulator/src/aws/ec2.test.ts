import {
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  type Instance,
  type NetworkInterface,
  paginateDescribeInstances,
  paginateDescribeNetworkInterfaces,
  paginateDescribeSubnets,
  paginateDescribeVpcs,
} from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { countOf, items } from "./sequence.ts";
import { type Bench, ec2, startBench } from "./test-clients.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench({ accounts: 4, instancesPerAccountRegion: 400, vpcsPerAccountRegion: 4 });
});
afterAll(() => bench.stop());

const viewOf = (account: number, region = "eu-west-1") =>
  bench.estate.view(bench.estate.accounts[account]?.id ?? "", region);

async function instancesOf(account: number, pageSize = 50): Promise<Instance[]> {
  const found: Instance[] = [];
  const pages = paginateDescribeInstances({ client: ec2(bench, { account }), pageSize }, {});
  for await (const page of pages) for (const each of page.Reservations ?? []) found.push(...(each.Instances ?? []));
  return found;
}

async function interfacesOf(account: number): Promise<NetworkInterface[]> {
  const found: NetworkInterface[] = [];
  const pages = paginateDescribeNetworkInterfaces({ client: ec2(bench, { account }), pageSize: 100 }, {});
  for await (const page of pages) found.push(...(page.NetworkInterfaces ?? []));
  return found;
}

describe("paging to the end", () => {
  test("finds every instance once, in pages of at most MaxResults reservations", async () => {
    const ids: string[] = [];
    for await (const page of paginateDescribeInstances({ client: ec2(bench), pageSize: 30 }, {})) {
      expect(page.Reservations?.length).toBeLessThanOrEqual(30);
      ids.push(
        ...(page.Reservations ?? []).flatMap((each) => (each.Instances ?? []).map((one) => one.InstanceId ?? "")),
      );
    }
    expect(ids.length).toBe(400);
    expect(new Set(ids)).toEqual(new Set([...items(viewOf(0).instances)].map((each) => each.InstanceId)));
    expect(new Set(ids).size).toBe(400);
  });

  test("finds every VPC, subnet and interface that the estate has", async () => {
    const client = ec2(bench, { account: 2 });
    let vpcs = 0;
    for await (const page of paginateDescribeVpcs({ client, pageSize: 5 }, {})) vpcs += page.Vpcs?.length ?? 0;
    let subnets = 0;
    for await (const page of paginateDescribeSubnets({ client, pageSize: 7 }, {})) subnets += page.Subnets?.length ?? 0;
    expect(vpcs).toBe(countOf(viewOf(2).vpcs));
    expect(vpcs).toBe(6);
    expect(subnets).toBe(countOf(viewOf(2).subnets));
    expect((await interfacesOf(2)).length).toBe(countOf(viewOf(2).networkInterfaces));
  });

  test("needs no pages for addresses", async () => {
    const { Addresses } = await ec2(bench).send(new DescribeAddressesCommand({}));
    expect(Addresses?.length).toBe(countOf(viewOf(0).addresses));
  });

  test.for([
    { MaxResults: 4, says: "greater than or equal to 5" },
    { MaxResults: 1_001, says: "less than or equal to 1000" },
  ])("refuses MaxResults $MaxResults", async ({ MaxResults, says }) => {
    const asked = ec2(bench).send(new DescribeVpcsCommand({ MaxResults }));
    await expect(asked).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: expect.stringContaining(says),
    });
  });

  test("refuses MaxResults together with ids", async () => {
    const asked = ec2(bench).send(new DescribeInstancesCommand({ MaxResults: 5, InstanceIds: ["i-1"] }));
    await expect(asked).rejects.toMatchObject({ name: "InvalidParameterCombination" });
  });

  test("refuses a token of another account, of another operation, and garbage", async () => {
    const { NextToken } = await ec2(bench).send(new DescribeInstancesCommand({ MaxResults: 5 }));
    const refused = { name: "InvalidPaginationToken" };
    const foreign = ec2(bench, { account: 2 }).send(new DescribeInstancesCommand({ MaxResults: 5, NextToken }));
    await expect(foreign).rejects.toMatchObject(refused);
    await expect(ec2(bench).send(new DescribeVpcsCommand({ NextToken }))).rejects.toMatchObject(refused);
    await expect(ec2(bench).send(new DescribeVpcsCommand({ NextToken: "x" }))).rejects.toMatchObject(refused);
  });
});

describe("networks", () => {
  test("every enabled region has the default VPC with one subnet in each zone", async () => {
    for (const region of bench.estate.regions) {
      const client = ec2(bench, { region });
      const { Vpcs = [] } = await client.send(new DescribeVpcsCommand({}));
      const found = Vpcs.filter((vpc) => vpc.IsDefault);
      expect(found.map((vpc) => vpc.CidrBlock)).toEqual(["172.31.0.0/16"]);
      const filter = { Name: "vpc-id", Values: [found[0]?.VpcId ?? ""] };
      const { Subnets = [] } = await client.send(new DescribeSubnetsCommand({ Filters: [filter] }));
      expect(Subnets.map((subnet) => subnet.CidrBlock)).toEqual(["172.31.0.0/20", "172.31.16.0/20", "172.31.32.0/20"]);
      expect(Subnets.every((subnet) => subnet.DefaultForAz === true)).toBe(true);
      expect(new Set(Subnets.map((subnet) => subnet.AvailabilityZoneId)).size).toBe(3);
    }
  });

  test("secondary blocks come associated, disassociating and failed with a message, IPv6 associated and given back", async () => {
    const { Vpcs = [] } = await ec2(bench).send(new DescribeVpcsCommand({}));
    const secondary = Vpcs.flatMap((vpc) => (vpc.CidrBlockAssociationSet ?? []).slice(1));
    expect(secondary.map((each) => each.CidrBlockState?.State)).toEqual(["associated", "disassociating", "failed"]);
    expect(secondary[2]?.CidrBlockState?.StatusMessage).toContain("VPC's route table");
    const ipv6 = Vpcs.flatMap((vpc) => vpc.Ipv6CidrBlockAssociationSet ?? []);
    expect(new Set(ipv6.map((each) => each.Ipv6CidrBlockState?.State))).toEqual(
      new Set(["associated", "disassociated"]),
    );
    expect(ipv6.every((each) => each.Ipv6Pool === "Amazon" && each.Ipv6CidrBlock?.endsWith("/56"))).toBe(true);
  });

  test("an IPv6-only subnet has no IPv4 block and its instances no IPv4 address", async () => {
    const { Subnets = [] } = await ec2(bench).send(new DescribeSubnetsCommand({}));
    const only = Subnets.filter((subnet) => subnet.Ipv6Native);
    expect(only.length).toBeGreaterThan(0);
    expect(only.every((subnet) => subnet.CidrBlock === undefined && subnet.AvailableIpAddressCount === 0)).toBe(true);
    const ids = only.map((subnet) => subnet.SubnetId);
    const inside = (await instancesOf(0)).filter((each) => ids.includes(each.SubnetId));
    expect(inside.length).toBeGreaterThan(0);
    expect(inside.every((each) => each.PrivateIpAddress === undefined && each.Ipv6Address !== undefined)).toBe(true);
  });

  test("a shared subnet is seen by owner and participant under the owner's ARN, its tags by the owner alone", async () => {
    const of = async (account: number) =>
      (await ec2(bench, { account }).send(new DescribeSubnetsCommand({}))).Subnets ?? [];
    const owner = bench.estate.accounts[1]?.id ?? "";
    const shared = (await of(2)).filter((subnet) => subnet.OwnerId === owner);
    expect(shared.length).toBe(3);
    const own = (await of(1)).filter((subnet) => shared.some((each) => each.SubnetId === subnet.SubnetId));
    expect(own.map((subnet) => subnet.SubnetArn)).toEqual(shared.map((subnet) => subnet.SubnetArn));
    expect(shared[0]?.SubnetArn).toBe(`arn:aws:ec2:eu-west-1:${owner}:subnet/${shared[0]?.SubnetId}`);
    expect(shared.every((subnet) => subnet.Tags?.length === 0)).toBe(true);
    expect(own.every((subnet) => (subnet.Tags?.length ?? 0) > 0)).toBe(true);
    expect(own.map((subnet) => subnet.AvailableIpAddressCount)).toEqual(
      shared.map((each) => each.AvailableIpAddressCount),
    );
  });

  test("participants live in shared subnets and the owner sees their interfaces without tags", async () => {
    const { Subnets = [] } = await ec2(bench, { account: 2 }).send(new DescribeSubnetsCommand({}));
    const owner = bench.estate.accounts[1]?.id;
    const shared = Subnets.filter((subnet) => subnet.OwnerId === owner).map((subnet) => subnet.SubnetId);
    const guests = (await interfacesOf(2)).filter((each) => shared.includes(each.SubnetId));
    expect(guests.length).toBeGreaterThan(0);
    const seen = (await interfacesOf(1)).filter((each) => each.OwnerId === bench.estate.accounts[2]?.id);
    expect(seen.map((each) => each.NetworkInterfaceId)).toEqual(guests.map((each) => each.NetworkInterfaceId));
    expect(seen.every((each) => each.TagSet?.length === 0)).toBe(true);
  });

  test("the available addresses of a subnet are its size less five and what interfaces and prefixes take", async () => {
    const { Subnets = [] } = await ec2(bench).send(new DescribeSubnetsCommand({}));
    const interfaces = await interfacesOf(0);
    for (const subnet of Subnets.filter((each) => each.CidrBlock !== undefined)) {
      const here = interfaces.filter((each) => each.SubnetId === subnet.SubnetId);
      const used = here.reduce(
        (sum, each) => sum + (each.PrivateIpAddresses?.length ?? 0) + 16 * (each.Ipv4Prefixes?.length ?? 0),
        0,
      );
      const size = 2 ** (32 - Number(subnet.CidrBlock?.split("/")[1]));
      expect(subnet.AvailableIpAddressCount).toBe(size - 5 - used);
    }
  });
});

describe("machines", () => {
  test("instances come in every state, with several interfaces, secondary, public and IPv6 addresses and prefixes", async () => {
    const instances = await instancesOf(0);
    const interfaces = instances.flatMap((each) => each.NetworkInterfaces ?? []);
    expect(new Set(instances.map((each) => each.State?.Name))).toEqual(
      new Set(["pending", "running", "shutting-down", "stopped", "stopping", "terminated"]),
    );
    expect(instances.some((each) => each.NetworkInterfaces?.length === 3)).toBe(true);
    expect(interfaces.some((each) => (each.PrivateIpAddresses?.length ?? 0) > 1)).toBe(true);
    expect(interfaces.some((each) => (each.Ipv6Addresses?.length ?? 0) > 1)).toBe(true);
    expect(
      interfaces.flatMap((each) => each.Ipv4Prefixes ?? []).every((each) => each.Ipv4Prefix?.endsWith("/28")),
    ).toBe(true);
    expect(interfaces.some((each) => each.Ipv4Prefixes?.length === 2)).toBe(true);
    expect(interfaces.some((each) => each.Ipv6Prefixes?.[0]?.Ipv6Prefix?.endsWith("/80"))).toBe(true);
    expect(instances.some((each) => each.PublicIpAddress !== undefined)).toBe(true);
    expect(instances.every((each) => each.LaunchTime instanceof Date)).toBe(true);
    expect(new Set(instances.map((each) => each.Architecture))).toEqual(new Set(["arm64", "x86_64"]));
    const gone = instances.filter((each) => each.State?.Name === "terminated");
    expect(gone.every((each) => each.SubnetId === undefined && each.NetworkInterfaces?.length === 0)).toBe(true);
  });

  test("no private address is used twice in a subnet, and no public one twice in the estate", async () => {
    const privately: string[] = [];
    const publicly: string[] = [];
    for (const account of [0, 1, 2, 3])
      for (const region of bench.estate.regions)
        for (const each of items(viewOf(account, region).networkInterfaces)) {
          if (each.OwnerId !== bench.estate.accounts[account]?.id) continue;
          for (const address of each.PrivateIpAddresses ?? [])
            privately.push(`${each.SubnetId} ${address.PrivateIpAddress}`);
          for (const address of each.Ipv6Addresses ?? []) publicly.push(address.Ipv6Address ?? "");
          for (const prefix of each.Ipv6Prefixes ?? []) publicly.push(prefix.Ipv6Prefix ?? "");
          for (const prefix of each.Ipv4Prefixes ?? []) privately.push(`${each.SubnetId} ${prefix.Ipv4Prefix}`);
          for (const address of each.PrivateIpAddresses ?? [])
            if (address.Association?.PublicIp !== undefined) publicly.push(address.Association.PublicIp);
        }
    expect(new Set(privately).size).toBe(privately.length);
    expect(new Set(publicly).size).toBe(publicly.length);
    expect(publicly.length).toBeGreaterThan(500);
  });

  test("the interfaces of instances are the same ones that DescribeNetworkInterfaces shows", async () => {
    const inside = (await instancesOf(0)).flatMap((each) => each.NetworkInterfaces ?? []);
    const listed = new Map((await interfacesOf(0)).map((each) => [each.NetworkInterfaceId, each]));
    for (const each of inside) {
      const same = listed.get(each.NetworkInterfaceId);
      expect(same?.PrivateIpAddress).toBe(each.PrivateIpAddress);
      expect(same?.Association?.PublicIp).toBe(each.Association?.PublicIp);
      expect(same?.MacAddress).toBe(each.MacAddress);
    }
  });

  test("load balancers, NAT gateways, Lambda and endpoints keep interfaces that AWS manages", async () => {
    const managed = (await interfacesOf(0)).filter((each) => each.RequesterManaged);
    expect(new Set(managed.map((each) => each.InterfaceType))).toEqual(
      new Set(["interface", "lambda", "natGateway", "network_load_balancer", "vpc_endpoint"]),
    );
    expect(managed.some((each) => each.Description?.startsWith("ELB app/"))).toBe(true);
    expect(managed.every((each) => each.Attachment?.InstanceOwnerId?.startsWith("amazon-"))).toBe(true);
    expect((await interfacesOf(0)).some((each) => each.Status === "available" && each.Attachment === undefined)).toBe(
      true,
    );
  });

  test("Elastic IPs are on the interface that shows them, or on nothing", async () => {
    const { Addresses = [] } = await ec2(bench).send(new DescribeAddressesCommand({}));
    const interfaces = new Map((await interfacesOf(0)).map((each) => [each.NetworkInterfaceId, each]));
    const attached = Addresses.filter((each) => each.AssociationId !== undefined);
    expect(attached.length).toBeGreaterThan(5);
    for (const each of attached)
      expect(interfaces.get(each.NetworkInterfaceId ?? "")?.Association?.PublicIp).toBe(each.PublicIp);
    expect(Addresses.filter((each) => each.AssociationId === undefined).length).toBeGreaterThanOrEqual(3);
  });

  test("names and tags with markup, quotes and other scripts arrive as they are", async () => {
    const [first, second, ...others] = await instancesOf(0);
    const tags = { "a<b>&\"'": "</value>]]>&amp;", Name: "データ 🚀 עברית 𝔘", space: "  two  spaces ", empty: "" };
    const id = first?.InstanceId ?? "";
    bench.estate.mutate.retag(id, tags);
    const { Reservations } = await ec2(bench).send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    const seen = Reservations?.[0]?.Instances?.[0]?.Tags ?? [];
    expect(Object.fromEntries(seen.map((tag) => [tag.Key, tag.Value]))).toEqual(tags);
    expect(second?.InstanceId).not.toBe(id);
    expect(others.flatMap((each) => each.Tags ?? []).some((tag) => tag.Value?.includes("&"))).toBe(true);
  });
});
