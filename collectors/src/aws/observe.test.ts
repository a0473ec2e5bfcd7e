import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { items } from "@cadastre/simulator/aws/sequence";
import { type AwsSimulator, startAwsSimulator } from "@cadastre/simulator/aws/server";
import { type AwsEstate, createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults } from "@cadastre/simulator/faults";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { aTestRun, type TestRun } from "../testing-recorder.ts";
import { AwsAccountsError } from "./observe.ts";
import { AWS_STEPS } from "./steps.ts";
import { observeAws } from "./testing.ts";

const faults = createFaults();
let estate: AwsEstate;
let simulator: AwsSimulator;

beforeAll(async () => {
  estate = createAwsEstate({ seed: "aws collector", accounts: 24, instancesPerAccountRegion: 12 });
  simulator = await startAwsSimulator({ estate, faults });
});
afterAll(() => simulator.stop());
beforeEach(() => {
  faults.clear();
  simulator.requests.reset();
  estate.accountsWithoutRole.clear();
  asAccount(0);
  return () => vi.unstubAllEnvs();
});

function asAccount(index: number): void {
  for (const [name, value] of Object.entries(awsEnvironment(simulator, { account: account(index) }))) {
    vi.stubEnv(name, value);
  }
}

function account(index: number): string {
  return estate.accounts[index]?.id ?? "";
}

const role = (index: number, name = estate.role.name) => ({
  roleArn: `arn:aws:iam::${account(index)}:role/${name}`,
  externalId: estate.role.externalId,
});
const organization = () => ({
  organization: { roleName: estate.role.name, externalId: estate.role.externalId },
});

/** The natural ids that an account owns or, for subnets, sees, read from the simulator's view without the converters. */
function truth(of: string, region: string) {
  const view = estate.view(of, region);
  const arn = (type: string, id: string | undefined, owner = of) => `arn:aws:ec2:${region}:${owner}:${type}/${id}`;
  const own = (owner: string | undefined) => owner === of;
  return {
    network: [...items(view.vpcs)].filter((v) => own(v.OwnerId)).map((v) => arn("vpc", v.VpcId)),
    subnet: [...items(view.subnets)].map((s) => arn("subnet", s.SubnetId, s.OwnerId)),
    instance: [...items(view.instances)].map((i) => arn("instance", i.InstanceId)),
    interface: [...items(view.networkInterfaces)]
      .filter((n) => own(n.OwnerId))
      .map((n) => arn("network-interface", n.NetworkInterfaceId)),
    address: [...items(view.addresses)].map((a) => arn("elastic-ip", a.AllocationId)),
  };
}

function expectTruth(run: TestRun, of: string, region: string): void {
  for (const [kind, ids] of Object.entries(truth(of, region)) as [keyof ReturnType<typeof truth>, string[]][]) {
    const scope = run.scope(of, region, kind);
    expect([kind, scope.status, scope.errors]).toEqual([kind, "complete", []]);
    expect([...scope.resources.keys()].sort()).toEqual(ids.sort());
    expect(scope.count).toBe(ids.length);
  }
}

test("an account's own estate is seen as it is, in all regions that it has enabled", async () => {
  asAccount(1);
  const run = aTestRun();
  await observeAws({ accounts: { own: true }, pageSize: 5 })(run.context);
  expect(run.scopes.size).toBe(estate.regions.length * AWS_STEPS.length);
  for (const region of estate.regions) expectTruth(run, account(1), region);
  expect(simulator.requests.count({ operation: "DescribeInstances" })).toBeGreaterThan(estate.regions.length);
});

test("every address of an instance in the estate is found in what was seen", async () => {
  asAccount(2);
  const run = aTestRun();
  await observeAws({ accounts: { own: true }, regions: ["eu-west-1"] })(run.context);
  const seen = JSON.stringify([...run.scope(account(2), "eu-west-1", "instance").resources.values()]);
  let addresses = 0;
  for (const instance of items(estate.view(account(2), "eu-west-1").instances)) {
    for (const of of instance.NetworkInterfaces ?? []) {
      const all = [
        ...(of.PrivateIpAddresses ?? []).flatMap((a) => [a.PrivateIpAddress, a.Association?.PublicIp]),
        ...(of.Ipv6Addresses ?? []).map((a) => a.Ipv6Address),
        ...(of.Ipv4Prefixes ?? []).map((p) => p.Ipv4Prefix),
        ...(of.Ipv6Prefixes ?? []).map((p) => p.Ipv6Prefix),
      ].filter((address) => address !== undefined);
      for (const address of all) expect(seen).toContain(`"${address}"`);
      addresses += all.length;
    }
  }
  expect(addresses).toBeGreaterThan(20);
});

