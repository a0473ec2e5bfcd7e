import { request } from "node:http";
import { DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { DescribeOrganizationCommand, ListAccountsCommand, paginateListAccounts } from "@aws-sdk/client-organizations";
import { AssumeRoleCommand, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { awsEnvironment } from "./environment.ts";
import { type Bench, ec2, organizations, startBench, sts } from "./test-clients.ts";

let bench: Bench;
let time = Date.UTC(2026, 0, 5);
beforeAll(async () => {
  const now = () => new Date(time);
  bench = await startBench({ accounts: 43, suspendedAccounts: 2, instancesPerAccountRegion: 1, now });
});
afterAll(() => bench.stop());

const idOf = (account: number) => bench.estate.accounts[account]?.id ?? "";

describe("who is asking", () => {
  test("the access key decides the account and the region the partition", async () => {
    const identity = await sts(bench, { account: 3 }).send(new GetCallerIdentityCommand({}));
    expect(identity).toMatchObject({ Account: idOf(3), Arn: `arn:aws:iam::${idOf(3)}:user/cadastre` });
    const china = await sts(bench, { account: 3, region: "cn-north-1" }).send(new GetCallerIdentityCommand({}));
    expect(china.Arn).toBe(`arn:aws-cn:iam::${idOf(3)}:user/cadastre`);
  });

  test("environment variables are all that an SDK client needs, whatever session was there before", async () => {
    const before = { ...process.env };
    Object.assign(process.env, { AWS_SESSION_TOKEN: "stale", AWS_PROFILE: "nobody" });
    Object.assign(process.env, awsEnvironment(bench.simulator, { account: idOf(2), region: "us-east-1" }));
    const { Vpcs } = await new EC2Client({}).send(new DescribeVpcsCommand({}));
    process.env = before;
    expect(Vpcs?.[0]).toMatchObject({ OwnerId: idOf(2), IsDefault: true });
    expect(bench.simulator.requests.count({ account: idOf(2), region: "us-east-1", operation: "DescribeVpcs" })).toBe(
      1,
    );
  });

  test("an unknown key is AuthFailure at EC2 and an unknown client elsewhere", async () => {
    const keys = { accessKeyId: "AKIAUNKNOWNUNKNOWN00", secretAccessKey: "x" };
    await expect(ec2(bench, { keys }).send(new DescribeVpcsCommand({}))).rejects.toMatchObject({ name: "AuthFailure" });
    const identity = sts(bench, { keys }).send(new GetCallerIdentityCommand({}));
    await expect(identity).rejects.toMatchObject({ name: "InvalidClientTokenId" });
    const accounts = organizations(bench, { keys }).send(new ListAccountsCommand({}));
    await expect(accounts).rejects.toMatchObject({ name: "UnrecognizedClientException" });
  });

  test("the keys of a suspended account are refused", async () => {
    const asked = ec2(bench, { account: 43 }).send(new DescribeVpcsCommand({}));
    await expect(asked).rejects.toMatchObject({ name: "AuthFailure" });
  });

  test.for([
    ["none", undefined, 403, "MissingAuthenticationToken"],
    ["basic", "Basic dXNlcjpwYXNz", 400, "IncompleteSignature"],
    [
      "a short signature",
      "AWS4-HMAC-SHA256 Credential=AKIAUNKNOWNUNKNOWN00/20260105/eu-west-1/ec2/aws4_request, SignedHeaders=host, Signature=00",
      400,
      "IncompleteSignature",
    ],
    [
      "no signed host",
      `AWS4-HMAC-SHA256 Credential=AKIAUNKNOWNUNKNOWN00/20260105/eu-west-1/ec2/aws4_request, SignedHeaders=date, Signature=${"0".repeat(64)}`,
      400,
      "IncompleteSignature",
    ],
  ] as const)("an Authorization header with %s is refused", async ([, authorization, status, code]) => {
    const answer = await post("Action=DescribeVpcs&Version=2016-11-15", authorization);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(`<Code>${code}</Code>`);
  });
});

function post(body: string, authorization: string | undefined): Promise<{ status: number | undefined; body: string }> {
  const headers = authorization === undefined ? {} : { authorization };
  return new Promise((resolve, reject) => {
    const sent = request(bench.simulator.url, { method: "POST", headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString("utf8") }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

describe("AssumeRole", () => {
  const wanted = (account: number, changes = {}) =>
    new AssumeRoleCommand({
      RoleArn: `arn:aws:iam::${idOf(account)}:role/CadastreReader`,
      RoleSessionName: "collector",
      ExternalId: bench.estate.role.externalId,
      DurationSeconds: 900,
      ...changes,
    });
  const assume = async (account: number) => {
    const { Credentials } = await sts(bench).send(wanted(account));
    return {
      accessKeyId: Credentials?.AccessKeyId ?? "",
      secretAccessKey: Credentials?.SecretAccessKey ?? "",
      sessionToken: Credentials?.SessionToken ?? "",
      expiration: Credentials?.Expiration,
    };
  };

  test("issues keys that act in the role's account", async () => {
    const keys = await assume(5);
    expect(keys.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(keys.expiration).toEqual(new Date(time + 900_000));
    const identity = await sts(bench, { keys }).send(new GetCallerIdentityCommand({}));
    expect(identity.Arn).toBe(`arn:aws:sts::${idOf(5)}:assumed-role/CadastreReader/collector`);
    const { Vpcs } = await ec2(bench, { keys }).send(new DescribeVpcsCommand({}));
    expect(Vpcs?.[0]?.OwnerId).toBe(idOf(5));
  });

  test("temporary keys need their session token", async () => {
    const { accessKeyId, secretAccessKey } = await assume(5);
    const asked = ec2(bench, { keys: { accessKeyId, secretAccessKey } }).send(new DescribeVpcsCommand({}));
    await expect(asked).rejects.toMatchObject({ name: "AuthFailure" });
  });

  test("temporary keys expire", async () => {
    const keys = await assume(5);
    time += 900_000;
    await expect(ec2(bench, { keys }).send(new DescribeVpcsCommand({}))).rejects.toMatchObject({
      name: "RequestExpired",
    });
    const identity = sts(bench, { keys }).send(new GetCallerIdentityCommand({}));
    await expect(identity).rejects.toMatchObject({ name: "ExpiredToken" });
  });

  test.for([
    ["a wrong external id", 5, { ExternalId: "guess" }],
    ["no external id", 5, { ExternalId: undefined }],
    ["a suspended account", 44, {}],
    ["a role that does not exist", 5, { RoleArn: "arn:aws:iam::000000000000:role/CadastreReader" }],
  ] as const)("%s is AccessDenied", async ([, account, changes]) => {
    await expect(sts(bench).send(wanted(account, changes))).rejects.toMatchObject({ name: "AccessDenied" });
  });

  test("an account whose role was taken away is AccessDenied", async () => {
    bench.estate.accountsWithoutRole.add(idOf(6));
    await expect(sts(bench).send(wanted(6))).rejects.toMatchObject({ name: "AccessDenied" });
  });

  test.for([{ DurationSeconds: 60 }, { RoleSessionName: "a b" }, { RoleArn: "arn:aws:iam::1:role/x-role-name-here" }])(
    "%o is a validation error",
    async (changes) => {
      await expect(sts(bench).send(wanted(5, changes))).rejects.toMatchObject({ name: "ValidationError" });
    },
  );
});

describe("Organizations", () => {
  test("ListAccounts gives at most 20 accounts a page, empty pages between, and every account once", async () => {
    const sizes: number[] = [];
    const found = [];
    for await (const page of paginateListAccounts({ client: organizations(bench) }, {})) {
      sizes.push(page.Accounts?.length ?? 0);
      found.push(...(page.Accounts ?? []));
    }
    expect(sizes).toEqual([20, 0, 20, 0, 5, 0]);
    expect(found.map((account) => account.Id)).toEqual(bench.estate.accounts.map((account) => account.id));
    expect(found.filter((account) => account.State === "SUSPENDED").length).toBe(2);
    expect(found[1]).toMatchObject({ Name: "network", State: "ACTIVE", JoinedMethod: "CREATED" });
    expect(found[1]?.JoinedTimestamp).toBeInstanceOf(Date);
  });

  test("more than 20 a page and a foreign token are invalid input", async () => {
    const client = organizations(bench);
    const refused = { name: "InvalidInputException" };
    await expect(client.send(new ListAccountsCommand({ MaxResults: 21 }))).rejects.toMatchObject(refused);
    await expect(client.send(new ListAccountsCommand({ NextToken: "x" }))).rejects.toMatchObject(refused);
  });

  test("a member may see the organisation and not its accounts", async () => {
    const client = organizations(bench, { account: 2 });
    const { Organization } = await client.send(new DescribeOrganizationCommand({}));
    expect(Organization).toMatchObject({ Id: bench.estate.organizationId, MasterAccountId: idOf(0) });
    await expect(client.send(new ListAccountsCommand({}))).rejects.toMatchObject({ name: "AccessDeniedException" });
  });
});
