import { Duration, Size, Stack, Validations } from "aws-cdk-lib";
import { GraphWidget, MathExpression } from "aws-cdk-lib/aws-cloudwatch";
import { type EventBus, Rule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import { CfnSchedule } from "aws-cdk-lib/aws-scheduler";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { type AwsCollectorSettings, collectorFunctionName, type EndpointsCollectorSettings } from "../deployment.ts";
import { allowSigning, createSigningKey } from "./keys.ts";
import { type ServiceDefaults, ServiceFunction } from "./service-function.ts";

/** What every collector's environment has, whatever it looks at. */
export interface CommonEnvironment {
  readonly CADASTRE_API: string;
  readonly COLLECTOR_NAME: string;
  readonly SIGNING_KEY_ID: string;
  readonly DEPLOYMENT_NAME: string;
  readonly COLLECT_SCOPE_DEADLINE_SECONDS?: string;
  readonly COLLECT_INTERVAL_SECONDS: string;
  readonly COLLECT_CONCURRENCY?: string;
}

/** What a deployment gives each of its collectors. */
export interface CollectorDefaults extends ServiceDefaults {
  readonly api: string;
  /** The bus on which runs are asked for. */
  readonly bus: EventBus;
  readonly reservedConcurrency?: number | undefined;
}

/** What the settings of every collector have. */
type CollectorSettings = Pick<
  AwsCollectorSettings | EndpointsCollectorSettings,
  "name" | "everyMinutes" | "signingKeyArn" | "scopeSeconds" | "concurrency"
>;

export interface CollectorOptions<Environment extends object> extends CollectorDefaults {
  readonly entry: "collect-aws" | "collect-endpoints";
  readonly settings: CollectorSettings;
  readonly breaks: string;
  /** What is its own in the environment. */
  readonly environment: Omit<Environment, keyof CommonEnvironment>;
  readonly roleName?: string;
}

/** After so many runs somebody is told. */
const RUNS = 3;

/**
 * A collector: a function on a schedule and on triggers, with a signing key of its own and a queue for what could not be run.
 * A run twice over does no harm: the API serialises runs of a scope, and what it knows already costs nothing.
 */
export class Collector<Environment extends object> extends ServiceFunction {
  readonly signingKeyArn: string;

  constructor(scope: Construct, id: string, options: CollectorOptions<Environment>) {
    const { settings } = options;
    const holder = new Construct(scope, `${id}Identity`);
    const signingKeyArn = settings.signingKeyArn ?? createSigningKey(holder, options.name, settings.name).keyArn;
    const common: CommonEnvironment = {
      CADASTRE_API: options.api,
      COLLECTOR_NAME: settings.name,
      SIGNING_KEY_ID: signingKeyArn,
      DEPLOYMENT_NAME: options.name,
      COLLECT_INTERVAL_SECONDS: String(settings.everyMinutes * 60),
      ...(settings.scopeSeconds === undefined ? {} : { COLLECT_SCOPE_DEADLINE_SECONDS: String(settings.scopeSeconds) }),
      ...(settings.concurrency === undefined ? {} : { COLLECT_CONCURRENCY: String(settings.concurrency) }),
    };
    super(scope, id, {
      ...options,
      functionName: collectorFunctionName(options.name, settings.name),
      environment: { ...common, ...options.environment },
      memoryMegabytes: 1024,
      timeout: Duration.minutes(15),
      temporaryStorage: Size.gibibytes(4),
    });
    this.signingKeyArn = signingKeyArn;
    allowSigning(signingKeyArn, this.role);
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

  #schedule({ settings: { everyMinutes } }: CollectorOptions<Environment>, deadLetters: Queue): void {
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

  #listen({ bus, settings: { name: collector } }: CollectorOptions<Environment>, deadLetters: Queue): void {
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

  #watch({ operations, settings, breaks }: CollectorOptions<Environment>): void {
    const { name: collector, everyMinutes } = settings;
    const metric = (metricName: string, statistic: string, period: Duration) =>
      operations.metric(metricName, { dimensionsMap: { Collector: collector }, statistic, period });
    const hours = Math.max(1, Math.ceil((RUNS * everyMinutes) / 60));
    operations.alarm(this, "Age", {
      metric: metric("DeliveredRuns", "Sum", Duration.hours(1)),
      threshold: 1,
      below: true,
      periods: hours,
      silenceIsBad: true,
      description: `The last delivered run is more than ${hours} h ago: what the register shows grows old. ${breaks}`,
    });
    // One more run's time than runs: they do not begin with the period.
    const lookedBack = Duration.minutes((RUNS + 1) * everyMinutes);
    operations.alarm(this, "Failing", {
      metric: new MathExpression({
        label: "scopes that fail in every run",
        expression: `IF(FILL(runs, 0) >= ${RUNS}, fewest, 0)`,
        usingMetrics: {
          runs: metric("ScopesFailing", "SampleCount", lookedBack),
          fewest: metric("ScopesFailing", "Minimum", lookedBack),
        },
        period: lookedBack,
      }),
      threshold: 1,
      description: `Each of the last ${RUNS} runs had scopes that were not complete; their list says which, and why. What they show grows old, and nothing of them is retired.`,
    });
    const period = Duration.minutes(Math.max(5, everyMinutes));
    operations.show(
      new GraphWidget({
        title: `${collector}: runs`,
        left: ["DeliveredRuns", "CompleteRuns"].map((name) => metric(name, "Sum", Duration.hours(1))),
      }),
      new GraphWidget({
        title: `${collector}: scopes`,
        left: ["Scopes", "ScopesNotComplete", "ScopesFailing"].map((name) => metric(name, "Maximum", period)),
      }),
      new GraphWidget({ title: `${collector}: resources`, left: [metric("Resources", "Maximum", period)] }),
    );
  }
}
