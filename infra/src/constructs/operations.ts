import { Aws, Duration, Fn, RemovalPolicy, Stack } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  type IMetric,
  type IWidget,
  Metric,
  type MetricOptions,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";
import { createOperationsKey } from "./keys.ts";

export interface AlarmSettings {
  readonly metric: IMetric;
  /** What happened, and what breaks for whom. */
  readonly description: string;
  /** Alarms at this value and above, unless `below` says otherwise. */
  readonly threshold: number;
  readonly below?: boolean;
  /** In how many periods, one after the other. Default 1. */
  readonly periods?: number;
  /** Silence is an alarm too. */
  readonly silenceIsBad?: boolean;
}

/** What those who run the deployment look at: logs, alarms, the topic that alarms go to, and the dashboard. */
export class Operations extends Construct {
  readonly key: Key;
  readonly topic: Topic;
  readonly #name: string;
  readonly #dashboard: Dashboard;

  constructor(scope: Construct, id: string, options: { readonly name: string; readonly alarmEmail?: string }) {
    super(scope, id);
    this.#name = options.name;
    this.key = createOperationsKey(this, options.name);
    this.topic = new Topic(this, "Alarms", { masterKey: this.key, enforceSSL: true });
    // A topic with a policy of its own has lost the default one, by which alarms may publish.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: "Alarms",
        principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
        actions: ["sns:Publish"],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
    );
    if (options.alarmEmail !== undefined) this.topic.addSubscription(new EmailSubscription(options.alarmEmail));
    this.#dashboard = new Dashboard(this, "Dashboard", {
      dashboardName: options.name,
      defaultInterval: Duration.days(1),
    });
  }

  /**
   * An encrypted log group that is kept for three months, also when the stack is deleted; CloudFormation names it, so that the next
   * stack finds no name taken.
   */
  logGroup(scope: Construct): LogGroup {
    return this.#logGroup(scope, {});
  }

  /**
   * The same for what a service of AWS writes itself. Under this prefix no policy of the account's few has to list the group. The
   * stack's own id is in the name: a later stack of this name has another.
   */
  vendedLogGroup(scope: Construct, name: string): LogGroup {
    const id = Fn.select(2, Fn.split("/", Aws.STACK_ID));
    return this.#logGroup(scope, { logGroupName: `/aws/vendedlogs/${this.#name}/${name}-${id}` });
  }

  #logGroup(scope: Construct, names: { readonly logGroupName?: string }): LogGroup {
    return new LogGroup(scope, "Logs", {
      ...names,
      encryptionKey: this.key,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }

  /** A metric that our own functions write. */
  metric(metricName: string, options: MetricOptions): Metric {
    return new Metric({
      namespace: "Cadastre",
      metricName,
      ...options,
      dimensionsMap: { Deployment: this.#name, ...options.dimensionsMap },
    });
  }

  alarm(scope: Construct, id: string, settings: AlarmSettings): Alarm {
    const { metric, description, threshold, periods = 1, below = false, silenceIsBad = false } = settings;
    const alarm = new Alarm(scope, id, {
      metric,
      alarmDescription: description,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: silenceIsBad ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    const action = new SnsAction(this.topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    return alarm;
  }

  /** One more row on the dashboard. */
  show(...widgets: IWidget[]): void {
    this.#dashboard.addWidgets(...widgets);
  }
}
