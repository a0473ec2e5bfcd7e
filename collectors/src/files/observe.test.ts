import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KindName } from "@cadastre/contract/kinds/names";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { items } from "@cadastre/simulator/aws/sequence";
import { startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults } from "@cadastre/simulator/faults";
import { beforeEach, expect, test, vi } from "vitest";
import { observeAws } from "../aws/testing.ts";
import { aTestRun, type TestRun } from "../testing-recorder.ts";
import { FileError } from "./format.ts";
import { type FilesOptions, observeFiles } from "./observe.ts";

const ACCOUNT = "111122223333";
const OTHER = "999988887777";
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "cadastre-files-"));
  return () => rm(directory, { recursive: true });
});

const write = (name: string, content: unknown) =>
  writeFile(join(directory, name), typeof content === "string" ? content : JSON.stringify(content, undefined, 4));

async function observe(options: Partial<FilesOptions> = {}): Promise<TestRun> {
  const run = aTestRun();
  await observeFiles({ directory, provider: "aws", account: ACCOUNT, ...options })(run.context);
  return run;
}

const aVpc = (VpcId: string, over: object = {}) => ({
  VpcId,
  OwnerId: ACCOUNT,
  CidrBlock: "10.0.0.0/16",
  CidrBlockAssociationSet: [
    { AssociationId: "a-1", CidrBlock: "10.0.0.0/16", CidrBlockState: { State: "associated" } },
  ],
  IsDefault: false,
  State: "available",
  ...over,
});
const aSubnet = (SubnetId: string, VpcId: string, over: object = {}) => ({
  SubnetId,
  VpcId,
  OwnerId: ACCOUNT,
  CidrBlock: "10.0.1.0/24",
  AvailabilityZone: "eu-west-1a",
  ...over,
});
const anInstance = (InstanceId: string, over: object = {}) => ({
  InstanceId,
  InstanceType: "t4g.small",
  State: { Code: 16, Name: "running" },
  Placement: { AvailabilityZone: "eu-west-1b" },
  LaunchTime: "2026-01-02T03:04:05+00:00",
  VpcId: "vpc-1",
  SubnetId: "subnet-1",
  PrivateIpAddress: "10.0.1.7",
  ...over,
});
const reservations = (...instances: object[]) => ({ Reservations: [{ OwnerId: ACCOUNT, Instances: instances }] });

const outcome = (run: TestRun, region: string, kind: KindName) => {
  const { status, errors, resources } = run.scope(ACCOUNT, region, kind);
  return {
    status,
    codes: errors.map(({ code }) => code),
    ids: [...resources.values()].map(({ id }) => id.split("/")[1]),
  };
};

test("what the CLI prints gives the same resources as the API itself", async () => {
  const estate = createAwsEstate({ seed: "files", accounts: 3, instancesPerAccountRegion: 9 });
  const simulator = await startAwsSimulator({ estate, faults: createFaults() });
  // Takes part in shared subnets.
  const account = estate.accounts[2]?.id ?? "";
  try {
    for (const [name, value] of Object.entries(awsEnvironment(simulator, { account }))) vi.stubEnv(name, value);
    const live = aTestRun();
    await observeAws({ accounts: { own: true } })(live.context);
    for (const region of estate.regions) {
      const view = estate.view(account, region);
      await write(`a-instances-${region}.json`, { Reservations: [...items(view.reservations)] });
      await write(`interfaces-${region}.json`, { NetworkInterfaces: [...items(view.networkInterfaces)] });
      await write(`addresses-${region}`, { Addresses: [...items(view.addresses)] });
      await write(`z-vpcs-${region}.txt`, { Vpcs: [...items(view.vpcs)] });
      await write(`z-subnets-${region}.json`, { Subnets: [...items(view.subnets)] });
    }
    const read = await observe({ account });
    expect([...read.scopes.keys()].sort()).toEqual([...live.scopes.keys()].sort());
    for (const [name, scope] of live.scopes) {
      expect([name, read.scopes.get(name)?.status]).toEqual([name, "complete"]);
      expect(read.scopes.get(name)?.resources).toEqual(scope.resources);
    }
  } finally {
    vi.unstubAllEnvs();
    await simulator.stop();
  }
});

