import { readFileSync } from "node:fs";
import {
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { ListAccountsCommand, OrganizationsClient } from "@aws-sdk/client-organizations";
import type { KindName } from "@cadastre/contract/kinds/names";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, describe, expect, test } from "vitest";
import { createDeadline } from "../deadline.ts";
import { aTestRun } from "../testing-recorder.ts";
import { listMembers } from "./accounts.ts";
import { type AwsClient, type AwsClients, createAwsClients } from "./client.ts";
import { createNetworkOwners } from "./network-owners.ts";
import { failRegions, observeRegion } from "./region.ts";
import type { RegionStanding } from "./regions.ts";
import { observeScope } from "./scope.ts";
import type { Step } from "./step.ts";
import { addressStep } from "./steps/addresses.ts";
import { instanceStep } from "./steps/instances.ts";
import { interfaceStep } from "./steps/interfaces.ts";
import { networkStep } from "./steps/networks.ts";
import { subnetStep } from "./steps/subnets.ts";
import { AWS_STEPS } from "./steps.ts";

const ACCOUNT = "111122223333";
const REGION = "eu-west-1";
const ec2 = mockClient(EC2Client);
const organizations = mockClient(OrganizationsClient);
const clients: AwsClients = createAwsClients({
  maxAttempts: 1,
  connectTimeoutMilliseconds: 1000,
  requestTimeoutMilliseconds: 1000,
  credentials: async () => ({ accessKeyId: "AKIATEST", secretAccessKey: "secret" }),
});
beforeEach(() => {
  ec2.reset();
  organizations.reset();
});

const aVpc = (number: number, owner = ACCOUNT) => ({
  VpcId: `vpc-${number}`,
  OwnerId: owner,
  CidrBlock: "10.0.0.0/16",
});
const anSdkError = (name: string, members: object = {}) =>
  Object.assign(new Error(`the words of ${name}`), { name, ...members });
const THROTTLED = anSdkError("RequestLimitExceeded", { $metadata: { httpStatusCode: 503 } });

function aView(standing: () => Promise<RegionStanding> = () => Promise.reject(new Error("unknown"))) {
  const run = aTestRun();
  const owners = createNetworkOwners({ account: ACCOUNT, listings: 1 });
  owners.listed(true);
  return {
    run,
    view: { context: run.context, clients, account: ACCOUNT, region: REGION, pageSize: 500, owners, standing },
  };
}

/** What becomes of a step's scope. */
async function seenBy<K extends KindName, Client extends AwsClient, Item>(
  step: Step<K, Client, Item>,
  standing?: () => Promise<RegionStanding>,
) {
  const { run, view } = aView(standing);
  await observeScope(view, step);
  const { status, errors, resources } = run.scope(ACCOUNT, REGION, step.kind);
  return { status, codes: errors.map(({ code }) => code), ids: [...resources.keys()].map((id) => id.split("/")[1]) };
}

describe("pages", () => {
  test("are read to the last one, each asked for by the token of the one before, with the size that was set", async () => {
    ec2
      .on(DescribeVpcsCommand)
      .resolvesOnce({ Vpcs: [aVpc(1), aVpc(2)], NextToken: "second" })
      .resolvesOnce({ Vpcs: [aVpc(3)], NextToken: "third" })
      .resolvesOnce({ Vpcs: [aVpc(4)] });
    expect(await seenBy(networkStep)).toEqual({
      status: "complete",
      codes: [],
      ids: ["vpc-1", "vpc-2", "vpc-3", "vpc-4"],
    });
    expect(ec2.commandCalls(DescribeVpcsCommand).map(({ args }) => args[0].input)).toEqual([
      { MaxResults: 500 },
      { MaxResults: 500, NextToken: "second" },
      { MaxResults: 500, NextToken: "third" },
    ]);
  });

  test("that are empty are no end: only a missing token is", async () => {
    ec2
      .on(DescribeVpcsCommand)
      .resolvesOnce({ Vpcs: [], NextToken: "second" })
      .resolvesOnce({ Vpcs: [], NextToken: "third" })
      .resolvesOnce({ Vpcs: [aVpc(1)], NextToken: "" });
    expect(await seenBy(networkStep)).toEqual({ status: "complete", codes: [], ids: ["vpc-1"] });
  });

  test("whose token comes again, at once or later, end the list as partial with what was seen", async () => {
    ec2
      .on(DescribeVpcsCommand)
      .resolvesOnce({ Vpcs: [aVpc(1)], NextToken: "a" })
      .resolvesOnce({ Vpcs: [aVpc(2)], NextToken: "b" })
      .resolvesOnce({ Vpcs: [aVpc(3)], NextToken: "a" });
    const circle = await seenBy(networkStep);
    expect(circle).toEqual({ status: "partial", codes: ["repeated_page_token"], ids: ["vpc-1", "vpc-2", "vpc-3"] });
  });

  test("are not asked for where the call has none", async () => {
    ec2.on(DescribeAddressesCommand).resolves({ Addresses: [{ AllocationId: "eipalloc-1", PublicIp: "192.0.2.1" }] });
    expect(await seenBy(addressStep)).toEqual({ status: "complete", codes: [], ids: ["eipalloc-1"] });
    expect(ec2.commandCalls(DescribeAddressesCommand).map(({ args }) => args[0].input)).toEqual([{}]);
  });

  test.each([
    ["network", networkStep],
    ["subnet", subnetStep],
    ["instance", instanceStep],
    ["interface", interfaceStep],
    ["address", addressStep],
  ] as const)("without their list are malformed, not empty: %s", async (_kind, step) => {
    ec2.onAnyCommand().resolves({});
    expect(await seenBy(step as typeof networkStep)).toEqual({ status: "failed", codes: ["malformed"], ids: [] });
  });
});

