import type { ApiEnvironment, TableEnvironment, VaultEnvironment } from "@cadastre/functions/env";
import { CfnOutput, Duration, Stack } from "aws-cdk-lib";
import { EventBus } from "aws-cdk-lib/aws-events";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { createAwsCollector } from "../constructs/aws-collector.ts";
import { createEndpointsCollector, targetsPath } from "../constructs/endpoints-collector.ts";
import { Feed } from "../constructs/feed.ts";
import { PublicApi } from "../constructs/http-api.ts";
import { Jobs } from "../constructs/jobs.ts";
import { createTableKey, createVaultKey, openOnlyBy } from "../constructs/keys.ts";
import { Operations } from "../constructs/operations.ts";
import { ServiceFunction } from "../constructs/service-function.ts";
import { RegisterTable, TABLE_CALLS } from "../constructs/table.ts";
import type { Deployment } from "../deployment.ts";

interface CadastreStackOptions {
  readonly deployment: Deployment;
  readonly bundles: string;
}

/** The service: table, API, vault, jobs, feed and collectors. One stack, since the keys' policies name the roles that use them. */
export class CadastreStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, bundles }: CadastreStackOptions) {
    super(scope, id, { description: "Cadastre: the register of a cloud estate", terminationProtection: true });
    const { name, alarmEmail, holdPolicy, retentionDays } = deployment;
    const operations = new Operations(this, "Operations", {
      name,
      ...(alarmEmail === undefined ? {} : { alarmEmail }),
    });
    const table = new RegisterTable(this, "Table", { encryptionKey: createTableKey(this, name) });
    const vaultKey = createVaultKey(this, name);
    const bus = new EventBus(this, "Bus", { eventBusName: name });
    const defaults = { name, bundles, operations };

    const api = new ServiceFunction<ApiEnvironment>(this, "Api", {
      ...defaults,
      entry: "api",
      breaks:
        "It is the API: while it fails, operators can see and change nothing, and collectors keep their runs until it is well again.",
      environment: {
        TABLE_NAME: table.tableName,
        DATA_KEY_ARN: vaultKey.keyArn,
        EVENT_BUS_NAME: bus.eventBusName,
        ...(holdPolicy
          ? { CADASTRE_HOLD_SHARE: String(holdPolicy.share), CADASTRE_HOLD_FLOOR: String(holdPolicy.floor) }
          : {}),
        ...(retentionDays === undefined ? {} : { CADASTRE_RETENTION_DAYS: String(retentionDays) }),
      },
      memoryMegabytes: 1024,
      timeout: Duration.seconds(29),
    });
    table.allow(api.role, TABLE_CALLS);
    // A data key for each secret that is stored, and a look whether the key can be used: enough to seal, and to open nothing.
    const seal = ["kms:DescribeKey", "kms:GenerateDataKey"];
    api.role.addToPolicy(new PolicyStatement({ actions: seal, resources: [vaultKey.keyArn] }));
    api.role.addToPolicy(new PolicyStatement({ actions: ["events:PutEvents"], resources: [bus.eventBusArn] }));

    const vault = new ServiceFunction<VaultEnvironment>(this, "Vault", {
      ...defaults,
      entry: "vault",
      breaks:
        "It opens stored credentials: while it fails, operators cannot reveal them and collectors bound to one cannot work.",
      environment: { TABLE_NAME: table.tableName, DATA_KEY_ARN: vaultKey.keyArn },
      memoryMegabytes: 512,
      timeout: Duration.seconds(29),
    });
    table.allow(vault.role, ["ConditionCheckItem", "GetItem", "PutItem"]);
    openOnlyBy(vaultKey, vault.role);

    new Jobs(this, "Jobs", { ...defaults, table, ...(retentionDays === undefined ? {} : { retentionDays }) });

    new Feed(this, "Feed", { ...defaults, table, bus });

    const adminToken = new ServiceFunction<TableEnvironment>(this, "AdminToken", {
      ...defaults,
      entry: "admin-token",
      breaks: "It makes the first admin token, once and by hand: while it fails, a new deployment cannot be entered.",
      environment: { TABLE_NAME: table.tableName },
      memoryMegabytes: 256,
      timeout: Duration.seconds(15),
    });
    table.allow(adminToken.role, ["GetItem", "PutItem"]);

    const http = new PublicApi(this, "Http", { name, operations, api: api.lambda, vault: vault.lambda });
    new CfnOutput(this, "ApiUrl", { value: http.url });
    new CfnOutput(this, "EventBusName", { value: bus.eventBusName });
    new CfnOutput(this, "AlarmTopic", { value: operations.topic.topicArn });
    new CfnOutput(this, "AdminTokenFunction", { value: adminToken.lambda.functionName });

    const given = { ...defaults, api: http.url, bus };
    if (deployment.aws) {
      const collector = createAwsCollector(this, given, deployment.aws);
      new CfnOutput(this, "AwsCollectorRole", { value: collector.role.roleArn });
      new CfnOutput(this, "AwsSigningKey", { value: collector.signingKey.keyArn });
    }
    if (deployment.endpoints) {
      const collector = createEndpointsCollector(this, given, deployment.endpoints);
      new CfnOutput(this, "EndpointsSigningKey", { value: collector.signingKey.keyArn });
      new CfnOutput(this, "EndpointTargets", { value: targetsPath(name) });
    }
  }
}
