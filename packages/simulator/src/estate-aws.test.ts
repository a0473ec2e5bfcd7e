import { expect, test } from "vitest";
import type { AwsEstateOptions } from "./aws/plan.ts";
import { countOf, items } from "./aws/sequence.ts";
import { createAwsEstate } from "./estate-aws.ts";

const anEstate = (options: Partial<AwsEstateOptions> = {}) =>
  createAwsEstate({ seed: "one", accounts: 3, instancesPerAccountRegion: 120, ...options });

const region = "eu-west-1";

function contents(estate: ReturnType<typeof createAwsEstate>, account = 0) {
  const view = estate.view(estate.accounts[account]?.id ?? "", region);
  return {
    accounts: estate.accounts,
    vpcs: [...items(view.vpcs)],
    subnets: [...items(view.subnets)],
    reservations: [...items(view.reservations)],
    interfaces: [...items(view.networkInterfaces)],
    addresses: [...items(view.addresses)],
  };
}

function aView(estate: ReturnType<typeof createAwsEstate>, account = 0) {
  return estate.view(estate.accounts[account]?.id ?? "", region);
}

function instance(estate: ReturnType<typeof createAwsEstate>, id: string) {
  return [...items(aView(estate).instances)].find((each) => each.InstanceId === id);
}

test("equal seeds give equal estates and other seeds other ones", () => {
  expect(contents(anEstate())).toEqual(contents(anEstate()));
  expect(contents(anEstate()).accounts).not.toEqual(contents(anEstate({ seed: "two" })).accounts);
  expect(contents(anEstate()).vpcs).not.toEqual(contents(anEstate({ seed: "two" })).vpcs);
});

test("an element is the same whichever others were asked for before", () => {
  const one = aView(anEstate());
  const other = aView(anEstate());
  [...items(other.instances)].reverse();
  expect(one.instances.at(77)).toEqual(other.instances.at(77));
});

test("ids lead back to their resources and no two resources share one", () => {
  const { vpcs, subnets, reservations, interfaces, addresses } = contents(anEstate(), 1);
  const ids = [
    ...vpcs.map((each) => each.VpcId),
    ...subnets.map((each) => each.SubnetId),
    ...reservations.flatMap((each) => (each.Instances ?? []).map((one) => one.InstanceId)),
    ...interfaces.map((each) => each.NetworkInterfaceId),
    ...addresses.map((each) => each.AllocationId),
  ];
  expect(new Set(ids.map((id) => id?.split("-")[1])).size).toBe(ids.length);
  expect(ids.every((id) => /^[a-z]+-0[0-9a-f]{16}$/.test(id ?? ""))).toBe(true);
});

test.for([
  [{ accounts: 0 }, "accounts must be a whole number from 1"],
  [{ instancesPerAccountRegion: 1.5 }, "instancesPerAccountRegion must be"],
  [{ vpcsPerAccountRegion: 251 }, "vpcsPerAccountRegion must be"],
  [{ regions: [] }, "regions must name at least one"],
  [{ regions: ["moon-1"] }, "moon-1 is no AWS region"],
  [{ regions: ["eu-west-1", "eu-west-1"] }, "twice"],
] as const)("options %o are refused", ([options, message]) => {
  expect(() => anEstate(options)).toThrow(message);
});

test("an added instance has a free address of its subnet and shows in instances, interfaces and counts", () => {
  const estate = anEstate();
  const account = estate.accounts[0]?.id ?? "";
  const subnet = contents(estate).subnets.find((each) => each.CidrBlock?.endsWith("/19"));
  const before = subnet?.AvailableIpAddressCount ?? 0;
  const subnetId = subnet?.SubnetId ?? "";
  const id = estate.mutate.addInstance({ account, region, subnetId, tags: { Name: "new" } });
  const added = instance(estate, id);
  expect(added).toMatchObject({
    SubnetId: subnetId,
    State: { Name: "running" },
    Tags: [{ Key: "Name", Value: "new" }],
  });
  expect(countOf(aView(estate).instances)).toBe(121);
  const after = contents(estate);
  expect(after.interfaces.filter((each) => each.Attachment?.InstanceId === id).length).toBe(1);
  expect(after.reservations.flatMap((each) => each.Instances ?? []).length).toBe(121);
  expect(after.subnets.find((each) => each.SubnetId === subnetId)?.AvailableIpAddressCount).toBe(before - 1);
});

test("an address in use or outside the subnet cannot be taken, and one that became free can", () => {
  const estate = anEstate();
  const account = estate.accounts[0]?.id ?? "";
  const running = contents(estate).reservations.flatMap((each) => each.Instances ?? []);
  const victim = running.find((each) => each.PrivateIpAddress !== undefined && each.State?.Name === "running");
  const wanted = { account, region, subnetId: victim?.SubnetId ?? "", privateIp: victim?.PrivateIpAddress ?? "" };
  expect(() => estate.mutate.addInstance(wanted)).toThrow("is in use");
  expect(() => estate.mutate.addInstance({ ...wanted, privateIp: "192.0.2.1" })).toThrow("is no address for a machine");
  estate.mutate.terminate(victim?.InstanceId ?? "");
  const successor = estate.mutate.addInstance(wanted);
  expect(instance(estate, successor)?.PrivateIpAddress).toBe(victim?.PrivateIpAddress);
  expect(instance(estate, victim?.InstanceId ?? "")).toMatchObject({
    State: { Name: "terminated" },
    NetworkInterfaces: [],
  });
});

