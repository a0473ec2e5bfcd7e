import {
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRegionsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
} from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { items } from "./sequence.ts";
import { type Bench, ec2, startBench } from "./test-clients.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench({ instancesPerAccountRegion: 300 });
});
afterAll(() => bench.stop());

const viewOf = (account: number, region = "eu-west-1") =>
  bench.estate.view(bench.estate.accounts[account]?.id ?? "", region);

describe("selecting", () => {
  test("filters take several values, wildcards, tags and tag keys, and all of them must fit", async () => {
    const instances = [...items(viewOf(0).instances)];
    const expected = instances.filter(
      (each) =>
        each.State?.Name === "running" &&
        each.Tags?.some((tag) => tag.Key === "Name" && /^web-.*/u.test(tag.Value ?? "")),
    );
    const found = await ec2(bench).send(
      new DescribeInstancesCommand({
        Filters: [
          { Name: "instance-state-name", Values: ["running", "nonsense"] },
          { Name: "tag:Name", Values: ["web-*"] },
          { Name: "tag-key", Values: ["env"] },
        ],
      }),
    );
    const ids = found.Reservations?.flatMap((each) => (each.Instances ?? []).map((one) => one.InstanceId));
    expect(expected.length).toBeGreaterThan(0);
    expect(ids).toEqual(expected.map((each) => each.InstanceId));
  });

  test("an unknown filter and an unknown id are errors", async () => {
    const filter = ec2(bench).send(new DescribeVpcsCommand({ Filters: [{ Name: "toString", Values: ["x"] }] }));
    await expect(filter).rejects.toMatchObject({ name: "InvalidParameterValue" });
    const foreign = [...items(viewOf(1).instances)][0]?.InstanceId ?? "";
    const id = ec2(bench).send(new DescribeInstancesCommand({ InstanceIds: [foreign] }));
    await expect(id).rejects.toMatchObject({ name: "InvalidInstanceID.NotFound" });
  });

  test("DryRun answers DryRunOperation", async () => {
    const asked = ec2(bench).send(new DescribeNetworkInterfacesCommand({ DryRun: true }));
    await expect(asked).rejects.toMatchObject({ name: "DryRunOperation" });
  });
});

describe("regions", () => {
  test("lists enabled regions, and with AllRegions those not opted in", async () => {
    const { Regions = [] } = await ec2(bench).send(new DescribeRegionsCommand({}));
    expect(Regions.map((region) => region.RegionName)).toEqual(["eu-west-1", "us-east-1"]);
    const all = (await ec2(bench).send(new DescribeRegionsCommand({ AllRegions: true }))).Regions ?? [];
    expect(all.find((region) => region.RegionName === "me-south-1")?.OptInStatus).toBe("not-opted-in");
    expect(all.find((region) => region.RegionName === "eu-west-1")).toMatchObject({
      OptInStatus: "opt-in-not-required",
      Endpoint: "ec2.eu-west-1.amazonaws.com",
    });
  });

  test("a region that is not enabled answers AuthFailure", async () => {
    const asked = ec2(bench, { region: "me-south-1" }).send(new DescribeVpcsCommand({}));
    await expect(asked).rejects.toMatchObject({ name: "AuthFailure" });
  });

  test.for([
    ["cn-north-1", "arn:aws-cn:ec2:", "ec2.cn-north-1.amazonaws.com.cn", "cnn1-az1"],
    ["us-gov-west-1", "arn:aws-us-gov:ec2:", "ec2.us-gov-west-1.amazonaws.com", "usgw1-az1"],
  ] as const)("%s has the ARNs, endpoint and zones of its partition", async ([region, arn, endpoint, zone]) => {
    const other = await startBench({ accounts: 1, regions: [region], instancesPerAccountRegion: 0 });
    const client = ec2(other, { region });
    const { Subnets } = await client.send(new DescribeSubnetsCommand({}));
    expect(Subnets?.[0]?.SubnetArn).toContain(arn);
    expect(Subnets?.[0]?.AvailabilityZoneId).toBe(zone);
    const { Regions } = await client.send(new DescribeRegionsCommand({}));
    expect(Regions).toEqual([{ RegionName: region, Endpoint: endpoint, OptInStatus: "opt-in-not-required" }]);
    await other.stop();
  });
});
