import { Aws, Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import { GraphWidget, type IMetric, MathExpression, Metric } from "aws-cdk-lib/aws-cloudwatch";
import {
  AttributeType,
  BillingMode,
  type CfnTable,
  StreamViewType,
  Table,
  TableEncryption,
} from "aws-cdk-lib/aws-dynamodb";
import { type IRole, PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import type { Deployment } from "../deployment.ts";
import { throughDynamo } from "./keys.ts";
import type { Operations } from "./operations.ts";

export interface RegisterTableOptions {
  readonly encryptionKey: Key;
  readonly operations: Operations;
  readonly deployment: Pick<Deployment, "tableName" | "tableStreamArn" | "mostReadsPerSecond" | "mostWritesPerSecond">;
}

/**
 * The one table, with the keys and the expiry attribute that the store writes. No entity has an index. Its stream has keys alone:
 * whoever is told that an item changed reads it as it is, and no sealed credential or hash of a token is anywhere but in the table.
 * When another one is named, one that was restored, everybody works with that, and the stack's own stays as it is.
 */
export class RegisterTable extends Construct {
  readonly tableName: string;
  readonly tableArn: string;
  /** Where the stream is read. */
  readonly streamArn: string;
  readonly #throughDynamo: PolicyStatement;
  /** How cdk-nag writes the table. */
  readonly #listedAs: string;

  constructor(scope: Construct, id: string, { encryptionKey, operations, deployment }: RegisterTableOptions) {
    super(scope, id);
    const own = new Table(this, "Own", {
      partitionKey: { name: "pk", type: AttributeType.STRING },
      sortKey: { name: "sk", type: AttributeType.STRING },
      stream: StreamViewType.KEYS_ONLY,
      timeToLiveAttribute: "expires",
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...(deployment.mostReadsPerSecond === undefined ? {} : { maxReadRequestUnits: deployment.mostReadsPerSecond }),
      ...(deployment.mostWritesPerSecond === undefined ? {} : { maxWriteRequestUnits: deployment.mostWritesPerSecond }),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey,
      deletionProtection: true,
      // Kept also when a first deployment fails: it cannot be deleted, so that the stack could not be taken back. It has no name of
      // its own, and is in nobody's way.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const { tableName: restored, tableStreamArn } = deployment;
    if (own.tableStreamArn === undefined) throw new Error("the table has no stream");
    this.tableName = restored ?? own.tableName;
    this.tableArn =
      restored === undefined
        ? own.tableArn
        : `arn:${Aws.PARTITION}:dynamodb:${Aws.REGION}:${Aws.ACCOUNT_ID}:table/${restored}`;
    this.streamArn = tableStreamArn ?? own.tableStreamArn;
    this.#listedAs = restored === undefined ? `<${logicalIdOf(own)}.Arn>` : nagForm(this.tableArn);
    this.#throughDynamo = throughDynamo(encryptionKey);
    encryptionKey.addToResourcePolicy(this.#throughDynamo);
    this.#watch(operations);
  }

  /** Lets a role make these calls (`GetItem`, …; a transaction is allowed by the calls in it). */
  allow(role: IRole, calls: readonly TableCall[]): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({ actions: calls.map((call) => `dynamodb:${call}`), resources: [this.tableArn] }),
    );
    this.#throughDynamo.addPrincipals(role.grantPrincipal);
  }

  /** Lets a role read the stream, beside what it may do with items. */
  allowStream(role: Role): void {
    const read = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
    role.addToPolicy(new PolicyStatement({ actions: read, resources: [this.streamArn] }));
    // Streams are listed by table: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html
    role.addToPolicy(
      new PolicyStatement({ actions: ["dynamodb:ListStreams"], resources: [`${this.tableArn}/stream/*`] }),
    );
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${this.#listedAs}/stream/*]`,
      reason:
        "ListStreams is asked of the table: it can only be allowed for all of its streams, of which there is one.",
    });
  }

  #watch(operations: Operations): void {
    const period = Duration.minutes(5);
    const dimensionsMap = { TableName: this.tableName };
    const metric = (metricName: string, more: Readonly<Record<string, string>> = {}) =>
      new Metric({
        namespace: "AWS/DynamoDB",
        metricName,
        dimensionsMap: { ...dimensionsMap, ...more },
        statistic: "Sum",
        period,
      });
    const throttled = sumOf("Throttled", period, [metric("ReadThrottleEvents"), metric("WriteThrottleEvents")]);
    const failing = [...TABLE_CALLS, "TransactWriteItems", "TransactGetItems"].filter(
      (call) => call !== "ConditionCheckItem",
    );
    const faults = sumOf(
      "System errors",
      period,
      failing.map((Operation) => metric("SystemErrors", { Operation })),
    );
    operations.alarm(this, "TableThrottled", {
      metric: throttled,
      threshold: 100,
      periods: 3,
      description:
        "The table refuses reads or writes for lack of throughput, for a quarter of an hour. All is tried again: requests and collectors are slow, and fail when it lasts.",
    });
    operations.alarm(this, "TableFaults", {
      metric: faults,
      threshold: 10,
      description:
        "DynamoDB answers with errors of its own. All is tried again: requests and collectors are slow, and fail when it lasts.",
    });
    operations.show(
      new GraphWidget({
        title: "table: units",
        left: [metric("ConsumedReadCapacityUnits"), metric("ConsumedWriteCapacityUnits")],
      }),
      new GraphWidget({ title: "table: refused and failed", left: [throttled, faults] }),
    );
  }
}

function sumOf(label: string, period: Duration, metrics: readonly Metric[]): IMetric {
  // An id is one of its graph, which may show several sums.
  const id = label.toLowerCase().replaceAll(/\W/g, "");
  const usingMetrics = Object.fromEntries(metrics.map((metric, place) => [`${id}${place}`, metric]));
  const expression = Object.keys(usingMetrics)
    .map((name) => `FILL(${name}, 0)`)
    .join(" + ");
  return new MathExpression({ label, period, expression, usingMetrics });
}

const logicalIdOf = (table: Table) => table.stack.getLogicalId(table.node.defaultChild as CfnTable);

/** How cdk-nag writes a text with references. */
function nagForm(arn: string): string {
  return arn
    .replace(Aws.PARTITION, "<AWS::Partition>")
    .replace(Aws.REGION, "<AWS::Region>")
    .replace(Aws.ACCOUNT_ID, "<AWS::AccountId>");
}

/** Every call that the store makes. There is no Scan. */
export const TABLE_CALLS = [
  "BatchGetItem",
  "BatchWriteItem",
  "ConditionCheckItem",
  "DeleteItem",
  "GetItem",
  "PutItem",
  "Query",
  "UpdateItem",
] as const;
export type TableCall = (typeof TABLE_CALLS)[number];