test("a removed instance leaves with its interfaces and its Elastic IP stays behind unused", () => {
  const estate = anEstate();
  const held = contents(estate).addresses.find((each) => each.InstanceId !== undefined);
  const id = held?.InstanceId ?? "";
  estate.mutate.remove(id);
  const after = contents(estate);
  expect(instance(estate, id)).toBeUndefined();
  expect(after.interfaces.some((each) => each.Attachment?.InstanceId === id)).toBe(false);
  const left = after.addresses.find((each) => each.AllocationId === held?.AllocationId);
  expect(left?.PublicIp).toBe(held?.PublicIp);
  expect(left?.AssociationId).toBeUndefined();
});

test("an Elastic IP moves from one instance to another and back", () => {
  const estate = anEstate();
  const { addresses, reservations } = contents(estate);
  const held = addresses.find((each) => each.InstanceId !== undefined);
  const from = held?.InstanceId ?? "";
  const ip = held?.PublicIp ?? "";
  const to = reservations
    .flatMap((each) => each.Instances ?? [])
    .find(
      (each) => each.InstanceId !== from && each.PrivateIpAddress !== undefined && each.PublicIpAddress === undefined,
    );
  const target = to?.InstanceId ?? "";
  const holder = () => contents(estate).addresses.find((each) => each.PublicIp === ip)?.InstanceId;
  estate.mutate.moveIp(ip, { from, to: target });
  expect([instance(estate, from)?.PublicIpAddress, instance(estate, target)?.PublicIpAddress]).toEqual([undefined, ip]);
  expect(holder()).toBe(target);
  estate.mutate.moveIp(ip, { from: target, to: from });
  expect([instance(estate, from)?.PublicIpAddress, instance(estate, target)?.PublicIpAddress]).toEqual([ip, undefined]);
  expect(holder()).toBe(from);
});

test("a secondary private address moves within its subnet and back, a primary one and one of another subnet do not", () => {
  const estate = anEstate();
  const instances = contents(estate).reservations.flatMap((each) => each.Instances ?? []);
  const addresses = (id: string) =>
    instance(estate, id)?.NetworkInterfaces?.[0]?.PrivateIpAddresses?.map((each) => each.PrivateIpAddress) ?? [];
  const source = instances.find((each) => (each.NetworkInterfaces?.[0]?.PrivateIpAddresses?.length ?? 0) > 1);
  const from = source?.InstanceId ?? "";
  const inSubnet = (same: boolean) =>
    instances.find(
      (each) =>
        each.InstanceId !== from &&
        each.PrivateIpAddress !== undefined &&
        (each.SubnetId === source?.SubnetId) === same,
    )?.InstanceId ?? "";
  const to = inSubnet(true);
  const ip = addresses(from)[1] ?? "";
  const before = addresses(to).length;
  estate.mutate.moveIp(ip, { from, to });
  expect(addresses(from)).not.toContain(ip);
  expect(addresses(to)).toContain(ip);
  estate.mutate.moveIp(ip, { from: to, to: from });
  expect(addresses(from)).toContain(ip);
  expect(addresses(to).length).toBe(before);
  expect(() => estate.mutate.moveIp(addresses(from)[0] ?? "", { from, to })).toThrow("no secondary address");
  expect(() => estate.mutate.moveIp(ip, { from, to: inSubnet(false) })).toThrow("only move within its subnet");
});

test("tags, VPCs, subnets and regions change by id and name, and what is not there is refused", () => {
  const estate = anEstate();
  const account = estate.accounts[0]?.id ?? "";
  const { vpcs, subnets } = contents(estate);
  estate.mutate.retag(vpcs[1]?.VpcId ?? "", { Name: "renamed" });
  estate.mutate.remove(subnets[0]?.SubnetId ?? "");
  expect(contents(estate).vpcs[1]?.Tags).toEqual([{ Key: "Name", Value: "renamed" }]);
  expect(contents(estate).subnets.length).toBe(subnets.length - 1);
  estate.mutate.setRegionEnabled(account, region, false);
  expect(estate.isEnabled(account, region)).toBe(false);
  expect([...items(aView(estate).regions)].find((each) => each.RegionName === region)?.OptInStatus).toBe(
    "not-opted-in",
  );
  estate.mutate.setRegionEnabled(account, region, true);
  expect(estate.isEnabled(account, region)).toBe(true);
  expect(() => estate.mutate.remove("i-00000000000000000")).toThrow("there is no resource");
  for (const kind of ["vpc", "subnet", "eni", "sg"])
    expect(() => estate.mutate.retag(`${kind}-00123456789abcdef`, {})).toThrow("there is no resource");
  expect(() => estate.mutate.terminate("i-1")).toThrow("there is no instance i-1");
  expect(() => estate.view("000000000000", region)).toThrow("no active account");
  expect(() => estate.view(account, "eu-west-2")).toThrow("no region eu-west-2");
});
