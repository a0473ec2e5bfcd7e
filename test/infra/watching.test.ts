import { Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { describe, expect, test } from "vitest";
import { allOf, DEPLOYMENT, type Properties, synthesised } from "./template.ts";

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

  test("the age of the last complete run alarms, also when nothing is heard of the collector", () => {
    expect(alarmsOn("CompleteRuns")).toMatchObject([
      { Namespace: "Cadastre", Dimensions: [{ Name: "Collector", Value: "aws" }], EvaluationPeriods: 1 },
      { Namespace: "Cadastre", Dimensions: [{ Name: "Collector", Value: "endpoints" }], EvaluationPeriods: 3 },
    ]);
    for (const alarm of alarmsOn("CompleteRuns")) {
      expect(alarm).toMatchObject({
        ComparisonOperator: "LessThanThreshold",
        Threshold: 1,
        Period: 3600,
        TreatMissingData: "breaching",
      });
    }
  });

  test("a job that failed alarms, and so does silence of the function that runs them", () => {
    expect(alarmsOn("JobsFailed")).toMatchObject([{ Namespace: "Cadastre", Threshold: 1, Statistic: "Sum" }]);
    expect(alarmsOn("JobsFailed")[0].Dimensions).toBeUndefined();
    expect(alarmsOn("Invocations")).toMatchObject([
      { ComparisonOperator: "LessThanThreshold", EvaluationPeriods: 3, Period: 300, TreatMissingData: "breaching" },
    ]);
  });

  test("changes that are late, set aside or given up alarm", () => {
    const feed = all("AWS::Lambda::Function").find((one) => one.FunctionName === "cadastre-feed").id;
    expect(alarmsOn("IteratorAge", feed)).toMatchObject([{ Statistic: "Maximum", Threshold: 900_000 }]);
    expect(alarmsOn("ChangesSetAside")).toMatchObject([{ Namespace: "Cadastre", Statistic: "Sum", Threshold: 1 }]);
    expect(alarmsOn("ChangesSetAside")[0].Dimensions).toBeUndefined();
    expect(alarmsOn("ApproximateNumberOfMessagesVisible", "FeedNotTold")).toMatchObject([{ Threshold: 1 }]);
  });

  test("dead letters, faults and latency alarm", () => {
    expect(alarmsOn("ApproximateNumberOfMessagesVisible", "DeadLetters")).toHaveLength(2);
    expect(alarmsOn("5xx")).toHaveLength(1);
    expect(alarmsOn("Latency")).toMatchObject([{ ExtendedStatistic: "p95" }]);
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
