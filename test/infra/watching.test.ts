import { JOBS } from "@cadastre/core/jobs";
import { readDeployment } from "@cadastre/infra/read-deployment";
import { Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { describe, expect, test } from "vitest";
import { PARTS } from "../docs/monthly-cost.ts";
import { resolve } from "./resolve.ts";
import { allOf, cdkContext, DEPLOYMENT, type Properties, synthesised } from "./template.ts";

const { app, resources } = synthesised(DEPLOYMENT);
const all = (type: string) => allOf(type, resources);

describe("what is watched", () => {
  const alarmsOn = (metric: string, dimension?: string) =>
    all("AWS::CloudWatch::Alarm").filter(
      (one) =>
        one.MetricName === metric && (dimension === undefined || JSON.stringify(one.Dimensions).includes(dimension)),
    );

  test("every function has alarms for errors and throttles that say what breaks", () => {
    for (const { id, Description } of all("AWS::Lambda::Function")) {
      for (const metric of ["Errors", "Throttles"]) {
        const [alarm, ...more] = alarmsOn(metric, id);
        expect(more).toEqual([]);
        expect(alarm.AlarmDescription).toContain(Description);
      }
    }
  });

  test("the age of the last delivery alarms, complete or not, also when nothing is heard of the collector", () => {
    const of = (collector: string) => [
      { Name: "Collector", Value: collector },
      { Name: "Deployment", Value: "cadastre" },
    ];
    expect(alarmsOn("DeliveredRuns")).toMatchObject([
      { Namespace: "Cadastre", Dimensions: of("aws"), EvaluationPeriods: 1 },
      { Namespace: "Cadastre", Dimensions: of("endpoints"), EvaluationPeriods: 3 },
    ]);
    expect(alarmsOn("CompleteRuns")).toEqual([]);
    for (const alarm of alarmsOn("DeliveredRuns")) {
      expect(alarm).toMatchObject({
        ComparisonOperator: "LessThanThreshold",
        Threshold: 1,
        Period: 3600,
        TreatMissingData: "breaching",
      });
    }
  });

  test("scopes that fail in three runs, one after the other, alarm; one run does not, nor does silence", () => {
    const failing = all("AWS::CloudWatch::Alarm").filter(({ id }) => id.includes("Failing"));
    expect(failing).toHaveLength(2);
    for (const [place, minutes] of [15, 60].entries()) {
      const { Metrics, ...alarm } = failing[place];
      expect(alarm).toMatchObject({ Threshold: 1, EvaluationPeriods: 1, TreatMissingData: "notBreaching" });
      const [sum, ...used] = Metrics;
      expect(sum.Expression).toBe("IF(FILL(runs, 0) >= 3, fewest, 0)");
      expect(used.map(({ Id, MetricStat }: Properties) => [Id, MetricStat.Metric.MetricName, MetricStat.Stat])).toEqual(
        [
          ["runs", "ScopesFailing", "SampleCount"],
          ["fewest", "ScopesFailing", "Minimum"],
        ],
      );
      for (const { MetricStat } of used) expect(MetricStat.Period).toBe(4 * minutes * 60);
    }
  });

  test("scopes that nobody reports any more alarm, whichever collector and cloud they are of, until there are none", () => {
    expect(alarmsOn("ScopesStale")).toMatchObject([
      {
        Dimensions: [{ Name: "Deployment", Value: "cadastre" }],
        Statistic: "Minimum",
        Period: 900,
        Threshold: 1,
        ComparisonOperator: "GreaterThanOrEqualToThreshold",
        TreatMissingData: "notBreaching",
      },
    ]);
  });

  test("every metric of ours is of this deployment, in alarms and on the dashboard", () => {
    const ours = (one: unknown): Properties[] => {
      if (typeof one !== "object" || one === null) return [];
      const { Namespace } = one as Properties;
      return [...(Namespace === "Cadastre" ? [one] : []), ...Object.values(one).flatMap(ours)];
    };
    const metrics = all("AWS::CloudWatch::Alarm").flatMap(ours);
    expect(metrics.length).toBeGreaterThan(7);
    for (const { Dimensions } of metrics) {
      expect(Dimensions).toContainEqual({ Name: "Deployment", Value: "cadastre" });
    }
    const [dashboard] = all("AWS::CloudWatch::Dashboard");
    const shown = JSON.stringify(resolve(dashboard.DashboardBody)).replaceAll("\\", "");
    expect(shown.match(/"Cadastre"/g)?.length).toBeGreaterThan(7);
    const own = [...shown.matchAll(/"Cadastre","\w+"(,"Collector","\w+")?,"Deployment","cadastre"/g)];
    expect(own).toHaveLength(shown.match(/"Cadastre"/g)?.length ?? 0);
  });

  test("the table's refusals and faults alarm, over every call that the store makes", () => {
    const [table] = all("AWS::DynamoDB::Table");
    const of = (name: string) => {
      const [alarm, ...more] = all("AWS::CloudWatch::Alarm").filter(({ id }) => id.includes(name));
      expect(more).toEqual([]);
      return alarm.Metrics.slice(1).map(({ MetricStat }: Properties) => MetricStat.Metric);
    };
    const named = { Name: "TableName", Value: { Ref: table.id } };
    expect(of("TableThrottled")).toMatchObject(
      ["ReadThrottleEvents", "WriteThrottleEvents"].map((MetricName) => ({ MetricName, Dimensions: [named] })),
    );
    const faults = of("TableFaults");
    expect(faults.map(({ MetricName }: Properties) => MetricName)).toEqual(Array(faults.length).fill("SystemErrors"));
    const calls = faults.map(({ Dimensions }: Properties) => Dimensions[0].Value);
    expect(calls).toEqual(expect.arrayContaining(["GetItem", "Query", "BatchGetItem", "TransactWriteItems"]));
    // More than ten metrics are no alarm.
    expect(faults.length).toBeLessThanOrEqual(9);
  });

  test("a recovered admin token alarms", () => {
    expect(alarmsOn("AdminTokensRecovered")).toMatchObject([{ Threshold: 1, Statistic: "Sum", Period: 300 }]);
  });

  test("a job that failed alarms, and so does silence of the function that runs them", () => {
    expect(alarmsOn("JobsFailed")).toMatchObject([{ Namespace: "Cadastre", Threshold: 1, Statistic: "Sum" }]);
    expect(alarmsOn("JobsFailed")[0].Dimensions).toEqual([{ Name: "Deployment", Value: "cadastre" }]);
    expect(alarmsOn("Invocations")).toMatchObject([
      { ComparisonOperator: "LessThanThreshold", EvaluationPeriods: 3, Period: 300, TreatMissingData: "breaching" },
    ]);
  });

  test("changes that are late, set aside or given up alarm", () => {
    const feed = all("AWS::Lambda::Function").find((one) => one.FunctionName === "cadastre-feed").id;
    expect(alarmsOn("IteratorAge", feed)).toMatchObject([{ Statistic: "Maximum", Threshold: 900_000 }]);
    expect(alarmsOn("ChangesSetAside")).toMatchObject([{ Namespace: "Cadastre", Statistic: "Sum", Threshold: 1 }]);
    expect(alarmsOn("ChangesSetAside")[0].Dimensions).toEqual([{ Name: "Deployment", Value: "cadastre" }]);
    expect(alarmsOn("ApproximateNumberOfMessagesVisible", "FeedNotTold")).toMatchObject([{ Threshold: 1 }]);
  });

  test("dead letters, faults and latency alarm", () => {
    expect(alarmsOn("ApproximateNumberOfMessagesVisible", "DeadLetters")).toHaveLength(2);
    expect(alarmsOn("5xx")).toHaveLength(1);
    expect(alarmsOn("Latency")).toMatchObject([{ ExtendedStatistic: "p95" }]);
  });

  test("what is watched is what the documentation counts in a month's cost", () => {
    const own = synthesised(readDeployment(cdkContext().cadastre)).resources;
    const alarms = allOf("AWS::CloudWatch::Alarm", own);
    const looked = alarms.map(({ Metrics }) => Metrics?.filter((one: Properties) => one.MetricStat).length ?? 1);
    expect(allOf("AWS::KMS::Key", own)).toHaveLength(PARTS.keys);
    expect(allOf("AWS::CloudWatch::Dashboard", own)).toHaveLength(PARTS.dashboards);
    const isAbout = (counted: number, actual: number) => {
      expect(actual).toBeLessThanOrEqual(counted);
      expect(actual).toBeGreaterThan(0.75 * counted);
    };
    isAbout(
      PARTS.alarmMetrics,
      looked.reduce((sum, count) => sum + count, 0),
    );
    // Six of each collector, two of the feed, two of jobs together and of each that is scheduled; one only when a token is recovered.
    const jobs = JOBS.filter(({ schedule }) => schedule !== undefined).length;
    isAbout(PARTS.metrics, 6 * 2 + 2 + 2 * (1 + jobs));
  });

  test("every alarm reaches the topic, which alarms may publish to", () => {
    const [topic] = all("AWS::SNS::Topic");
    for (const alarm of all("AWS::CloudWatch::Alarm")) expect(alarm.AlarmActions).toEqual([{ Ref: topic.id }]);
    const policy = all("AWS::SNS::TopicPolicy").flatMap((one) => one.PolicyDocument.Statement as Properties[]);
    const allowed = policy.filter(({ Effect }) => Effect === "Allow");
    expect(allowed).toMatchObject([{ Action: "sns:Publish", Principal: { Service: "cloudwatch.amazonaws.com" } }]);
    expect(all("AWS::SNS::Subscription")).toMatchObject([{ Protocol: "email", Endpoint: "alarms@example.org" }]);
  });

  test("the API is throttled and logs each request without its query", () => {
    const [stage] = all("AWS::ApiGatewayV2::Stage");
    expect(stage.DefaultRouteSettings).toMatchObject({ ThrottlingRateLimit: 200, ThrottlingBurstLimit: 400 });
    expect(stage.AccessLogSettings.DestinationArn).toBeDefined();
    expect(stage.AccessLogSettings.Format).toContain("$context.requestId");
    expect(stage.AccessLogSettings.Format).not.toMatch(/query|authorization/i);
    expect(all("AWS::CloudWatch::Dashboard")).toHaveLength(1);
  });
});

describe("cdk-nag", () => {
  /** Findings as they would be without any acknowledgement. */
  function rawFindings(of: typeof app): string[] {
    const checks = new AwsSolutionsChecks(of);
    Object.defineProperty(checks, "isAcknowledged", { value: () => false });
    return checks.validateScope(of).violations.map(({ ruleName }) => ruleName);
  }
  const acknowledged = () =>
    app.node
      .findAll()
      .flatMap(({ node }) =>
        node.metadata.flatMap(({ type, data }) =>
          type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY ? Object.entries(data as Record<string, string>) : [],
        ),
      );
  const ruleOf = (id: string) => id.replace(/^annotation::/i, "");

  test("finds nothing that is not acknowledged", () => {
    expect(new AwsSolutionsChecks(app).validateScope(app).violations).toEqual([]);
  });

  test("is acknowledged only where it finds something, each time with a reason", () => {
    const found = rawFindings(app);
    expect(found.length).toBeGreaterThan(2);
    expect(acknowledged().length).toBeGreaterThan(2);
    for (const [id, reason] of acknowledged()) {
      expect(found).toContain(ruleOf(id));
      expect(reason.length).toBeGreaterThan(20);
    }
  });
});