test("several files of one kind are one scope, and each region has its own", async () => {
  await write("1.json", { Subnets: [aSubnet("subnet-1", "vpc-1")] });
  await write("2.json", {
    Subnets: [aSubnet("subnet-2", "vpc-1"), aSubnet("subnet-3", "vpc-2", { AvailabilityZone: "us-west-2-lax-1a" })],
  });
  const run = await observe();
  expect(outcome(run, "eu-west-1", "subnet")).toEqual({ status: "complete", codes: [], ids: ["subnet-1", "subnet-2"] });
  expect(outcome(run, "us-west-2", "subnet")).toEqual({ status: "complete", codes: [], ids: ["subnet-3"] });
  expect(run.scopes.size).toBe(2);
});

test("a VPC is in the region of its subnets, whichever file they are in", async () => {
  await write("1-vpcs.json", { Vpcs: [aVpc("vpc-1"), aVpc("vpc-2")] });
  await write("2-subnets.json", {
    Subnets: [aSubnet("subnet-1", "vpc-1"), aSubnet("subnet-2", "vpc-2", { AvailabilityZone: "us-gov-west-1a" })],
  });
  const run = await observe();
  expect(outcome(run, "eu-west-1", "network").ids).toEqual(["vpc-1"]);
  expect([...run.scope(ACCOUNT, "us-gov-west-1", "network").resources.keys()]).toEqual([
    `arn:aws-us-gov:ec2:us-gov-west-1:${ACCOUNT}:vpc/vpc-2`,
  ]);
});

test("the region that is given stands for what names none, an empty list too", async () => {
  await write("vpcs.json", { Vpcs: [aVpc("vpc-1")] });
  await write("addresses.json", { Addresses: [] });
  const run = await observe({ region: "eu-west-1" });
  expect(outcome(run, "eu-west-1", "network")).toEqual({ status: "complete", codes: [], ids: ["vpc-1"] });
  expect(outcome(run, "eu-west-1", "address")).toEqual({ status: "complete", codes: [], ids: [] });
});

test("what names no region is not guessed when the files are of several regions", async () => {
  await write("subnets.json", {
    Subnets: [aSubnet("subnet-1", "vpc-1"), aSubnet("subnet-2", "vpc-2", { AvailabilityZone: "us-east-1a" })],
  });
  await write("vpcs.json", { Vpcs: [aVpc("vpc-1"), aVpc("vpc-9")] });
  await write("addresses.json", { Addresses: [] });
  const run = await observe({ region: "eu-west-1" });
  expect(outcome(run, "eu-west-1", "network")).toEqual({
    status: "partial",
    codes: ["unknown_region"],
    ids: ["vpc-1"],
  });
  expect(run.scope(ACCOUNT, "eu-west-1", "network").errors[0]?.message).toMatch(
    /vpcs\.json: vpc-9.*eu-west-1, us-east-1/,
  );
  for (const region of ["eu-west-1", "us-east-1"]) {
    expect(outcome(run, region, "address")).toEqual({ status: "failed", codes: ["unknown_region"], ids: [] });
    expect(outcome(run, region, "subnet").status).toBe("complete");
  }
});

test("files that together name no region at all are refused", async () => {
  await write("vpcs.json", { Vpcs: [aVpc("vpc-1")] });
  await expect(observe()).rejects.toThrow(/vpcs\.json: vpc-1 does not say its region; give the region/);
});

test("a list that was cut off makes its scope partial and no other", async () => {
  await write("1.json", { ...reservations(anInstance("i-1")), NextToken: "eyJ2Ijoi" });
  await write("2.json", reservations(anInstance("i-2")));
  await write("subnets.json", { Subnets: [aSubnet("subnet-1", "vpc-1")], NextToken: null });
  const run = await observe();
  expect(outcome(run, "eu-west-1", "instance")).toEqual({
    status: "partial",
    codes: ["more_pages"],
    ids: ["i-1", "i-2"],
  });
  expect(outcome(run, "eu-west-1", "subnet").status).toBe("complete");
});

