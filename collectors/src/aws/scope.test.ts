import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aTestRun, type TestRun } from "../testing-recorder.ts";
import type { AwsClient, AwsService } from "./client.ts";
import { createNetworkOwners } from "./network-owners.ts";
import { observeScope } from "./scope.ts";
import { instanceStep } from "./steps/instances.ts";
import { networkStep } from "./steps/networks.ts";

const ACCOUNT = "111122223333";
let server: Server;
let body = "";

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "text/xml" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

async function observeWith(answer: string, step: typeof networkStep | typeof instanceStep): Promise<TestRun> {
  body = answer;
  const run = aTestRun();
  const view = {
    context: run.context,
    account: ACCOUNT,
    region: "eu-west-1",
    pageSize: 100,
    owners: createNetworkOwners({ account: ACCOUNT, listings: 0 }),
    standing: () => Promise.reject(new Error("not asked")),
    clients: {
      create: <Client extends AwsClient>(Service: AwsService<Client>, region: string) =>
        new Service({
          region,
          endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          credentials: { accessKeyId: "AKIATEST", secretAccessKey: "secret" },
          maxAttempts: 1,
        } as ConstructorParameters<typeof Service>[0]),
      configuredRegion: async () => undefined,
      waitsAfter: () => undefined,
    },
  };
  view.owners.listed(true);
  await (step === networkStep ? observeScope(view, networkStep) : observeScope(view, instanceStep));
  return run;
}

test.each([
  ["nothing", ""],
  ["a proxy's page", "<html><body>Please sign in</body></html>"],
  ["another answer", "<DescribeVpcsResponse><requestId>1</requestId></DescribeVpcsResponse>"],
  ["JSON", '{"Vpcs":[]}'],
])("a success that does not hold the list is malformed, not an empty estate: %s", async (_what, answer) => {
  const run = await observeWith(answer, networkStep);
  expect(run.scope(ACCOUNT, "eu-west-1", "network")).toMatchObject({
    status: "failed",
    errors: [{ code: "malformed", operation: "ec2:DescribeVpcs" }],
  });
});

test("an empty list is a complete, empty scope", async () => {
  const run = await observeWith("<DescribeVpcsResponse><vpcSet/><nextToken/></DescribeVpcsResponse>", networkStep);
  expect(run.scope(ACCOUNT, "eu-west-1", "network")).toMatchObject({ status: "complete", errors: [], count: 0 });
});

test("a resource that cannot be right is left out and said so, and the others are taken", async () => {
  const instance = (members: string) => `<item><instancesSet><item>${members}</item></instancesSet></item>`;
  const state = "<instanceState><name>running</name></instanceState><instanceType>m7g.large</instanceType>";
  const run = await observeWith(
    `<DescribeInstancesResponse><reservationSet>
      ${instance(`<instanceId>i-1</instanceId>${state}<privateIpAddress>10.0.0.7</privateIpAddress>`)}
      ${instance(`<instanceId>i-2</instanceId>${state}<privateIpAddress>10.0.0.777</privateIpAddress>`)}
      ${instance(state)}
    </reservationSet></DescribeInstancesResponse>`,
    instanceStep,
  );
  const scope = run.scope(ACCOUNT, "eu-west-1", "instance");
  expect([...scope.resources.keys()]).toEqual([`arn:aws:ec2:eu-west-1:${ACCOUNT}:instance/i-1`]);
  expect(scope.status).toBe("partial");
  expect(scope.errors.map(({ code }) => code)).toEqual(["malformed", "malformed"]);
  expect(scope.errors[0]?.message).toMatch(/^i-2: .*10\.0\.0\.777/);
  expect(scope.errors[1]?.message).toBe("a resource without id: InstanceId is missing");
});

test("a value that AWS does not document is taken as it is, and reported with the resource that has it", async () => {
  const block = "<cidrBlock>10.0.0.0/16</cidrBlock>";
  const run = await observeWith(
    `<DescribeVpcsResponse><vpcSet><item><vpcId>vpc-1</vpcId><ownerId>${ACCOUNT}</ownerId>${block}<cidrBlockAssociationSet>
      <item>${block}<associationId>a-1</associationId><cidrBlockState><state>suspended</state></cidrBlockState></item>
    </cidrBlockAssociationSet></item></vpcSet></DescribeVpcsResponse>`,
    networkStep,
  );
  const scope = run.scope(ACCOUNT, "eu-west-1", "network");
  expect(scope).toMatchObject({ status: "complete", count: 1 });
  expect([...scope.resources.values()][0]?.attributes.blocks).toMatchObject([{ state: "suspended" }]);
  expect(scope.errors).toMatchObject([{ code: "unknown_value", operation: "ec2:DescribeVpcs" }]);
  expect(scope.errors[0]?.message).toMatch(
    /^vpc-1: state of block 10\.0\.0\.0\/16 is "suspended", which is taken as it is; known: /,
  );
});