test("a shared subnet is one resource for owner and participants, and the owner's VPC and the participants' interfaces stay theirs", async () => {
  const run = aTestRun();
  await observeAws({ accounts: { roles: [role(1), role(2)] }, regions: ["eu-west-1"] })(run.context);
  const [owner, participant] = [account(1), account(2)];
  const shared = [...run.scope(participant, "eu-west-1", "subnet").resources.values()].filter(
    (subnet) => subnet.attributes.ownerAccount === owner,
  );
  expect(shared).toHaveLength(3);
  const [vpc] = new Set(shared.map((subnet) => subnet.attributes.network as string));
  for (const subnet of shared) expect(run.scope(owner, "eu-west-1", "subnet").resources.has(subnet.id)).toBe(true);
  expect(run.scope(owner, "eu-west-1", "network").resources.has(vpc ?? "")).toBe(true);
  expect(run.scope(participant, "eu-west-1", "network").resources.has(vpc ?? "")).toBe(false);
  for (const kind of ["instance", "interface"] as const) {
    const there = [...run.scope(participant, "eu-west-1", kind).resources.values()].filter(
      (resource) => resource.attributes.network === vpc,
    );
    expect(there.length).toBeGreaterThan(0);
  }
  expectTruth(run, owner, "eu-west-1");
  expectTruth(run, participant, "eu-west-1");
});

test("references of instances are right when the subnets cannot be listed", async () => {
  faults.inject({ match: { operation: "DescribeSubnets" }, fault: { kind: "deny" } });
  const run = aTestRun();
  await observeAws({ accounts: { roles: [role(2)] }, regions: ["eu-west-1"] })(run.context);
  expect(run.scope(account(2), "eu-west-1", "subnet").status).toBe("failed");
  const instances = [...run.scope(account(2), "eu-west-1", "instance").resources.values()];
  expect(
    instances.some((i) => (i.attributes.network as string).startsWith(`arn:aws:ec2:eu-west-1:${account(1)}:`)),
  ).toBe(true);
});

test("each account of a list of roles is seen through its role, assumed once and at the regional endpoint", async () => {
  const run = aTestRun();
  await observeAws({ accounts: { roles: [role(1), role(2)] } })(run.context);
  expect(run.scopes.size).toBe(2 * estate.regions.length * AWS_STEPS.length);
  for (const of of [account(1), account(2)]) {
    for (const region of estate.regions) expectTruth(run, of, region);
  }
  expect(simulator.requests.list().filter(({ service }) => service === "sts")).toEqual([
    { service: "sts", operation: "AssumeRole", account: account(0), region: "eu-west-1", count: 2 },
  ]);
});

test("a whole organization is seen: pages of 20 and empty ones, active accounts alone, the caller's with its own credentials", async () => {
  const run = aTestRun();
  await observeAws({ accounts: organization(), regions: ["us-east-1"], concurrency: 3 })(run.context);
  const active = estate.accounts.filter(({ state }) => state === "ACTIVE");
  expect(active.length).toBe(24);
  expect(run.scopes.size).toBe(active.length * AWS_STEPS.length);
  for (const { id } of active) expectTruth(run, id, "us-east-1");
  expect(simulator.requests.count({ operation: "ListAccounts" })).toBeGreaterThan(2);
  expect(simulator.requests.count({ operation: "AssumeRole" })).toBe(active.length - 1);
});

test.each([
  ["only some", { only: [0, 2] }, [0, 2]],
  ["all but some", { except: [0, 2] }, "all but 0 and 2"],
] as const)("of an organization %s accounts are seen, when it is said which", async (_, chosen, seen) => {
  const run = aTestRun();
  const active = estate.accounts.filter(({ state }) => state === "ACTIVE").map(({ id }) => id);
  const numbers = [0, 2].map((index) => account(index));
  const filter = "only" in chosen ? { only: numbers } : { except: numbers };
  const accounts = { organization: { ...organization().organization, ...filter } };
  await observeAws({ accounts, regions: ["us-east-1"] })(run.context);
  const expected = Array.isArray(seen) ? numbers : active.filter((id) => !numbers.includes(id));
  const looked = new Set([...run.scopes.keys()].map((name) => name.split("/")[1]));
  expect(looked).toEqual(new Set(expected));
});

test("an account to look at that the organization does not have is told in the log", async () => {
  const run = aTestRun();
  const accounts = { organization: { ...organization().organization, only: [account(0), "999999999999"] } };
  await observeAws({ accounts, regions: ["us-east-1"] })(run.context);
  expect(run.log.filter(({ level }) => level === "warn")).toMatchObject([{ account: "999999999999" }]);
});

test("an organization is listed through the management account's role from any of its accounts", async () => {
  asAccount(3);
  const run = aTestRun();
  const { organization: template } = organization();
  await observeAws({
    accounts: { organization: { ...template, managementRoleArn: role(0).roleArn } },
    regions: ["eu-west-1"],
  })(run.context);
  for (const index of [0, 1, 3]) expectTruth(run, account(index), "eu-west-1");
});

