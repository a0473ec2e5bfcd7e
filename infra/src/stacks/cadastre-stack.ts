import type { ApiEnvironment, VaultEnvironment } from "@cadastre/functions/env/service";
import { CfnOutput, Duration, Stack } from "aws-cdk-lib";
import { EventBus } from "aws-cdk-lib/aws-events";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { AdminToken } from "../constructs/admin-token.ts";
import { AuditLog } from "../constructs/audit-log.ts";
import { createAwsCollector } from "../constructs/aws-collector.ts";
import type { Collector } from "../constructs/collector.ts";
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
  readonly tags: Readonly<Record<string, string>>;
}

/** The service: table, API, vault, jobs, feed and collectors. One stack, since the keys' policies name the roles that use them. */
export class CadastreStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, bundles, tags }: CadastreStackOptions) {
    super(scope, id, { description: "Cadastre: the register of a cloud estate", terminationProtection: true, tags });
    const { name, alarmEmail, holdPolicy, retentionDays, allowedAddresses, reservedConcurrency: reserved } = deployment;
    const operations = new Operations(this, "Operations", {
      name,
      ...(alarmEmail === undefined ? {} : { alarmEmail }),
    });
    const table = new RegisterTable(this, "Table", {
      encryptionKey: createTableKey(this, name),
      operations,
      deployment,
    });
    const vaultKey = createVaultKey(this, name);
    const bus = new EventBus(this, "Bus", { eventBusName: name });
    const defaults = { name, bundles, operations };
    const front = {
      ...(allowedAddresses ? { CADASTRE_ALLOWED_ADDRESSES: allowedAddresses.join(",") } : {}),
      ...(deployment.domain ? { CADASTRE_ORIGIN: `https://${deployment.domain.name}` } : {}),
    };

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
        ...front,
      },
      // A whole core: a run of 20,000 scopes is opened in some six seconds of it, and shorter invocations cost the same.
      memoryMegabytes: 1769,
      timeout: Duration.seconds(29),
      reservedConcurrency: reserved?.api,
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
        "It opens stored credentials and logs people in: while it fails, operators cannot reveal secrets or log in, and collectors bound to a credential cannot work.",
      environment: { TABLE_NAME: table.tableName, DATA_KEY_ARN: vaultKey.keyArn, ...front },
      // A hash of a password takes a sixth of a second of a whole core.
      memoryMegabytes: 1024,
      timeout: Duration.seconds(29),
      reservedConcurrency: reserved?.vault,
    });
    table.allow(vault.role, ["ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query"]);
    openOnlyBy(vaultKey, vault.role);

    const background = { ...defaults, table };
    const { forwardTo } = deployment;
    const kept = {
      ...(retentionDays === undefined ? {} : { retentionDays }),
      ...(forwardTo === undefined ? {} : { forwardTo }),
    };
    const audit = new AuditLog(this, "AuditLog", { name });
    new Jobs(this, "Jobs", { ...background, ...kept, audit, reservedConcurrency: reserved?.jobs });
    new Feed(this, "Feed", { ...background, bus, reservedConcurrency: reserved?.feed });
    const adminToken = new AdminToken(this, "AdminToken", background);

    const http = new PublicApi(this, "Http", {
      name,
      operations,
      api: api.lambda,
      vault: vault.lambda,
      domain: deployment.domain,
    });
    new CfnOutput(this, "ApiUrl", { value: http.url });
    new CfnOutput(this, "EventBusName", { value: bus.eventBusName });
    new CfnOutput(this, "AlarmTopic", { value: operations.topic.topicArn });
    new CfnOutput(this, "AdminTokenFunction", { value: adminToken.lambda.functionName });
    new CfnOutput(this, "AuditBucket", { value: audit.environment.AUDIT_BUCKET_NAME });
    new CfnOutput(this, "TableName", { value: table.tableName });

    const given = { ...defaults, api: http.url, bus, reservedConcurrency: reserved?.collectors };
    const aws = (deployment.aws ?? []).map((settings) => ({
      settings,
      collector: createAwsCollector(this, given, settings),
    }));
    for (const { settings, collector } of aws) this.#keyOf(settings.name, collector);
    if (aws.length > 0) {
      const roles = aws.map(({ collector }) => collector.role.roleArn);
      new CfnOutput(this, "AwsCollectorRoles", { value: roles.join(",") });
    }
    if (deployment.endpoints) {
      this.#keyOf(deployment.endpoints.name, createEndpointsCollector(this, given, deployment.endpoints));
      new CfnOutput(this, "EndpointTargets", { value: targetsPath(name) });
    }
  }

  #keyOf(name: string, { signingKeyArn }: Pick<Collector<object>, "signingKeyArn">): void {
    new CfnOutput(this, `SigningKey-${name}`, { value: signingKeyArn, description: `Signs for the collector ${name}` });
  }
}
