import { isDeepStrictEqual } from "node:util";
import { readAdminTokenConfig, readFeedConfig, readJobsConfig } from "@cadastre/functions/env/background";
import { readCollectAwsConfig } from "@cadastre/functions/env/collect-aws";
import { readCollectEndpointsConfig } from "@cadastre/functions/env/collect-endpoints";
import { readApiConfig, readVaultConfig } from "@cadastre/functions/env/service";
import { FUNCTIONS } from "@cadastre/infra/function-names";
import { Stack } from "aws-cdk-lib";
import { describe, expect, test } from "vitest";
import { resolve } from "./resolve.ts";
import { allOf, cycleIn, DEPLOYMENT, type Properties, synthesised } from "./template.ts";

const { resources } = synthesised(DEPLOYMENT);
const all = (type: string) => allOf(type, resources);
const nameOf = (one: Properties) => String(one.FunctionName);

describe("what is stored", () => {
  test("the table is on demand, recoverable to any second, encrypted by our key, and cannot be deleted", () => {
    expect(all("AWS::DynamoDB::Table")).toMatchObject([
      {
        BillingMode: "PAY_PER_REQUEST",
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: "KMS", KMSMasterKeyId: expect.anything() },
        DeletionProtectionEnabled: true,
        DeletionPolicy: "Retain",
        TimeToLiveSpecification: { AttributeName: "expires", Enabled: true },
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
      },
    ]);
  });

  test("every key is kept when the stack goes, and every key for data is rotated", () => {
    const keys = all("AWS::KMS::Key");
    expect(keys).toHaveLength(6);
    for (const key of keys) {
      expect(key.DeletionPolicy).toBe("RetainExceptOnCreate");
      if (key.KeyUsage !== "SIGN_VERIFY") expect(key.EnableKeyRotation).toBe(true);
    }
  });

  test("every collector and the audit log sign with a P-256 key of their own, which stays in KMS", () => {
    const signing = all("AWS::KMS::Key").filter((key) => key.KeyUsage === "SIGN_VERIFY");
    expect(signing.map((key) => key.KeySpec)).toEqual(["ECC_NIST_P256", "ECC_NIST_P256", "ECC_NIST_P256"]);
  });

  test("logs, queues and alarm messages are encrypted, and logs end after three months", () => {
    const groups = all("AWS::Logs::LogGroup");
    expect(groups.length).toBe(FUNCTIONS.length + 1);
    for (const group of groups) expect(group).toMatchObject({ KmsKeyId: expect.anything(), RetentionInDays: 90 });
    for (const queue of all("AWS::SQS::Queue"))
      expect(queue.SqsManagedSseEnabled === true || queue.KmsMasterKeyId !== undefined).toBe(true);
    for (const topic of all("AWS::SNS::Topic")) expect(topic.KmsMasterKeyId).toBeDefined();
  });
});