describe("a listing that is throttled to the end of its attempts", () => {
  test("is failed at its first page, and complete in the next run", async () => {
    ec2
      .on(DescribeVpcsCommand)
      .rejectsOnce(THROTTLED)
      .resolves({ Vpcs: [aVpc(1)] });
    expect(await seenBy(networkStep)).toEqual({ status: "failed", codes: ["throttled"], ids: [] });
    expect(await seenBy(networkStep)).toEqual({ status: "complete", codes: [], ids: ["vpc-1"] });
  });

  test("is partial at a later one, with what was seen", async () => {
    ec2
      .on(DescribeVpcsCommand)
      .resolvesOnce({ Vpcs: [aVpc(1)], NextToken: "second" })
      .rejects(THROTTLED);
    expect(await seenBy(networkStep)).toEqual({ status: "partial", codes: ["throttled"], ids: ["vpc-1"] });
  });
});

describe("an error", () => {
  test.each([
    ["denied", "failed", anSdkError("UnauthorizedOperation", { $metadata: { httpStatusCode: 403 } })],
    ["throttled", "failed", THROTTLED],
    ["not_opted_in", "skipped", anSdkError("OptInRequired", { $metadata: { httpStatusCode: 401 } })],
    ["region_disabled", "skipped", anSdkError("RegionDisabledException", { $metadata: { httpStatusCode: 403 } })],
    ["invalid_credentials", "failed", anSdkError("AuthFailure", { $metadata: { httpStatusCode: 401 } })],
    ["network", "failed", anSdkError("Error", { code: "ECONNRESET" })],
    ["timeout", "failed", anSdkError("TimeoutError")],
    ["service_error", "failed", anSdkError("InternalError", { $metadata: { httpStatusCode: 500 } })],
    ["unexpected", "failed", anSdkError("InvalidParameterValue", { $metadata: { httpStatusCode: 400 } })],
  ] as const)("is the scope's code: %s, and the scope is %s", async (code, status, error) => {
    ec2.on(DescribeSubnetsCommand).rejects(error);
    expect(await seenBy(subnetStep)).toEqual({ status, codes: [code], ids: [] });
  });

  test("of credentials that are good elsewhere is the region's own reason", async () => {
    ec2.on(DescribeVpcsCommand).rejects(anSdkError("AuthFailure"));
    const skipped = await seenBy(networkStep, async () => "not_opted_in");
    expect(skipped).toEqual({ status: "skipped", codes: ["not_opted_in"], ids: [] });
  });

  test.each([
    ["invalid_credentials", "AuthFailure"],
    ["invalid_credentials", "RequestExpired"],
    ["invalid_credentials", "SignatureDoesNotMatch"],
    ["invalid_credentials", "UnrecognizedClient"],
  ])("in a region that the account says is enabled is %s, and never skipped: %s", async (code, name) => {
    ec2.on(DescribeVpcsCommand).rejects(anSdkError(name, { $metadata: { httpStatusCode: 401 } }));
    expect(await seenBy(networkStep, async () => "enabled")).toEqual({ status: "failed", codes: [code], ids: [] });
  });
});

describe("what belongs to another account", () => {
  const OTHER = "999988887777";

  test("is left to that account's listing, as its VPC, interface or instance", async () => {
    ec2.on(DescribeVpcsCommand).resolves({ Vpcs: [aVpc(1), aVpc(2, OTHER)] });
    ec2.on(DescribeNetworkInterfacesCommand).resolves({
      NetworkInterfaces: [
        { NetworkInterfaceId: "eni-1", OwnerId: ACCOUNT, Status: "in-use" },
        { NetworkInterfaceId: "eni-2", OwnerId: OTHER, Status: "in-use" },
      ],
    });
    const anInstance = (InstanceId: string) => ({
      InstanceId,
      InstanceType: "m7g.large" as const,
      State: { Name: "running" as const },
    });
    ec2.on(DescribeInstancesCommand).resolves({
      Reservations: [
        { OwnerId: ACCOUNT, Instances: [anInstance("i-1")] },
        { OwnerId: OTHER, Instances: [anInstance("i-2")] },
      ],
    });
    expect((await seenBy(networkStep)).ids).toEqual(["vpc-1"]);
    expect((await seenBy(interfaceStep)).ids).toEqual(["eni-1"]);
    expect((await seenBy(instanceStep)).ids).toEqual(["i-1"]);
  });
});

