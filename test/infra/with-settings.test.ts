import { readCollectAwsConfig } from "@cadastre/functions/env/collect-aws";
import { readCollectEndpointsConfig } from "@cadastre/functions/env/collect-endpoints";
import { readApiConfig, readVaultConfig } from "@cadastre/functions/env/service";
import type { Deployment } from "@cadastre/infra/deployment";
import { checkDeployment } from "@cadastre/infra/read-deployment";
import { AwsSolutionsChecks } from "cdk-nag";
import { describe, expect, test } from "vitest";
import { statementsOf } from "./allowed.ts";
import { CAPPED, EVERY_SETTING } from "./every-setting.ts";
import { resolve } from "./resolve.ts";
import { allOf, cycleIn, list, type Properties, synthesised } from "./template.ts";

const { app, resources } = synthesised(EVERY_SETTING);
const all = (type: string) => allOf(type, resources);
const functionOf = (name: string) => all("AWS::Lambda::Function").find((one) => one.FunctionName === `prod-${name}`);
const environmentOf = (name: string) => resolve(functionOf(name).Environment.Variables) as Record<string, string>;
const [, RESTORED] = EVERY_SETTING.tableStreamArn.split("table/").map((part) => part.split("/")[0]);
const ARN_OF_RESTORED = `arn:aws:dynamodb:eu-west-1:123456789012:table/${RESTORED}`;

