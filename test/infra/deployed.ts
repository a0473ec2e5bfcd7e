import { DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { type AwsSimulator, startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults } from "@cadastre/simulator/faults";
import { startDynamoEngine } from "../support/dynamo-engine.ts";
import { createDynamoEngineTable } from "../support/dynamo-table.ts";
import { type Assembly, synthesise } from "./assembly.ts";
import { type EventBus, startEventBus } from "./event-bus.ts";
import { type HttpApi, startHttpApi } from "./http-api.ts";
import { type Lambda, startLambda } from "./lambda.ts";
import { startObjectStore } from "./object-store.ts";
import { type CallRecorder, startCallRecorder } from "./recorder.ts";

export type FunctionName = "api" | "vault" | "jobs" | "feed" | "admin-token" | "collect-aws";

/** A deployment on this machine: the functions as they are packed, a DynamoDB engine, simulated AWS, an HTTP API in front. */
export interface Deployed {
  readonly assembly: Assembly;
  readonly aws: AwsSimulator;
  readonly http: HttpApi;
  readonly signingKeyArn: string;
  readonly functions: Readonly<Record<FunctionName, Lambda>>;
  readonly bus: EventBus;
  /** What was put into buckets, by bucket and key. */
  readonly objects: ReadonlyMap<string, string>;
  /** Where the DynamoDB engine is. */
  readonly tableEndpoint: string;
  /** One more API, over another table, say. */
  startApi(environment: Readonly<Record<string, string>>): Promise<Lambda>;
  /** The keys of all items whose partition begins so. */
  keysUnder(prefix: string): Promise<{ pk: string; sk: string }[]>;
  /** The AWS calls that a function has made. */
  actions(name: FunctionName): string[];
  stop(): Promise<void>;
}

export const TABLE_NAME = "cadastre";
export const REGION = "eu-west-1";

async function createKeys(environment: Readonly<Record<string, string>>) {
  const credentials = {
    accessKeyId: environment.AWS_ACCESS_KEY_ID ?? "",
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? "",
  };
  const client = new KMSClient({ region: REGION, endpoint: environment.AWS_ENDPOINT_URL ?? "", credentials });
  const data = await client.send(new CreateKeyCommand({}));
  const signing = await client.send(new CreateKeyCommand({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" }));
  const audit = await client.send(new CreateKeyCommand({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" }));
  client.destroy();
  const arnOf = ({ KeyMetadata }: { KeyMetadata?: { Arn?: string | undefined } | undefined }) => KeyMetadata?.Arn ?? "";
  return { data: arnOf(data), signing: arnOf(signing), audit: arnOf(audit) };
}

async function scan(client: DynamoDBClient, prefix: string): Promise<{ pk: string; sk: string }[]> {
  const found = [];
  for await (const { Items = [] } of paginateScan(
    { client },
    { TableName: TABLE_NAME, ProjectionExpression: "pk, sk" },
  )) {
    for (const { pk, sk } of Items) {
      if (pk?.S?.startsWith(prefix)) found.push({ pk: pk.S, sk: sk?.S ?? "" });
    }
  }
  return found;
}

/** Synthesises, packs and starts everything. */
export async function deploy(): Promise<Deployed> {
  const [assembly, engine] = await Promise.all([synthesise(), startDynamoEngine()]);
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const dynamo = new DynamoDBClient({ endpoint: engine.endpoint, region: REGION, credentials });
  await createDynamoEngineTable(dynamo, TABLE_NAME);
  const [bus, bucket] = await Promise.all([startEventBus(), startObjectStore()]);
  const estate = createAwsEstate({
    seed: "deployed",
    accounts: 1,
    regions: [REGION],
    instancesPerAccountRegion: 20,
  });
  const aws = await startAwsSimulator({ estate, faults: createFaults() });
  const keys = await createKeys(awsEnvironment(aws));
  const recorders: Partial<Record<FunctionName, CallRecorder[]>> = {};
  const more: { readonly stop: () => Promise<void> }[] = [];

  async function start(name: FunctionName, environment: Readonly<Record<string, string>>): Promise<Lambda> {
    const [cloud, table, events, objects] = await Promise.all(
      [aws.url, engine.endpoint, bus.url, bucket.url].map((endpoint) => startCallRecorder(endpoint)),
    );
    if (!cloud || !table || !events || !objects) throw new Error("a recorder is missing");
    recorders[name] = [cloud, table, events, objects];
    return startLambda(assembly.folderOf(`cadastre-${name}`), {
      ...awsEnvironment({ estate, url: cloud.url }),
      AWS_ENDPOINT_URL_DYNAMODB: table.url,
      AWS_ENDPOINT_URL_EVENTBRIDGE: events.url,
      AWS_ENDPOINT_URL_S3: objects.url,
      ...environment,
    });
  }

  const [api, vault, jobs, feed, adminToken] = await Promise.all([
    start("api", { TABLE_NAME, DATA_KEY_ARN: keys.data, EVENT_BUS_NAME: "cadastre" }),
    start("vault", { TABLE_NAME, DATA_KEY_ARN: keys.data }),
    start("jobs", { TABLE_NAME, AUDIT_KEY_ARN: keys.audit, AUDIT_BUCKET_NAME: "cadastre-audit" }),
    start("feed", { TABLE_NAME, EVENT_BUS_NAME: "cadastre" }),
    start("admin-token", { TABLE_NAME }),
  ]);
  const http = await startHttpApi({
    $default: api,
    ...Object.fromEntries(vaultRoutes(assembly).map((route) => [route, vault])),
  });
  const collectAws = await start("collect-aws", {
    CADASTRE_API: http.url,
    COLLECTOR_NAME: "aws",
    SIGNING_KEY_ID: keys.signing,
  });
  const functions = { api, vault, jobs, feed, "admin-token": adminToken, "collect-aws": collectAws };
  return {
    assembly,
    aws,
    http,
    signingKeyArn: keys.signing,
    functions,
    bus,
    objects: bucket.objects,
    tableEndpoint: engine.endpoint,
    startApi: async (environment) => {
      const lambda = await startLambda(assembly.folderOf("cadastre-api"), {
        ...awsEnvironment({ estate, url: aws.url }),
        AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
        AWS_ENDPOINT_URL_EVENTBRIDGE: bus.url,
        TABLE_NAME,
        DATA_KEY_ARN: keys.data,
        EVENT_BUS_NAME: "cadastre",
        ...environment,
      });
      more.push(lambda);
      return lambda;
    },
    keysUnder: (prefix) => scan(dynamo, prefix),
    actions: (name) => recorders[name]?.flatMap((recorder) => recorder.actions()) ?? [],
    stop: async () => {
      await Promise.all([...Object.values(functions), ...more].map((lambda) => lambda.stop()));
      await http.stop();
      await Promise.all(Object.values(recorders).flatMap((some) => some.map((recorder) => recorder.stop())));
      dynamo.destroy();
      await Promise.all([aws.stop(), engine.stop(), bus.stop(), bucket.stop()]);
      assembly.remove();
    },
  };
}

/** The routes of the template that do not go to the API's function. */
function vaultRoutes({ resources }: Assembly): string[] {
  const keys = Object.values(resources).flatMap(({ Type, Properties }) =>
    Type === "AWS::ApiGatewayV2::Route" ? [String(Properties.RouteKey)] : [],
  );
  return keys.filter((key) => key !== "$default");
}