describe("the accounts of an organization", () => {
  const members = async () => {
    const deadline = createDeadline({ signal: new AbortController().signal, milliseconds: 10_000 });
    const found = await listMembers(clients, "aws", deadline);
    deadline.end();
    return found;
  };

  test("are those whose State is ACTIVE, whatever their Status says; Status counts where there is no State", async () => {
    organizations
      .on(ListAccountsCommand)
      .resolvesOnce({
        Accounts: [
          { Id: "100000000001", State: "ACTIVE", Status: "SUSPENDED" },
          { Id: "100000000002", State: "SUSPENDED", Status: "ACTIVE" },
          { Id: "100000000003", State: "CLOSED", Status: "ACTIVE" },
        ],
        NextToken: "second",
      })
      .resolvesOnce({ Accounts: [], NextToken: "third" })
      .resolvesOnce({
        Accounts: [
          { Id: "100000000004", Status: "ACTIVE" },
          { Id: "100000000005", Status: "PENDING_CLOSURE" },
        ],
      });
    expect(await members()).toEqual({ accounts: ["100000000001", "100000000004"] });
    const asked = organizations.commandCalls(ListAccountsCommand).map(({ args }) => args[0].input);
    expect(asked).toEqual([
      { MaxResults: 20 },
      { MaxResults: 20, NextToken: "second" },
      { MaxResults: 20, NextToken: "third" },
    ]);
  });

  test("are said not to be all when a page is refused", async () => {
    organizations
      .on(ListAccountsCommand)
      .resolvesOnce({ Accounts: [{ Id: "100000000001", State: "ACTIVE" }], NextToken: "b" })
      .rejects(anSdkError("AccessDeniedException", { $metadata: { httpStatusCode: 400 } }));
    expect(await members()).toMatchObject({ accounts: ["100000000001"], problem: { code: "denied" } });
  });

  test("are said not to be all when a token comes again", async () => {
    const Accounts = [{ Id: "100000000001", State: "ACTIVE" as const }];
    organizations.on(ListAccountsCommand).resolves({ Accounts, NextToken: "a" });
    expect(await members()).toMatchObject({ accounts: ["100000000001"], problem: { code: "repeated_page_token" } });
  });

  test("are never none: an organization without an active one is malformed", async () => {
    organizations.on(ListAccountsCommand).resolves({ Accounts: [{ Id: "100000000001", State: "SUSPENDED" }] });
    expect(await members()).toMatchObject({ accounts: [], problem: { code: "malformed" } });
  });
});

describe("the list of steps", () => {
  const kinds = AWS_STEPS.map((step) => step.kind);

  test("has each kind once, and is all that a region is observed by", async () => {
    expect(new Set(kinds).size).toBe(kinds.length);
    ec2.onAnyCommand().rejects(THROTTLED);
    const { run, view } = aView();
    await observeRegion(view);
    expect([...run.scopes.values()].map(({ key }) => key.kind)).toEqual(kinds);
    expect([...run.scopes.values()].map(({ errors }) => errors[0]?.operation)).toEqual(
      AWS_STEPS.map((step) => step.operation),
    );
  });

  test("is all that is marked as failed where an account cannot be entered", () => {
    const run = aTestRun();
    const error = { code: "assume_role_denied", message: "no", operation: "sts:AssumeRole" } as const;
    failRegions({ context: run.context, account: ACCOUNT, regions: [REGION, "eu-west-2"], error });
    expect([...run.scopes.values()].map(({ key, status }) => [key.region, key.kind, status])).toEqual(
      [REGION, "eu-west-2"].flatMap((region) => kinds.map((kind) => [region, kind, "failed"])),
    );
  });

  test("needs the permissions that are documented, those to find regions beside it, and no others", () => {
    const file = new URL("../../../docs/permissions/aws-reader.json", import.meta.url);
    const policy = JSON.parse(readFileSync(file, "utf8")) as { Statement: { Action: string[] }[] };
    const allowed = policy.Statement.flatMap(({ Action }) => Action);
    expect(allowed.sort()).toEqual([...AWS_STEPS.map((step) => step.operation), "ec2:DescribeRegions"].sort());
  });
});
