import { Duration, Size, Stack, Validations } from "aws-cdk-lib";
import { GraphWidget, Metric } from "aws-cdk-lib/aws-cloudwatch";
import { type EventBus, Rule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import { CfnSchedule } from "aws-cdk-lib/aws-scheduler";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { allowSigning, createSigningKey } from "./keys.ts";
import { type ServiceDefaults, ServiceFunction } from "./service-function.ts";

/** What every collector's environment has, whatever it looks at. */
interface CommonEnvironment {
  readonly CADASTRE_API: string;
  readonly COLLECTOR_NAME: string;
  readonly SIGNING_KEY_ID: string;
}

/** What a deployment gives each of its collectors. */
export interface CollectorDefaults extends ServiceDefaults {
  readonly api: string;
  /** The bus on which runs are asked for. */
  readonly bus: EventBus;
}

export interface CollectorOptions<Environment extends object> extends CollectorDefaults {
  readonly entry: "collect-aws" | "collect-endpoints";
  /** As it is registered at the API. */
  readonly collector: string;
  readonly everyMinutes: number;
  readonly breaks: string;
  /** What is its own in the environment. */
  readonly environment: Omit<Environment, keyof CommonEnvironment>;
  readonly roleName?: string;
}

/** A day at most can be looked back on in periods of an hour that begin at any minute. */
const MOST_HOURS = 24;

/**
 * A collector: a function on a schedule and on triggers, with a signing key of its own and a queue for what could not be run.
 * A run twice over does no harm: the API serialises runs of a scope, and what it knows already costs nothing.
 */
export class Collector<Environment extends object> extends ServiceFunction {
  readonly signingKey: Key;

  constructor(scope: Construct, id: string, options: CollectorOptions<Environment>) {
    const holder = new Construct(scope, `${id}Identity`);
    const signingKey = createSigningKey(holder, options.name, options.collector);
    const common: CommonEnvironment = {
      CADASTRE_API: options.api,
      COLLECTOR_NAME: options.collector,
      SIGNING_KEY_ID: signingKey.keyArn,
    };
    super(scope, id, {
      ...options,
      environment: { ...common, ...options.environment },
      memoryMegabytes: 1024,
      timeout: Duration.minutes(15),
      temporaryStorage: Size.gibibytes(4),
    });
    this.signingKey = signingKey;
    allowSigning(signingKey, this.role);
    const deadLetters = this.#deadLetters(options);
    this.lambda.configureAsyncInvoke({
      retryAttempts: 1,
      maxEventAge: Duration.hours(1),
      onFailure: new SqsDestination(deadLetters),
    });
    this.#schedule(options, deadLetters);
    this.#listen(options, deadLetters);
    this.#watch(options);
  }

  #deadLetters({ operations, breaks }: CollectorOptions<Environment>): Queue {
    const queue = new Queue(this, "DeadLetters", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(queue).acknowledge({ id: "AwsSolutions-SQS3", reason: "It is the dead-letter queue itself." });
    operations.alarm(this, "DeadLettersWaiting", {
      metric: queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5), statistic: "Maximum" }),
      threshold: 1,
      description: `Runs were given up after all retries; the queue says which. ${breaks}`,
    });
    return queue;
  }

  #schedule({ everyMinutes }: CollectorOptions<Environment>, deadLetters: Queue): void {
    const role = new Role(this, "ScheduleRole", {
      assumedBy: new ServicePrincipal("scheduler.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
    });
    role.addToPolicy(new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [this.lambda.functionArn] }));
    role.addToPolicy(new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [deadLetters.queueArn] }));
    const schedule = new CfnSchedule(this, "Schedule", {
      scheduleExpression: `rate(${everyMinutes} ${everyMinutes === 1 ? "minute" : "minutes"})`,
      flexibleTimeWindow: { mode: "OFF" },
      target: {
        arn: this.lambda.functionArn,
        roleArn: role.roleArn,
        deadLetterConfig: { arn: deadLetters.queueArn },
        // The next run is near: an invocation that could not be made within the hour is not made up for.
        retryPolicy: { maximumEventAgeInSeconds: 3600, maximumRetryAttempts: 3 },
      },
    });
    schedule.node.addDependency(role);
  }

  #listen({ bus, collector }: CollectorOptions<Environment>, deadLetters: Queue): void {
    new Rule(this, "Triggers", {
      eventBus: bus,
      description: `Runs the collector ${collector} when an operator asks for it`,
      eventPattern: { source: ["cadastre"], detailType: ["discovery.trigger"], detail: { name: [collector] } },
      targets: [
        new LambdaTarget(this.lambda, {
          deadLetterQueue: deadLetters,
          retryAttempts: 3,
          maxEventAge: Duration.hours(1),
        }),
      ],
    });
  }

  #watch({ operations, collector, everyMinutes, breaks }: CollectorOptions<Environment>): void {
    const metric = (metricName: string, statistic: string, period: Duration) =>
      new Metric({ namespace: "Cadastre", metricName, dimensionsMap: { Collector: collector }, statistic, period });
    const hours = Math.min(MOST_HOURS, Math.max(1, Math.ceil((3 * everyMinutes) / 60)));
    operations.alarm(this, "Age", {
      metric: metric("CompleteRuns", "Sum", Duration.hours(1)),
      threshold: 1,
      below: true,
      periods: hours,
      silenceIsBad: true,
      description: `The last complete run is more than ${hours} h ago: what the register shows grows old. ${breaks}`,
    });
    const period = Duration.minutes(Math.max(5, everyMinutes));
    operations.show(
      new GraphWidget({
        title: `${collector}: complete runs`,
        left: [metric("CompleteRuns", "Sum", Duration.hours(1))],
      }),
      new GraphWidget({
        title: `${collector}: scopes`,
        left: [metric("Scopes", "Maximum", period), metric("ScopesNotComplete", "Maximum", period)],
      }),
      new GraphWidget({ title: `${collector}: resources`, left: [metric("Resources", "Maximum", period)] }),
    );
  }
}
