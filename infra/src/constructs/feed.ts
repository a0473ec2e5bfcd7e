import type { FeedEnvironment } from "@cadastre/functions/env/background";
import { Duration, Validations } from "aws-cdk-lib";
import { GraphWidget } from "aws-cdk-lib/aws-cloudwatch";
import type { EventBus } from "aws-cdk-lib/aws-events";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { EventSourceMapping, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { allowThroughQueue } from "./keys.ts";
import { type ServiceDefaults, ServiceFunction } from "./service-function.ts";
import type { RegisterTable } from "./table.ts";

export interface FeedOptions extends ServiceDefaults {
  readonly table: RegisterTable;
  /** Where changes are put. */
  readonly bus: EventBus;
  readonly reservedConcurrency?: number | undefined;
}

/** Changes that were made, and dead letters that were written again, which is how somebody asks for them. By their keys alone. */
const RECORDS = [
  { eventName: ["INSERT"], dynamodb: { Keys: { pk: { S: [{ prefix: "feed#" }] } } } },
  { eventName: ["MODIFY"], dynamodb: { Keys: { pk: { S: [{ prefix: "dead-letters#" }] } } } },
];

/** An outage of so long is made good by itself. A stream keeps its records for a day. */
const MOST_AGE = Duration.hours(6);
const LATE_MINUTES = 15;

/**
 * The function that tells consumers of changes, driven by the table's stream. All changes of a subject are in one partition, and
 * so in one shard, of which one batch at a time is under way: they stay in their order. A batch that fails is halved until what
 * fails is alone, and is tried until it is too old; which records those were is then in a queue.
 */
export class Feed extends ServiceFunction<FeedEnvironment> {
  constructor(scope: Construct, id: string, options: FeedOptions) {
    const { table, bus, ...defaults } = options;
    const breaks =
      "It tells the event bus and the address spaces of changes: while it fails, what listens there learns of them late, and what the clouds have made is not yet kept free in a space. Changes can still be read at the API.";
    super(scope, id, {
      ...defaults,
      entry: "feed",
      breaks,
      environment: {
        TABLE_NAME: table.tableName,
        EVENT_BUS_NAME: bus.eventBusName,
        DEPLOYMENT_NAME: options.name,
      },
      memoryMegabytes: 512,
      timeout: Duration.minutes(5),
    });
    table.allow(this.role, ["BatchGetItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query"]);
    table.allowStream(this.role);
    this.role.addToPolicy(new PolicyStatement({ actions: ["events:PutEvents"], resources: [bus.eventBusArn] }));
    const notTold = this.#notTold(options);
    this.#follow(table, notTold);
    this.#watch(options, notTold, breaks);
  }

  #notTold({ operations }: FeedOptions): Queue {
    const queue = new Queue(this, "NotTold", {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: operations.key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.role.addToPolicy(new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [queue.queueArn] }));
    allowThroughQueue(operations.key, this.role);
    Validations.of(queue).acknowledge({ id: "AwsSolutions-SQS3", reason: "It is the dead-letter queue itself." });
    return queue;
  }

  #follow(table: RegisterTable, notTold: Queue): void {
    const mapping = new EventSourceMapping(this, "Stream", {
      target: this.lambda,
      eventSourceArn: table.streamArn,
      // What changed before the first deployment is in no stream; what changes while it is replaced is not passed over.
      startingPosition: StartingPosition.TRIM_HORIZON,
      filters: RECORDS.map((record) => ({ pattern: JSON.stringify(record) })),
      batchSize: 100,
      parallelizationFactor: 1,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      // No number of attempts: an outage would use them up in minutes.
      maxRecordAge: MOST_AGE,
      onFailure: { bind: () => ({ destination: notTold.queueArn }) },
    });
    // Lambda tries whether it may read and send when the mapping is made.
    mapping.node.addDependency(this.role);
  }

  #watch({ operations }: FeedOptions, notTold: Queue, breaks: string): void {
    const period = Duration.minutes(5);
    const counted = (metricName: string) => operations.metric(metricName, { statistic: "Sum", period });
    const age = this.lambda.metric("IteratorAge", { statistic: "Maximum", period });
    operations.alarm(this, "Late", {
      metric: age,
      threshold: Duration.minutes(LATE_MINUTES).toMilliseconds(),
      description: `Changes wait for more than ${LATE_MINUTES} minutes; after ${MOST_AGE.toHours()} h they are given up. ${breaks}`,
    });
    operations.alarm(this, "SetAside", {
      metric: counted("ChangesSetAside"),
      threshold: 1,
      description: `A consumer did not take a change; its dead letters say which, and can be replayed. ${breaks}`,
    });
    operations.alarm(this, "NotToldWaiting", {
      metric: notTold.metricApproximateNumberOfMessagesVisible({ period, statistic: "Maximum" }),
      threshold: 1,
      description: `Changes were given up untold; the queue says of which time. ${breaks}`,
    });
    operations.show(
      new GraphWidget({ title: "feed: changes", left: [counted("ChangesTold"), counted("ChangesSetAside")] }),
      new GraphWidget({ title: "feed: how far behind (ms)", left: [age] }),
    );
  }
}
