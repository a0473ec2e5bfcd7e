import { readFileSync } from "node:fs";
import { FUNCTIONS } from "@cadastre/infra/function-names";
import { describe, expect, test } from "vitest";
import { blocksOf } from "../docs/blocks.ts";
import { allowedActions, statementsOf } from "./allowed.ts";
import { resolve } from "./resolve.ts";
import { allOf, DEPLOYMENT, list, type Properties, synthesised } from "./template.ts";

const { resources, template } = synthesised(DEPLOYMENT);
const all = (type: string) => allOf(type, resources);
const nameOf = (one: Properties) => String(one.FunctionName);
const statements = () => all("AWS::IAM::Policy").flatMap((policy) => policy.PolicyDocument.Statement as Properties[]);

describe("who may do what", () => {
  test("no action has a wildcard", () => {
    for (const { Action } of statements()) for (const action of list(Action)) expect(action).not.toContain("*");
  });

  test("only what docs/permissions lists is allowed for every resource", () => {
    const documented = ["aws-reader", "aws-organization"].flatMap((name) => {
      const text = readFileSync(new URL(`../../docs/permissions/${name}.json`, import.meta.url), "utf8");
      return (JSON.parse(text).Statement as Properties[]).flatMap(({ Action }) => list<string>(Action));
    });
    const everywhere = statements().filter(({ Resource }) => list(Resource).includes("*"));
    expect(everywhere.flatMap(({ Action }) => list<string>(Action)).sort()).toEqual(documented.sort());
  });

  test("docs/permissions lists just what the roles of the service's own functions may do, besides writing their logs", () => {
    const text = readFileSync(new URL("../../docs/permissions/README.md", import.meta.url), "utf8");
    const documented = new Map<string, string[]>();
    for (const row of text.split("\n").filter((one) => one.startsWith("| "))) {
      const [role = "", permissions = ""] = row
        .split("|")
        .slice(1)
        .map((cell) => cell.trim());
      const named = [...permissions.matchAll(/`([\w:]+)`/g)].map(([, name = ""]) => name);
      // The service stands once before its calls, or in each.
      const service = named[0]?.endsWith(":") ? named.shift() : "";
      documented.set(role, [...(documented.get(role) ?? []), ...named.map((name) => `${service}${name}`)]);
    }
    for (const role of ["api", "vault", "jobs", "feed", "admin-token"]) {
      const allowed = allowedActions(resources, `cadastre-${role}`).filter((action) => !action.startsWith("logs:"));
      expect(documented.get(role)?.sort(), role).toEqual(allowed);
    }
  });

  test("the collector enters roles of one name in its own organization alone", () => {
    const assume = statementsOf(resources, "cadastre-collect-aws").filter(({ Action }) => Action === "sts:AssumeRole");
    expect(assume).toEqual([
      {
        Action: "sts:AssumeRole",
        Effect: "Allow",
        Resource: { "Fn::Join": ["", ["arn:", { Ref: "AWS::Partition" }, ":iam::*:role/cadastre-reader"]] },
        // biome-ignore lint/suspicious/noTemplateCurlyInString: IAM fills it in.
        Condition: { StringEquals: { "aws:ResourceOrgID": "${aws:PrincipalOrgID}" } },
      },
    ]);
  });

  test("the role of jobs may use the table, write its log, sign checkpoints and put them into their bucket, and nothing else", () => {
    const statements = statementsOf(resources, "cadastre-jobs");
    const actions = statements.flatMap(({ Action }) => list(Action));
    const others = actions.filter((action) => !/^(dynamodb|logs):/.test(action));
    expect(others.sort()).toEqual(["kms:GetPublicKey", "kms:Sign", "s3:PutObject"]);
    expect(actions).not.toContain("dynamodb:Scan");
    const key = all("AWS::KMS::Key").find(({ Description }) => Description.includes("checkpoints of the audit log"));
    expect(key).toMatchObject({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" });
    const signing = statements.find(({ Action }) => list(Action).includes("kms:Sign"));
    expect(signing?.Resource).toEqual({ "Fn::GetAtt": [key.id, "Arn"] });
  });

  test("checkpoints of the audit log cannot be removed or replaced for 400 days, and are in no public place", () => {
    const [bucket, ...more] = all("AWS::S3::Bucket");
    expect(more).toEqual([]);
    expect(bucket).toMatchObject({
      ObjectLockEnabled: true,
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: "COMPLIANCE", Days: 400 } } },
      VersioningConfiguration: { Status: "Enabled" },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
  });

  test("only the vault's role may decrypt, and only with the vault's key", () => {
    const vaultKey = all("AWS::KMS::Key").find((key) => key.Description.startsWith("Seals"));
    const arn = { "Fn::GetAtt": [vaultKey.id, "Arn"] };
    for (const name of FUNCTIONS) {
      const decrypting = statementsOf(resources, `cadastre-${name}`).filter(({ Action }) =>
        list(Action).includes("kms:Decrypt"),
      );
      expect(decrypting.map(({ Resource }) => Resource)).toEqual(name === "vault" ? [arn] : []);
    }
  });

  test("the vault's key refuses everybody else, whatever they are allowed elsewhere", () => {
    const vaultKey = all("AWS::KMS::Key").find((key) => key.Description.startsWith("Seals"));
    const vault = all("AWS::Lambda::Function").find((one) => nameOf(one) === "cadastre-vault");
    expect(vaultKey.KeyPolicy.Statement).toContainEqual({
      Sid: "NobodyElseOpens",
      Effect: "Deny",
      Principal: { AWS: "*" },
      Action: ["kms:CreateGrant", "kms:Decrypt", "kms:ReEncryptFrom"],
      Resource: "*",
      Condition: { ArnNotEquals: { "aws:PrincipalArn": vault.Role } },
    });
  });

  test("the table's key is used through DynamoDB alone", () => {
    const key = all("AWS::KMS::Key").find((one) => one.Description.startsWith("Encrypts the table"));
    const [use, ...more] = key.KeyPolicy.Statement.filter((one: Properties) => one.Sid === "UseThroughDynamoDB");
    expect(more).toEqual([]);
    const users = all("AWS::Lambda::Function").filter((one) => "TABLE_NAME" in one.Environment.Variables);
    expect(use.Principal.AWS).toHaveLength(5);
    expect(use.Principal.AWS).toEqual(expect.arrayContaining(users.map((one) => one.Role)));
    expect(resolve(use.Condition)).toEqual({
      StringEquals: { "kms:ViaService": "dynamodb.eu-west-1.amazonaws.com" },
    });
  });

  test("no policy has two statements of one name, which IAM refuses", () => {
    const policies = Object.values(resources).flatMap(({ Properties }) =>
      [Properties?.KeyPolicy, Properties?.PolicyDocument, Properties?.AssumeRolePolicyDocument].filter(Boolean),
    );
    expect(policies.length).toBeGreaterThan(10);
    for (const { Statement } of policies) {
      const names = Statement.flatMap(({ Sid }: Properties) => Sid ?? []);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  test("the function of the feed reads the stream and the items it needs, puts events on the one bus, and keeps what failed", () => {
    const [table] = all("AWS::DynamoDB::Table");
    const [bus] = all("AWS::Events::EventBus");
    const arn = (id: string, attribute = "Arn") => ({ "Fn::GetAtt": [id, attribute] });
    const queue = all("AWS::SQS::Queue").find((one) => one.KmsMasterKeyId !== undefined);
    const allowed = statementsOf(resources, "cadastre-feed").filter(({ Action }) => !String(Action).includes("logs:"));
    expect(allowed.map(({ Action, Resource, Condition }) => [Action, Resource, Condition])).toEqual([
      [
        ["BatchGetItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query"].map(
          (call) => `dynamodb:${call}`,
        ),
        arn(table.id),
        undefined,
      ],
      [
        ["DescribeStream", "GetRecords", "GetShardIterator"].map((call) => `dynamodb:${call}`),
        arn(table.id, "StreamArn"),
        undefined,
      ],
      ["dynamodb:ListStreams", { "Fn::Join": ["", [arn(table.id), "/stream/*"]] }, undefined],
      ["events:PutEvents", arn(bus.id), undefined],
      ["sqs:SendMessage", arn(queue.id), undefined],
    ]);
    const key = all("AWS::KMS::Key").find((one) => one.Description.startsWith("Encrypts logs"));
    const send = key.KeyPolicy.Statement.find((one: Properties) => one.Sid?.startsWith("SendThroughSQS"));
    expect(resolve(send.Condition)).toEqual({ StringEquals: { "kms:ViaService": "sqs.eu-west-1.amazonaws.com" } });
    expect(queue.KmsMasterKeyId).toEqual(arn(key.id));
  });

  test("a collector signs in one way only", () => {
    for (const name of ["collect-aws", "collect-endpoints"]) {
      const sign = statementsOf(resources, `cadastre-${name}`).filter(({ Action }) =>
        list(Action).includes("kms:Sign"),
      );
      expect(sign.map(({ Condition }) => Condition)).toEqual([
        { StringEquals: { "kms:SigningAlgorithm": "ECDSA_SHA_256", "kms:MessageType": "DIGEST" } },
      ]);
    }
  });

  test("routes that hand out secrets, or check a code against one, go to the vault, and all others to the API", () => {
    const integrations = new Map(
      all("AWS::ApiGatewayV2::Integration").map((one) => [one.id, one.IntegrationUri["Fn::GetAtt"][0]]),
    );
    const byRoute = Object.fromEntries(
      all("AWS::ApiGatewayV2::Route").map((one) => [one.RouteKey, integrations.get(one.Target["Fn::Join"][1][1].Ref)]),
    );
    const idOf = (name: string) => all("AWS::Lambda::Function").find((one) => nameOf(one) === name)?.id;
    expect(byRoute).toEqual({
      $default: idOf("cadastre-api"),
      "POST /api/v1/auth/login": idOf("cadastre-vault"),
      "POST /api/v1/auth/providers/{id}/finish": idOf("cadastre-vault"),
      "POST /api/v1/auth/providers/{id}/finish-link": idOf("cadastre-vault"),
      "POST /api/v1/auth/step-up": idOf("cadastre-vault"),
      "POST /api/v1/factors/totp/{id}/confirm": idOf("cadastre-vault"),
      "POST /api/v1/credentials/{id}/reveal": idOf("cadastre-vault"),
      "POST /api/v1/discovery/credential": idOf("cadastre-vault"),
    });
  });
});

describe("the role in member accounts", () => {
  test("reads what docs/permissions lists, by the collector alone, with an external id, and needs no bootstrap", () => {
    const member = template("cadastre-reader-role");
    const reader = JSON.parse(readFileSync(new URL("../../docs/permissions/aws-reader.json", import.meta.url), "utf8"));
    const [role, ...more] = Object.values(member.Resources);
    expect(more).toEqual([]);
    expect(role?.Properties.Policies[0].PolicyDocument).toEqual(reader);
    expect(role?.Properties.AssumeRolePolicyDocument.Statement).toEqual([
      {
        Action: "sts:AssumeRole",
        Effect: "Allow",
        Principal: { AWS: { Ref: "CollectorRoleArns" } },
        Condition: { StringEquals: { "sts:ExternalId": { Ref: "ExternalId" } } },
      },
    ]);
    expect(Object.keys(member.Parameters)).toEqual(["CollectorRoleArns", "ExternalId", "RoleName"]);
  });

  test("is made as docs/deploying.md says: by the template's name, with every parameter that has no default", () => {
    const page = readFileSync(new URL("../../docs/deploying.md", import.meta.url), "utf8");
    const command = blocksOf(page).find(({ text }) => text.startsWith("aws cloudformation deploy"))?.text ?? "";
    const { Parameters } = template("cadastre-reader-role");
    const needed = Object.entries(Parameters).filter(([, { Default }]: [string, Properties]) => Default === undefined);
    const given = [...command.matchAll(/ (\w+)=/g)].map(([, name]) => name);
    expect(given).toEqual(needed.map(([name]) => name));
    expect(command).toContain("cdk.out/cadastre-reader-role.template.json");
    expect(command).toContain("CAPABILITY_NAMED_IAM");
    const collector = all("AWS::IAM::Role").find(({ RoleName }) => RoleName !== undefined);
    expect(command).toContain(`:role/${collector.RoleName}`);
  });
});

describe("a smaller deployment", () => {
  test("of no collectors has none, and one of the own account enters no role", () => {
    const none = synthesised({ name: "small" }).resources;
    expect(allOf("AWS::Lambda::Function", none).map(nameOf).sort()).toEqual([
      "small-admin-token",
      "small-api",
      "small-feed",
      "small-jobs",
      "small-vault",
    ]);
    const aws = [{ name: "aws", everyMinutes: 5, accounts: { own: true as const } }];
    const own = synthesised({ name: "own", aws }).resources;
    const actions = statementsOf(own, "own-collect-aws").flatMap(({ Action }) => Action);
    expect(actions).toContain("ec2:DescribeVpcs");
    expect(actions).not.toContain("sts:AssumeRole");
    expect(actions).not.toContain("organizations:ListAccounts");
  });
});