test.each([
  ["not JSON", '{"Vpcs": [', /broken\.txt: not JSON.*accepted is the output of aws ec2 describe-vpcs/],
  ["empty", "", /broken\.txt: not JSON/],
  ["JSON of no accepted form", { Volumes: [] }, /broken\.txt: JSON, but not of an accepted form; accepted is/],
  ["what --query prints", [{ VpcId: "vpc-1" }], /broken\.txt: JSON, but not of an accepted form/],
  ["bytes that are no text", "\u0000\ud800", /broken\.txt: /],
])(
  "a file that cannot be read is named, the others are taken and no scope is complete: %s",
  async (_what, content, message) => {
    await write("broken.txt", content);
    await write("subnets.json", { Subnets: [aSubnet("subnet-1", "vpc-1")] });
    await write("instances.json", reservations(anInstance("i-1")));
    const run = await observe();
    expect(outcome(run, "eu-west-1", "subnet")).toEqual({
      status: "partial",
      codes: ["malformed_file"],
      ids: ["subnet-1"],
    });
    expect(outcome(run, "eu-west-1", "instance")).toEqual({
      status: "partial",
      codes: ["malformed_file"],
      ids: ["i-1"],
    });
    expect(run.scope(ACCOUNT, "eu-west-1", "subnet").errors[0]?.message).toMatch(message);
  },
);

test.each([
  ["a list that is none", { Vpcs: "none" }, /broken\.json: Vpcs: /],
  [
    "a thing without id",
    { Vpcs: [aVpc("vpc-1"), { ...aVpc("vpc-2"), VpcId: undefined }] },
    /Vpcs\[1\]\.VpcId: must be an id|Vpcs\[1\]\.VpcId: /,
  ],
  [
    "an owner that is no account",
    { Vpcs: [aVpc("vpc-1", { OwnerId: "1111" })] },
    /Vpcs\[0\]\.OwnerId: must be an account's number/,
  ],
  [
    "blocks without state",
    { Vpcs: [aVpc("vpc-1", { CidrBlockAssociationSet: [{ CidrBlock: "10.0.0.0/16" }] })] },
    /CidrBlockState/,
  ],
  [
    "a VPC without its association set",
    { Vpcs: [aVpc("vpc-1", { CidrBlockAssociationSet: undefined })] },
    /CidrBlockAssociationSet/,
  ],
])(
  "a broken list is refused as a whole, with the place, and only its kind is not complete: %s",
  async (_what, content, message) => {
    await write("broken.json", content);
    await write("subnets.json", { Subnets: [aSubnet("subnet-1", "vpc-1")] });
    const run = await observe();
    expect(outcome(run, "eu-west-1", "network")).toEqual({ status: "failed", codes: ["malformed_file"], ids: [] });
    expect(run.scope(ACCOUNT, "eu-west-1", "network").errors[0]?.message).toMatch(message);
    expect(outcome(run, "eu-west-1", "subnet")).toEqual({ status: "complete", codes: [], ids: ["subnet-1"] });
  },
);

test("a date or an address that is none does not come in, and is named", async () => {
  await write("1.json", reservations(anInstance("i-1", { LaunchTime: "yesterday" })));
  await write("2.json", reservations(anInstance("i-2", { PrivateIpAddress: "10.0.1.256" }), anInstance("i-3")));
  const run = await observe();
  expect(outcome(run, "eu-west-1", "instance")).toEqual({
    status: "partial",
    codes: ["malformed_file", "malformed"],
    ids: ["i-3"],
  });
  expect(run.scope(ACCOUNT, "eu-west-1", "instance").errors.map(({ message }) => message)).toEqual([
    expect.stringContaining("1.json: Reservations[0].Instances[0].LaunchTime: "),
    expect.stringContaining("2.json: i-2: "),
  ]);
});

test("a file with one broken list beside a good one makes neither complete", async () => {
  await write("both.json", { Subnets: [aSubnet("subnet-1", "vpc-1")], Addresses: [{}] });
  await write("subnets.json", { Subnets: [aSubnet("subnet-2", "vpc-1")] });
  const run = await observe();
  expect(outcome(run, "eu-west-1", "subnet")).toEqual({
    status: "partial",
    codes: ["malformed_file"],
    ids: ["subnet-2"],
  });
});

test("files of another account than the one that was named retire nothing", async () => {
  await write("vpcs.json", { Vpcs: [aVpc("vpc-1", { OwnerId: OTHER })] });
  await write("instances.json", { Reservations: [{ OwnerId: OTHER, Instances: [anInstance("i-1")] }] });
  const run = await observe({ region: "eu-west-1" });
  for (const kind of ["network", "instance"] as const) {
    expect(outcome(run, "eu-west-1", kind)).toEqual({ status: "partial", codes: ["foreign_account"], ids: [] });
  }
});

