import { BatchWriteItemCommand, DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import { CreateKeyCommand, GetPublicKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { createDynamoEngineTable } from "../support/dynamo-table.ts";
import type { AwsCall } from "./aws-command.ts";
import { type Deployed, type FunctionName, REGION, TABLE_NAME } from "./deployed.ts";
import { resolve } from "./resolve.ts";

const CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" };

/** Copies a table, which is what a restore is; the engine knows of none. */
async function restore(endpoint: string, from: string, to: string): Promise<void> {
  const client = new DynamoDBClient({ endpoint, region: REGION, credentials: CREDENTIALS });
  await createDynamoEngineTable(client, to);
  for await (const { Items = [] } of paginateScan({ client, pageSize: 25 }, { TableName: from })) {
    if (Items.length === 0) continue;
    const requests = Items.map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [to]: requests } }));
  }
  client.destroy();
}

function requireOption({ operation, options }: AwsCall, name: string, expected?: string): string {
  const value = options[name];
  if (value === undefined || (expected !== undefined && value !== expected)) {
    throw new Error(`${operation}: --${name} must be ${expected ?? "given"}, not ${value}`);
  }
  return value;
}

/**
 * What `aws` does with a deployment on this machine: as much of it as the documentation's commands are. Whatever else is asked,
 * also an output that the stack does not have, fails.
 */
export function answerAws(deployed: Deployed, { restored }: { readonly restored: string }) {
  const { AWS_ENDPOINT_URL: endpoint = "", ...keys } = awsEnvironment(deployed.aws);
  const credentials = { accessKeyId: keys.AWS_ACCESS_KEY_ID ?? "", secretAccessKey: keys.AWS_SECRET_ACCESS_KEY ?? "" };
  const kms = () => new KMSClient({ endpoint, region: REGION, credentials });
  const outputs: Readonly<Record<string, string>> = {
    ApiUrl: deployed.http.url,
    AdminTokenFunction: "cadastre-admin-token",
    SigningKeyaws: deployed.signingKeyArn,
    TableName: TABLE_NAME,
  };
  const lambdaOf = (name: string) => {
    const lambda = deployed.functions[name.replace(/^cadastre-/, "") as FunctionName];
    if (!lambda) throw new Error(`there is no function ${name}`);
    return lambda;
  };
  const streamArn = `arn:aws:dynamodb:${REGION}:123456789012:table/${restored}/stream/2026-11-30T00:00:00.000`;

  const commands: Readonly<
    Record<string, (call: AwsCall) => Promise<{ stdout: string; files?: Record<string, string> }>>
  > = {
    async "cloudformation describe-stacks"(call) {
      requireOption(call, "stack-name", "cadastre");
      const [, name = ""] = /OutputKey=='(\w+)'\]\.OutputValue$/.exec(requireOption(call, "query")) ?? [];
      const stdout = outputs[name];
      if (stdout === undefined || !deployed.assembly.outputs.includes(name)) {
        throw new Error(`the stack has no output ${name}; it has ${deployed.assembly.outputs.join(", ")}`);
      }
      return { stdout };
    },
    async "lambda invoke"(call) {
      const { payload } = call.options;
      // Without this the command takes the payload for base64.
      if (payload !== undefined) requireOption(call, "cli-binary-format", "raw-in-base64-out");
      const answer = await lambdaOf(requireOption(call, "function-name")).invoke(JSON.parse(payload ?? "{}"));
      const [file = ""] = call.rest;
      return { stdout: '{"StatusCode": 200}', files: { [file]: JSON.stringify(answer) } };
    },
    async "lambda get-function-configuration"(call) {
      const name = requireOption(call, "function-name");
      requireOption(call, "query", "LoggingConfig.LogGroup");
      const found = Object.values(deployed.assembly.resources).find(
        ({ Properties }) => Properties?.FunctionName === name,
      );
      return { stdout: String(resolve(found?.Properties.LoggingConfig.LogGroup)) };
    },
    async "ssm put-parameter"(call) {
      requireOption(call, "type", "String");
      for (const name of ["name", "value"]) requireOption(call, name);
      return { stdout: '{"Version": 1}' };
    },
    async "events put-rule"(call) {
      requireOption(call, "event-bus-name", "cadastre");
      for (const name of ["name", "event-pattern"]) requireOption(call, name);
      return { stdout: "{}" };
    },
    async "kms create-key"(call) {
      requireOption(call, "query", "KeyMetadata.Arn");
      const [KeySpec, KeyUsage] = ["key-spec", "key-usage"].map((name) => requireOption(call, name));
      const made = await kms().send(
        new CreateKeyCommand({ KeySpec: KeySpec as "ECC_NIST_P256", KeyUsage: KeyUsage as "SIGN_VERIFY" }),
      );
      return { stdout: made.KeyMetadata?.Arn ?? "" };
    },
    async "kms get-public-key"(call) {
      requireOption(call, "query", "PublicKey");
      const answer = await kms().send(new GetPublicKeyCommand({ KeyId: requireOption(call, "key-id") }));
      return { stdout: Buffer.from(answer.PublicKey ?? []).toString("base64") };
    },
    async "dynamodb restore-table-to-point-in-time"(call) {
      requireOption(call, "use-latest-restorable-time");
      await restore(
        deployed.tableEndpoint,
        requireOption(call, "source-table-name"),
        requireOption(call, "target-table-name", restored),
      );
      return { stdout: "{}" };
    },
    async "dynamodb describe-table"(call) {
      requireOption(call, "query", "Table.LatestStreamArn");
      return { stdout: streamArn };
    },
  };
  /** Of the restored table, and without an answer that anybody reads. */
  const quiet = ["wait table-exists", "update-time-to-live", "update-continuous-backups", "update-table"];

  return async function answer(call: AwsCall) {
    const command = commands[call.operation];
    if (command) return command(call);
    if (!quiet.some((one) => call.operation === `dynamodb ${one}`))
      throw new Error(`no such command here: ${call.operation}`);
    requireOption(call, "table-name", restored);
    return { stdout: "{}" };
  };
}