describe("a first deployment that fails", () => {
  test("leaves nothing that has a name which the next one wants: logs and keys go, the table has none", () => {
    expect(all("AWS::Logs::LogGroup").map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(
      Array(FUNCTIONS.length + 1).fill("RetainExceptOnCreate"),
    );
    const named = all("AWS::Logs::LogGroup").filter(({ LogGroupName }) => LogGroupName !== undefined);
    expect(named.map(({ LogGroupName }) => JSON.stringify(LogGroupName))).toEqual([
      expect.stringMatching(/\/aws\/vendedlogs\/cadastre\/access-.*Fn::Select.*AWS::StackId/),
    ]);
    const [table] = all("AWS::DynamoDB::Table");
    // It refuses to be deleted, by which CloudFormation could not take the stack back.
    expect(table).toMatchObject({ DeletionProtectionEnabled: true, DeletionPolicy: "Retain" });
    expect(table.TableName).toBeUndefined();
  });

  test("keeps nothing else", () => {
    const kept = Object.values(resources).filter(({ DeletionPolicy }) => DeletionPolicy !== undefined);
    const others = kept.filter(({ DeletionPolicy }) => DeletionPolicy !== "Delete").map(({ Type }) => Type);
    expect([...new Set(others)].sort()).toEqual([
      "AWS::DynamoDB::Table",
      "AWS::KMS::Key",
      "AWS::Logs::LogGroup",
      "AWS::S3::Bucket",
    ]);
    for (const { DeletionPolicy, UpdateReplacePolicy } of kept) {
      expect(UpdateReplacePolicy).toBe(DeletionPolicy === "Delete" ? "Delete" : "Retain");
    }
  });
});

describe("tags", () => {
  test("are on every resource that can have them, and on both stacks", () => {
    const { app, resources: tagged } = synthesised({ ...DEPLOYMENT, tags: { team: "platform" } });
    const wanted = { Application: "cadastre", Deployment: "cadastre", team: "platform" };
    const bare = Object.entries(tagged).flatMap(([id, { Type, Properties }]) => {
      const tags = Properties?.Tags ?? Properties?.HostedZoneTags;
      const given = Array.isArray(tags)
        ? Object.fromEntries(tags.map(({ Key, Value }: Properties) => [Key, Value]))
        : tags;
      return isDeepStrictEqual(given, wanted) ? [] : [`${Type} ${id}`];
    });
    // None of these takes tags.
    expect([...new Set(bare.map((one) => String(one.split(" ")[0])))].sort()).toEqual([
      "AWS::ApiGatewayV2::Integration",
      "AWS::ApiGatewayV2::Route",
      "AWS::IAM::Policy",
      "AWS::KMS::Alias",
      "AWS::Lambda::EventInvokeConfig",
      "AWS::Lambda::Permission",
      "AWS::S3::BucketPolicy",
      "AWS::SNS::Subscription",
      "AWS::SNS::TopicPolicy",
      "AWS::SQS::QueuePolicy",
      "AWS::Scheduler::Schedule",
    ]);
    for (const stack of app.node.children) {
      if (stack instanceof Stack) expect(stack.tags.tagValues()).toMatchObject(wanted);
    }
  });
});

describe("functions", () => {
  test("run on Node 24 and arm64, with a log and a role of their own", () => {
    const functions = all("AWS::Lambda::Function");
    expect(functions.map(nameOf).sort()).toEqual(FUNCTIONS.map((name) => `cadastre-${name}`).sort());
    for (const one of functions) expect(one).toMatchObject({ Runtime: "nodejs24.x", Architectures: ["arm64"] });
    expect(new Set(functions.map((one) => JSON.stringify(one.Role))).size).toBe(FUNCTIONS.length);
    expect(new Set(functions.map((one) => JSON.stringify(one.LoggingConfig))).size).toBe(FUNCTIONS.length);
  });

  test("of the API has a whole core, which a run of 20,000 scopes needs to be opened within 10 s", () => {
    const api = all("AWS::Lambda::Function").find((one) => nameOf(one) === "cadastre-api");
    expect(api).toMatchObject({ MemorySize: 1769, Timeout: 29 });
  });

  test("say what breaks for whom, in what Lambda takes of a description", () => {
    for (const { Description } of all("AWS::Lambda::Function")) {
      expect(Description).toMatch(/^It .+: while it (fails|does not run), .+/);
      expect(Description.length).toBeLessThanOrEqual(256);
    }
  });

  test("are given an environment that they accept", () => {
    const environment = (name: string) => {
      const found = all("AWS::Lambda::Function").find((one) => nameOf(one) === `cadastre-${name}`);
      return resolve(found.Environment.Variables) as Record<string, string>;
    };
    expect(readApiConfig(environment("api"))).toMatchObject({ holdPolicy: { share: 0.1, floor: 5 } });
    readVaultConfig(environment("vault"));
    readAdminTokenConfig(environment("admin-token"));
    readFeedConfig(environment("feed"));
    expect(readJobsConfig(environment("jobs"))).toMatchObject({ retentionDays: 500 });
    expect(readCollectAwsConfig(environment("collect-aws"))).toMatchObject({
      name: "aws",
      accounts: { organization: { roleName: "cadastre-reader", externalId: "0123456789abcdef" } },
      regions: ["eu-west-1", "eu-central-1"],
    });
    expect(readCollectEndpointsConfig(environment("collect-endpoints"))).toMatchObject({
      targets: { parametersPath: "/cadastre/endpoints" },
      families: [4],
    });
  });

  test("for jobs is one, called every minute, by a role that may do nothing else", () => {
    const jobs = all("AWS::Lambda::Function").find((one) => nameOf(one) === "cadastre-jobs");
    const arn = { "Fn::GetAtt": [jobs.id, "Arn"] };
    const [schedule, ...more] = all("AWS::Scheduler::Schedule").filter((one) => isDeepStrictEqual(one.Target.Arn, arn));
    expect(more).toEqual([]);
    expect(schedule).toMatchObject({ ScheduleExpression: "cron(* * * * ? *)", FlexibleTimeWindow: { Mode: "OFF" } });
    const role = schedule.Target.RoleArn["Fn::GetAtt"][0];
    const policies = all("AWS::IAM::Policy").filter((one) => isDeepStrictEqual(one.Roles, [{ Ref: role }]));
    expect(policies.flatMap((one) => one.PolicyDocument.Statement)).toEqual([
      { Action: "lambda:InvokeFunction", Effect: "Allow", Resource: arn },
    ]);
  });

  test("that collect leave what could not be run in a queue, whoever started it", () => {
    const queues = all("AWS::SQS::Queue").flatMap(({ id }) =>
      id.startsWith("Collect") ? [{ "Fn::GetAtt": [id, "Arn"] }] : [],
    );
    expect(queues).toHaveLength(2);
    const used = [
      all("AWS::Scheduler::Schedule").flatMap((one) => one.Target.DeadLetterConfig?.Arn ?? []),
      all("AWS::Events::Rule").map((one) => one.Targets[0].DeadLetterConfig.Arn),
      all("AWS::Lambda::EventInvokeConfig").flatMap((one) => one.DestinationConfig?.OnFailure.Destination ?? []),
    ];
    for (const arns of used) expect(arns).toEqual(queues);
  });

  test("are run by a trigger that names their collector", () => {
    const patterns = all("AWS::Events::Rule").map((one) => one.EventPattern);
    expect(patterns).toEqual(
      ["aws", "endpoints"].map((name) => ({
        source: ["cadastre"],
        "detail-type": ["discovery.trigger"],
        detail: { name: [name] },
      })),
    );
  });

  test("find their targets in parameters that SSM takes", () => {
    const parameters = all("AWS::SSM::Parameter");
    expect(parameters.length).toBeGreaterThan(1);
    for (const { Name, Value } of parameters) {
      expect(Name).toMatch(/^\/cadastre\/endpoints\//);
      expect(Buffer.byteLength(Value)).toBeLessThanOrEqual(4096);
    }
    expect(parameters.flatMap(({ Value }) => Value.split("\n"))).toEqual(DEPLOYMENT.endpoints?.targets);
  });
});

test("no resource depends on what depends on it, which CloudFormation refuses", () => {
  expect(cycleIn(resources)).toBeUndefined();
});
