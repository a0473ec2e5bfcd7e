import { DescribeInstancesCommand, DescribeVpcsCommand, paginateDescribeInstances } from "@aws-sdk/client-ec2";
import { DescribeKeyCommand } from "@aws-sdk/client-kms";
import { ListAccountsCommand } from "@aws-sdk/client-organizations";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FaultKind } from "../faults.ts";
import { type Bench, ec2, kms, organizations, startBench, sts } from "./test-clients.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await startBench({ accounts: 2, instancesPerAccountRegion: 30 });
});
afterEach(() => bench.stop());

const inject = (kind: FaultKind, service: string, times = 1) =>
  bench.faults.inject({ match: { service }, fault: { kind, times } });

describe("faults arrive as the errors that a collector would see", () => {
  test.for([
    ["throttle", "RequestLimitExceeded", 503],
    ["deny", "UnauthorizedOperation", 403],
    ["deny-scp", "UnauthorizedOperation", 403],
    ["error-5xx", "InternalError", 500],
    ["unavailable", "Unavailable", 503],
    ["not-opted-in", "OptInRequired", 403],
    ["disabled", "AuthFailure", 401],
  ] as const)("EC2 %s is %s", async ([kind, name, httpStatusCode]) => {
    inject(kind, "ec2");
    const asked = ec2(bench).send(new DescribeVpcsCommand({}));
    await expect(asked).rejects.toMatchObject({ name, $metadata: { httpStatusCode } });
  });

  test("a service control policy and a missing permission differ in their words", async () => {
    inject("deny-scp", "ec2");
    const account = bench.estate.accounts[0]?.id;
    await expect(ec2(bench).send(new DescribeVpcsCommand({}))).rejects.toThrow(
      `User: arn:aws:iam::${account}:user/cadastre is not authorized to perform: ec2:DescribeVpcs with an explicit deny in a service control policy`,
    );
    inject("deny", "ec2");
    await expect(ec2(bench).send(new DescribeVpcsCommand({}))).rejects.toThrow("no identity-based policy allows");
  });

  test.for([
    ["throttle", "Throttling"],
    ["deny", "AccessDenied"],
    ["error-5xx", "InternalFailure"],
    ["disabled", "RegionDisabledException"],
  ] as const)("STS %s is %s", async ([kind, name]) => {
    inject(kind, "sts");
    await expect(sts(bench).send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({ name });
  });

  test.for([
    ["throttle", "TooManyRequestsException"],
    ["deny", "AccessDeniedException"],
    ["error-5xx", "ServiceException"],
    ["disabled", "AWSOrganizationsNotInUseException"],
  ] as const)("Organizations %s is %s", async ([kind, name]) => {
    inject(kind, "organizations");
    await expect(organizations(bench).send(new ListAccountsCommand({}))).rejects.toMatchObject({ name });
  });

  test.for([
    ["throttle", "ThrottlingException"],
    ["deny", "AccessDeniedException"],
    ["error-5xx", "KMSInternalException"],
  ] as const)("KMS %s is %s", async ([kind, name]) => {
    inject(kind, "kms");
    await expect(kms(bench).send(new DescribeKeyCommand({ KeyId: "k" }))).rejects.toMatchObject({ name });
  });

  test("a client that may try again gets over a throttle", async () => {
    inject("throttle", "ec2", 2);
    const { Vpcs } = await ec2(bench, { maxAttempts: 3 }).send(new DescribeVpcsCommand({}));
    expect(Vpcs?.length).toBe(4);
    expect(bench.simulator.requests.count({ operation: "DescribeVpcs" })).toBe(3);
  });

  test("a fault hits one account, region and operation and leaves the others alone", async () => {
    const account = bench.estate.accounts[1]?.id ?? "";
    const match = { operation: "DescribeVpcs", account, region: "us-east-1" };
    const remove = bench.faults.inject({ match, fault: { kind: "deny" } });
    const there = () => ec2(bench, { account: 1, region: "us-east-1" }).send(new DescribeVpcsCommand({}));
    await expect(there()).rejects.toThrow();
    await ec2(bench, { account: 1 }).send(new DescribeVpcsCommand({}));
    await ec2(bench, { region: "us-east-1" }).send(new DescribeVpcsCommand({}));
    await ec2(bench, { account: 1, region: "us-east-1" }).send(new DescribeInstancesCommand({}));
    remove();
    await there();
  });

  test("an answer that is cut off is an error and not an empty list", async () => {
    inject("malformed", "ec2");
    await expect(ec2(bench).send(new DescribeVpcsCommand({}))).rejects.toThrow();
  });

  test("a connection that is closed is an error of the connection", async () => {
    inject("reset", "ec2");
    await expect(ec2(bench).send(new DescribeVpcsCommand({}))).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  test("a token that repeats goes on for ever for a client that does not look", async () => {
    inject("repeat-token", "ec2", 1_000);
    const tokens: (string | undefined)[] = [];
    for await (const page of paginateDescribeInstances({ client: ec2(bench), pageSize: 5 }, {})) {
      tokens.push(page.NextToken);
      if (tokens.length === 20) break;
    }
    expect(tokens.length).toBe(20);
    expect(new Set(tokens).size).toBe(1);
  });

  test("an empty answer is well-formed and has no token", async () => {
    inject("empty", "ec2");
    const answer = await ec2(bench).send(new DescribeInstancesCommand({}));
    expect(answer.Reservations).toEqual([]);
    expect(answer.NextToken).toBeUndefined();
  });

  test("a hang lasts until the client gives up, and the server can be stopped meanwhile", async () => {
    inject("hang", "ec2", 2);
    const given = ec2(bench).send(new DescribeVpcsCommand({}), { abortSignal: AbortSignal.timeout(50) });
    await expect(given).rejects.toMatchObject({ name: "AbortError" });
    const hanging = ec2(bench).send(new DescribeVpcsCommand({}));
    const ended = expect(hanging).rejects.toThrow();
    await untilCounted(2);
    await bench.simulator.stop();
    await ended;
  });
});

/** Lets the event loop turn until that many requests have come. */
async function untilCounted(requests: number): Promise<void> {
  while (bench.simulator.requests.count() < requests) await new Promise((resolve) => setImmediate(resolve));
}

describe("requests", () => {
  test("are counted by operation, account and region, refused ones too", async () => {
    inject("deny", "ec2");
    await expect(ec2(bench).send(new DescribeVpcsCommand({}))).rejects.toThrow();
    await ec2(bench).send(new DescribeVpcsCommand({}));
    await sts(bench, { account: 1 }).send(new GetCallerIdentityCommand({}));
    const [one, other] = bench.estate.accounts.map((account) => account.id);
    expect(bench.simulator.requests.list()).toEqual([
      { service: "ec2", operation: "DescribeVpcs", account: one, region: "eu-west-1", count: 2 },
      { service: "sts", operation: "GetCallerIdentity", account: other, region: "eu-west-1", count: 1 },
    ]);
    bench.simulator.requests.reset();
    expect(bench.simulator.requests.count()).toBe(0);
  });
});

test("an operation that is not simulated is an invalid action", async () => {
  const { DescribeVolumesCommand } = await import("@aws-sdk/client-ec2");
  await expect(ec2(bench).send(new DescribeVolumesCommand({}))).rejects.toMatchObject({ name: "InvalidAction" });
});