describe("a deployment with every setting", () => {
  test("has no findings of cdk-nag, and no circle", () => {
    expect(new AwsSolutionsChecks(app).validateScope(app).violations).toEqual([]);
    expect(cycleIn(resources)).toBeUndefined();
  });

  test("works with the table that was restored, and keeps its own as it was", () => {
    expect(all("AWS::DynamoDB::Table")).toHaveLength(1);
    for (const name of ["api", "vault", "jobs", "feed", "admin-token"]) {
      expect(environmentOf(name).TABLE_NAME).toBe(RESTORED);
      const items = statementsOf(resources, `prod-${name}`).filter(({ Action }) =>
        list(Action).includes("dynamodb:GetItem"),
      );
      expect(items.map(({ Resource }) => resolve(Resource))).toEqual([ARN_OF_RESTORED]);
    }
    expect(all("AWS::Lambda::EventSourceMapping")).toMatchObject([{ EventSourceArn: EVERY_SETTING.tableStreamArn }]);
    const alarmed = JSON.stringify(all("AWS::CloudWatch::Alarm").filter(({ id }) => id.includes("TableThrottled")));
    expect(alarmed).toContain(`"Value":"${RESTORED}"`);
  });

  test("signs with the keys that are named, in the one way, and makes keys for the other collectors alone", () => {
    expect(all("AWS::KMS::Key").filter(({ KeyUsage }) => KeyUsage === "SIGN_VERIFY")).toHaveLength(4);
    const collectors: readonly { name: string; signingKeyArn?: string }[] = [
      ...EVERY_SETTING.aws,
      EVERY_SETTING.endpoints,
    ];
    const keyed = collectors.filter(({ signingKeyArn }) => signingKeyArn !== undefined);
    expect(keyed).toHaveLength(2);
    for (const { name, signingKeyArn } of keyed) {
      expect(environmentOf(`collect-${name}`).SIGNING_KEY_ID).toBe(signingKeyArn);
      const sign = statementsOf(resources, `prod-collect-${name}`).filter(({ Action }) => Action === "kms:Sign");
      expect(sign).toMatchObject([
        { Resource: signingKeyArn, Condition: { StringEquals: { "kms:SigningAlgorithm": "ECDSA_SHA_256" } } },
      ]);
    }
  });

  test("is called by its own name alone, with its records, and collectors know it", () => {
    expect(all("AWS::ApiGatewayV2::Api")).toMatchObject([{ DisableExecuteApiEndpoint: true }]);
    const [domain] = all("AWS::ApiGatewayV2::DomainName");
    expect(domain.DomainName).toBe("cadastre.example.org");
    expect(domain.DomainNameConfigurations).toMatchObject([
      { CertificateArn: EVERY_SETTING.domain.certificateArn, SecurityPolicy: "TLS_1_2", EndpointType: "REGIONAL" },
    ]);
    expect(all("AWS::ApiGatewayV2::ApiMapping")).toHaveLength(1);
    expect(all("AWS::Route53::RecordSet")).toMatchObject([
      { Name: "cadastre.example.org", Type: "A", HostedZoneId: EVERY_SETTING.domain.hostedZoneId },
    ]);
    expect(environmentOf("collect-own").CADASTRE_API).toBe("https://cadastre.example.org");
    const { resources: elsewhere } = synthesised({
      name: "prod",
      domain: { name: "a.example.org", certificateArn: EVERY_SETTING.domain.certificateArn },
    });
    expect(allOf("AWS::Route53::RecordSet", elsewhere)).toEqual([]);
  });

  test("knows from where people may call, in the API and in the vault", () => {
    const allowed = [readApiConfig(environmentOf("api")), readVaultConfig(environmentOf("vault"))];
    for (const { allowedAddresses } of allowed) {
      expect(allowedAddresses?.map(({ family, length }) => [family, length])).toEqual([
        [4, 24],
        [6, 32],
      ]);
    }
  });

  test("keeps invocations for each function, and for no other", () => {
    const kept = Object.fromEntries(
      all("AWS::Lambda::Function").map((one) => [one.FunctionName, one.ReservedConcurrentExecutions]),
    );
    const collectors = ["organization", "rest", "roles_two", "own", "tls"];
    expect(kept).toEqual({
      "prod-api": 50,
      "prod-vault": 5,
      "prod-jobs": 1,
      "prod-feed": 10,
      "prod-admin-token": undefined,
      ...Object.fromEntries(collectors.map((name) => [`prod-collect-${name}`, 2])),
    });
  });

  test("gives each AWS collector its own accounts, settings, schedule, trigger and alarms", () => {
    const [organization] = EVERY_SETTING.aws;
    const config = (name: string) => readCollectAwsConfig(environmentOf(`collect-${name}`));
    expect(config("organization")).toMatchObject({
      name: "organization",
      deployment: "prod",
      load: { concurrency: 16, pageSize: 200, accountsPerRun: 20 },
      scopeDeadlineMilliseconds: 300_000,
      intervalSeconds: 1800,
      regions: ["eu-west-1", "eu-central-1"],
      accounts: organization?.accounts,
    });
    expect(config("rest")).toMatchObject({
      load: {},
      accounts: { organization: { roleName: "reader", except: ["111111111111", "222222222222"] } },
    });
    expect(config("roles_two")).toMatchObject({
      name: "roles.two",
      accounts: { roles: [{ roleArn: "arn:aws:iam::333333333333:role/a/reader", externalId: "agreed" }] },
    });
    expect(config("own").accounts).toEqual({ own: true });
    const schedules = all("AWS::Scheduler::Schedule").map((one) => String(one.ScheduleExpression));
    expect(schedules.sort()).toEqual(
      [
        "cron(* * * * ? *)",
        "rate(1 minute)",
        "rate(30 minutes)",
        "rate(360 minutes)",
        "rate(5 minutes)",
        "rate(60 minutes)",
      ].sort(),
    );
    expect(all("AWS::Events::Rule").flatMap((one) => one.EventPattern.detail.name)).toEqual([
      "organization",
      "rest",
      "roles.two",
      "own",
      "tls",
    ]);
    const ages = all("AWS::CloudWatch::Alarm").filter(({ MetricName }) => MetricName === "DeliveredRuns");
    expect(ages.map(({ Dimensions, EvaluationPeriods }) => [Dimensions[0].Value, EvaluationPeriods])).toEqual([
      ["organization", 2],
      ["rest", 18],
      ["roles.two", 1],
      ["own", 1],
      ["tls", 3],
    ]);
    // An alarm looks back a day at the most.
    for (const { Metrics = [], EvaluationPeriods } of all("AWS::CloudWatch::Alarm")) {
      for (const { MetricStat } of Metrics.filter((one: Properties) => one.MetricStat)) {
        expect(MetricStat.Period * EvaluationPeriods).toBeLessThanOrEqual(86_400);
      }
    }
  });

  test("lets a collector of some accounts enter the roles of those, and of no others", () => {
    const entered = (name: string) =>
      statementsOf(resources, `prod-collect-${name}`)
        .filter(({ Action }) => Action === "sts:AssumeRole")
        .flatMap(({ Resource }) => list(Resource).map(resolve));
    expect(entered("organization")).toEqual([
      "arn:aws:iam::111111111111:role/teams/111111111111/reader",
      "arn:aws:iam::222222222222:role/teams/222222222222/reader",
      "arn:aws:iam::999999999999:role/lister",
    ]);
    expect(entered("rest")).toEqual(["arn:aws:iam::*:role/reader"]);
    expect(entered("roles_two")).toEqual(["arn:aws:iam::333333333333:role/a/reader"]);
    expect(entered("own")).toEqual([]);
  });

  test("names every AWS collector's role for the members' template", () => {
    const stack = app.synth().stacks.find(({ stackName }) => stackName === "prod");
    const roles = JSON.stringify(stack?.template.Outputs.AwsCollectorRoles.Value);
    expect(roles.match(/Fn::GetAtt/g)).toHaveLength(4);
    const keys = Object.keys(stack?.template.Outputs).filter((name) => name.startsWith("SigningKey"));
    expect(keys.sort()).toEqual([
      "SigningKeyorganization",
      "SigningKeyown",
      "SigningKeyrest",
      "SigningKeyrolestwo",
      "SigningKeytls",
    ]);
  });

  test("puts the endpoint collector into the subnets; its interfaces are Lambda's to make, not its code's", () => {
    const { VpcConfig } = functionOf("collect-tls");
    expect(VpcConfig).toEqual({
      SubnetIds: ["subnet-0a1b2c3d"],
      SecurityGroupIds: ["sg-0a1b2c3d4e5f60718"],
      Ipv6AllowedForDualStack: true,
    });
    expect(all("AWS::Lambda::Function").filter((one) => one.VpcConfig)).toHaveLength(1);
    const interfaces = statementsOf(resources, "prod-collect-tls").filter(({ Action }) =>
      list(Action).includes("ec2:CreateNetworkInterface"),
    );
    expect(interfaces).toMatchObject([{ Effect: "Allow" }, { Effect: "Deny" }]);
    expect(interfaces[0]?.Action).toEqual(interfaces[1]?.Action);
    expect(resolve(interfaces[1]?.Condition)).toEqual({
      ArnEquals: { "lambda:SourceFunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:prod-collect-tls" },
    });
    expect(readCollectEndpointsConfig(environmentOf("collect-tls"))).toMatchObject({
      intervalSeconds: 3600,
      families: [4, 6],
      concurrency: 40,
      scopeDeadlineMilliseconds: 600_000,
    });
  });
});

