import type { JobsEnvironment } from "@cadastre/functions/env/background";
import { Duration, Stack } from "aws-cdk-lib";
import { GraphWidget } from "aws-cdk-lib/aws-cloudwatch";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { CfnSchedule } from "aws-cdk-lib/aws-scheduler";
import type { Construct } from "constructs";
import type { AuditLog } from "./audit-log.ts";
import { type ServiceDefaults, ServiceFunction } from "./service-function.ts";
import { type RegisterTable, TABLE_CALLS } from "./table.ts";

export interface JobsOptions extends ServiceDefaults {
  readonly table: RegisterTable;
  /** For how many days what has ended is kept. The product's own default when absent. */
  readonly retentionDays?: number;
  readonly audit: AuditLog;
  /** Internal addresses to which the audit log may be sent. */
  readonly forwardTo?: readonly string[];
  readonly reservedConcurrency?: number | undefined;
}

/** How long it may be silent: it is called every minute. */
const MOST_SILENT_MINUTES = 15;

/**
 * The one function for all that is done by time. It is called every minute and looks for what is due itself, so that a schedule is
 * code and not a deployment. A call that is lost needs no repair: the next one does what this one would have done.
 */
export class Jobs extends ServiceFunction<JobsEnvironment> {
  constructor(scope: Construct, id: string, options: JobsOptions) {
    const { table, retentionDays, audit, forwardTo, ...defaults } = options;
    const breaks =
      "It does what is done by time and in the background: while it fails, what has ended is kept too long, and what people start waits.";
    super(scope, id, {
      ...defaults,
      entry: "jobs",
      breaks,
      environment: {
        TABLE_NAME: table.tableName,
        DEPLOYMENT_NAME: options.name,
        ...audit.environment,
        ...(retentionDays === undefined ? {} : { CADASTRE_RETENTION_DAYS: String(retentionDays) }),
        ...(forwardTo === undefined ? {} : { CADASTRE_FORWARD_TO: forwardTo.join(",") }),
      },
      memoryMegabytes: 512,
      timeout: Duration.seconds(90),
    });
    table.allow(this.role, TABLE_CALLS);
    audit.allowSealing(this.role);
    // A call that failed is not repeated: the next one is a minute away.
    this.lambda.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
    this.#schedule();
    this.#watch(options, breaks);
  }

  #schedule(): void {
    const role = new Role(this, "ScheduleRole", {
      assumedBy: new ServicePrincipal("scheduler.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
    });
    role.addToPolicy(new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [this.lambda.functionArn] }));
    const schedule = new CfnSchedule(this, "Schedule", {
      // At the beginning of each minute: the one before it is sealed then.
      scheduleExpression: "cron(* * * * ? *)",
      flexibleTimeWindow: { mode: "OFF" },
      target: {
        arn: this.lambda.functionArn,
        roleArn: role.roleArn,
        retryPolicy: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 0 },
      },
    });
    schedule.node.addDependency(role);
  }

  #watch({ operations }: JobsOptions, breaks: string): void {
    const period = Duration.minutes(5);
    const ended = (metricName: string) => operations.metric(metricName, { statistic: "Sum", period });
    operations.alarm(this, "Failed", {
      metric: ended("JobsFailed"),
      threshold: 1,
      description: `A job's run failed after all its attempts; the list of jobs says which. ${breaks}`,
    });
    operations.alarm(this, "Silent", {
      metric: this.lambda.metricInvocations({ period }),
      threshold: 1,
      below: true,
      periods: MOST_SILENT_MINUTES / period.toMinutes(),
      silenceIsBad: true,
      description: `It was not called for ${MOST_SILENT_MINUTES} minutes, though it is due every minute. ${breaks}`,
    });
    const stale = operations.metric("ScopesStale", {
      statistic: "Minimum",
      period: Duration.minutes(MOST_SILENT_MINUTES),
    });
    operations.alarm(this, "Stale", {
      metric: stale,
      threshold: 1,
      description:
        "Scopes were not reported for three of their intervals, by a collector in whatever cloud: what the register shows of them grows old. The list of scopes says which; what is gone for good is forgotten there.",
    });
    operations.show(
      new GraphWidget({
        title: "jobs: ended runs, stale scopes",
        left: [ended("JobsDone"), ended("JobsFailed")],
        right: [stale],
      }),
    );
  }
}