test("an account whose role cannot be assumed fails all its scopes and none of the others'", async () => {
  estate.accountsWithoutRole.add(account(2));
  const run = aTestRun();
  await observeAws({ accounts: { roles: [role(1), role(2)] }, regions: estate.regions })(run.context);
  for (const region of estate.regions) {
    expectTruth(run, account(1), region);
    for (const { kind } of AWS_STEPS) {
      const scope = run.scope(account(2), region, kind);
      expect([scope.status, scope.count]).toEqual(["failed", 0]);
      expect(scope.errors[0]).toMatchObject({ code: "assume_role_denied", operation: "sts:AssumeRole" });
      expect(scope.errors[0]?.message).toContain(role(2).roleArn);
    }
  }
});

test("an account of which no region is known fails in the regions that every account has", async () => {
  faults.inject({ match: { operation: "DescribeRegions", account: account(2) }, fault: { kind: "deny" } });
  const run = aTestRun();
  await observeAws({ accounts: { roles: [role(1), role(2)] } })(run.context);
  for (const region of estate.regions) expectTruth(run, account(1), region);
  const lost = [...run.scopes.values()].filter(({ key }) => key.account === account(2));
  expect(lost).toHaveLength(17 * AWS_STEPS.length);
  for (const scope of lost) {
    expect(scope.status).toBe("failed");
    expect(scope.errors[0]).toMatchObject({ code: "denied", operation: "ec2:DescribeRegions" });
  }
});

test("credentials that nobody knows end the run with the reason instead of an empty success", async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAUNKNOWNUNKNOWN00");
  const run = aTestRun();
  const observing = observeAws({ accounts: { own: true } })(run.context);
  await expect(observing).rejects.toThrow(AwsAccountsError);
  await expect(observing).rejects.toMatchObject({
    problem: { code: "invalid_credentials", operation: "sts:GetCallerIdentity" },
  });
  expect(run.scopes.size).toBe(0);
});

test.each([
  ["denied", { kind: "deny" }],
  ["denied_by_scp", { kind: "deny-scp" }],
  ["throttled", { kind: "throttle" }],
  ["malformed", { kind: "malformed" }],
  ["repeated_page_token", { kind: "repeat-token" }],
] as const)("an organization that cannot be listed is no empty success: %s", async (code, fault) => {
  faults.inject({ match: { operation: "ListAccounts" }, fault });
  const run = aTestRun();
  await expect(
    observeAws({ accounts: organization(), regions: ["eu-west-1"], maxAttempts: 1 })(run.context),
  ).rejects.toMatchObject({ problem: { code, operation: "organizations:ListAccounts" } });
});

test("accounts on the pages that could be read are seen although a later page is refused", async () => {
  faults.inject({ match: { operation: "ListAccounts" }, fault: { kind: "deny", after: 2 } });
  const run = aTestRun();
  await expect(observeAws({ accounts: organization(), regions: ["eu-west-1"] })(run.context)).rejects.toThrow(
    /not all known.*ListAccounts/,
  );
  expect(run.scopes.size).toBe(20 * AWS_STEPS.length);
  expectTruth(run, account(1), "eu-west-1");
});

test("the China partition has its own ARNs, roles and regions", async () => {
  const china = createAwsEstate({ seed: "china", accounts: 2, regions: ["cn-north-1"], instancesPerAccountRegion: 3 });
  const other = await startAwsSimulator({ estate: china, faults });
  try {
    for (const [name, value] of Object.entries(awsEnvironment(other))) vi.stubEnv(name, value);
    const run = aTestRun();
    await observeAws({
      accounts: { organization: { roleName: china.role.name, externalId: china.role.externalId } },
      regions: ["cn-north-1"],
    })(run.context);
    expect(run.scopes.size).toBe(2 * AWS_STEPS.length);
    for (const { id } of china.accounts.filter(({ state }) => state === "ACTIVE")) {
      for (const kind of ["network", "subnet", "instance", "interface", "address"] as const) {
        const scope = run.scope(id, "cn-north-1", kind);
        expect([scope.key, scope.status, scope.errors]).toEqual([scope.key, "complete", []]);
        for (const natural of scope.resources.keys()) expect(natural).toMatch(/^arn:aws-cn:ec2:cn-north-1:/);
      }
    }
  } finally {
    await other.stop();
  }
});

test("a terminated instance stays in sight without addresses", async () => {
  const own = createAwsEstate({
    seed: "terminated",
    accounts: 1,
    regions: ["eu-west-1"],
    instancesPerAccountRegion: 5,
  });
  const other = await startAwsSimulator({ estate: own, faults });
  try {
    for (const [name, value] of Object.entries(awsEnvironment(other))) vi.stubEnv(name, value);
    const [first] = items(own.view(own.accounts[0]?.id ?? "", "eu-west-1").instances);
    own.mutate.terminate(first?.InstanceId ?? "");
    const run = aTestRun();
    await observeAws({ accounts: { own: true } })(run.context);
    const scope = run.scope(own.accounts[0]?.id ?? "", "eu-west-1", "instance");
    const seen = [...scope.resources.values()].find(({ attributes }) => attributes.instanceId === first?.InstanceId);
    expect(seen?.attributes).toMatchObject({ state: "terminated", interfaces: [] });
    expect(scope.count).toBe(5);
  } finally {
    await other.stop();
  }
});