test("the largest deployment that settings allow is within what CloudFormation, Lambda and IAM take", {
  timeout: 60_000,
}, () => {
  const accounts = Array.from({ length: 100 }, (_, n) => String(10 ** 11 + n));
  const host = (n: number) => `${"n".repeat(20)}${n}`.slice(-20);
  const largest: Deployment = {
    ...EVERY_SETTING,
    name: "a-name-of-20-letters",
    aws: Array.from({ length: 10 }, (_, n) => ({
      name: `collector-of-some-${n}`,
      everyMinutes: 5,
      accounts: { organization: { roleName: "team/reader-of-net", externalId: "x".repeat(1000), only: accounts } },
    })),
    endpoints: {
      ...EVERY_SETTING.endpoints,
      targets: Array.from({ length: 8500 }, (_, n) => `${host(n)}.org:443`),
    },
    allowedAddresses: Array.from({ length: 100 }, (_, n) => `203.0.${n}.0/24`),
  };
  const { resources: all } = synthesised(checkDeployment(largest));
  expect(Object.keys(all).length).toBeLessThanOrEqual(500);
  expect(Buffer.byteLength(JSON.stringify(all, undefined, 1))).toBeLessThan(950_000);
  for (const { FunctionName, Environment } of allOf("AWS::Lambda::Function", all)) {
    const size = JSON.stringify(resolve(Environment.Variables)).length;
    expect(size, FunctionName).toBeLessThan(4096);
    const policies = statementsOf(all, FunctionName).map((statement) => JSON.stringify(resolve(statement)));
    expect(policies.join("").length, FunctionName).toBeLessThan(10_240);
  }
});

test("a table with caps takes no more than they say, and one without takes what comes", () => {
  const throughput = (of: Parameters<typeof synthesised>[0]) =>
    allOf("AWS::DynamoDB::Table", synthesised(of).resources)[0].OnDemandThroughput;
  expect(throughput(CAPPED)).toEqual({ MaxReadRequestUnits: 12_000, MaxWriteRequestUnits: 4000 });
  expect(throughput({ name: "free" })).toBeUndefined();
});