test("another account's VPC beside the own ones is left to that account, and instances in it name its owner", async () => {
  await write("1-instances.json", reservations(anInstance("i-1", { VpcId: "vpc-2", SubnetId: "subnet-2" })));
  await write("2-vpcs.json", { Vpcs: [aVpc("vpc-1"), aVpc("vpc-2", { OwnerId: OTHER })] });
  const run = await observe({ region: "eu-west-1" });
  expect(outcome(run, "eu-west-1", "network")).toEqual({ status: "complete", codes: [], ids: ["vpc-1"] });
  const [instance] = run.scope(ACCOUNT, "eu-west-1", "instance").resources.values();
  expect(instance?.attributes.network).toBe(`arn:aws:ec2:eu-west-1:${OTHER}:vpc/vpc-2`);
});

test("what PowerShell writes is read: UTF-16 and a byte order mark", async () => {
  const json = JSON.stringify({
    Subnets: [aSubnet("subnet-1", "vpc-1", { Tags: [{ Key: "Name", Value: "données" }] })],
  });
  await writeFile(join(directory, "utf16.json"), Buffer.from(`\ufeff${json}`, "utf16le"));
  await writeFile(join(directory, "utf8.json"), `\ufeff${json.replace("subnet-1", "subnet-2")}`);
  const run = await observe();
  const names = [...run.scope(ACCOUNT, "eu-west-1", "subnet").resources.values()].map(({ name }) => name);
  expect(names).toEqual(["données", "données"]);
});

test("a directory that is not there, or empty, is refused with its name", async () => {
  await expect(observe({ directory: join(directory, "nowhere") })).rejects.toThrow(/nowhere cannot be read/);
  await write(".hidden", { Vpcs: [] });
  await expect(observe()).rejects.toThrow(FileError);
  await expect(observe()).rejects.toThrow(/has no files; accepted is/);
});

test("an account or region that is none is refused at once", () => {
  expect(() => observeFiles({ directory, provider: "aws", account: "my-project" })).toThrow(
    /must be an AWS account's number/,
  );
  expect(() => observeFiles({ directory, provider: "aws", account: ACCOUNT, region: "eu-west" })).toThrow(
    /"eu-west" is not an AWS region/,
  );
});

test("a run that is told to end leaves no scope complete", async () => {
  await write("subnets.json", { Subnets: [aSubnet("subnet-1", "vpc-1")] });
  const run = aTestRun({ signal: AbortSignal.abort() });
  await observeFiles({ directory, provider: "aws", account: ACCOUNT, region: "eu-west-1" })(run.context);
  for (const scope of run.scopes.values())
    expect([scope.status, scope.errors[0]?.code]).toEqual(["failed", "interrupted"]);
  expect(run.scopes.size).toBe(5);
});

test("what names no owner is the account's whose listing it is, in files as in a live listing", async () => {
  const unowned = { OwnerId: undefined };
  await write("vpcs.json", { Vpcs: [aVpc("vpc-1", unowned)] });
  await write("subnets.json", { Subnets: [aSubnet("subnet-1", "vpc-1", unowned)] });
  await write("instances.json", { Reservations: [{ Instances: [anInstance("i-1")] }] });
  const run = await observe();
  const arn = (what: string) => `arn:aws:ec2:eu-west-1:${ACCOUNT}:${what}`;
  for (const [kind, id] of [
    ["network", arn("vpc/vpc-1")],
    ["subnet", arn("subnet/subnet-1")],
    ["instance", arn("instance/i-1")],
  ] as const) {
    const scope = run.scope(ACCOUNT, "eu-west-1", kind);
    expect([scope.status, scope.errors, [...scope.resources.keys()]]).toEqual(["complete", [], [id]]);
  }
});

test("a value that AWS does not document keeps its resource and is reported, and the scope stays complete", async () => {
  const CidrBlockAssociationSet = [{ CidrBlock: "10.0.0.0/16", CidrBlockState: { State: "suspended" } }];
  await write("vpcs.json", { Vpcs: [aVpc("vpc-1", { CidrBlockAssociationSet })] });
  const scope = (await observe({ region: "eu-west-1" })).scope(ACCOUNT, "eu-west-1", "network");
  expect(scope).toMatchObject({ status: "complete", count: 1 });
  expect(scope.errors).toMatchObject([{ code: "unknown_value" }]);
  expect(scope.errors[0]?.message).toMatch(/^vpcs.json: vpc-1: state of block 10\.0\.0\.0\/16 is "suspended"/);
});
