import type { CollectEndpointsEnvironment } from "@cadastre/functions/env/collect-endpoints";
import { ArnFormat, Stack, Validations } from "aws-cdk-lib";
import { Effect, Policy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { CfnFunction } from "aws-cdk-lib/aws-lambda";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import type { EndpointsCollectorSettings } from "../deployment.ts";
import { Collector, type CollectorDefaults } from "./collector.ts";
import type { ServiceFunction } from "./service-function.ts";

/** What a standard parameter holds. */
const PARAMETER_BYTES = 4096;

/** Lines in as few texts as possible, none longer than a parameter can be. */
function toParameters(lines: readonly string[]): string[] {
  const texts: string[] = [];
  for (const line of lines) {
    const text = texts.at(-1);
    if (text !== undefined && Buffer.byteLength(`${text}\n${line}`) <= PARAMETER_BYTES)
      texts[texts.length - 1] = `${text}\n${line}`;
    else texts.push(line);
  }
  return texts;
}

/**
 * Puts the function into subnets. Lambda makes its network interfaces by the function's role, which so needs calls that take no
 * resource; the function's own code is refused them: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
 */
function enterVpc(
  { lambda, role }: ServiceFunction,
  { subnetIds, securityGroupIds }: NonNullable<EndpointsCollectorSettings["vpc"]>,
  families: string,
): void {
  const actions = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
  ];
  const cfn = lambda.node.defaultChild as CfnFunction;
  cfn.vpcConfig = { subnetIds, securityGroupIds, ipv6AllowedForDualStack: families.includes("6") };
  const self = Stack.of(lambda).formatArn({
    service: "lambda",
    resource: "function",
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    resourceName: cfn.functionName as string,
  });
  const interfaces = new Policy(lambda, "Interfaces", {
    statements: [
      new PolicyStatement({ actions, resources: ["*"] }),
      new PolicyStatement({
        effect: Effect.DENY,
        actions,
        resources: ["*"],
        conditions: { ArnEquals: { "lambda:SourceFunctionArn": self } },
      }),
    ],
    roles: [role],
  });
  // Lambda tries whether it may when the function is made.
  cfn.node.addDependency(interfaces);
  Validations.of(interfaces).acknowledge({
    id: "AwsSolutions-IAM5[Resource::*]",
    reason:
      "Lambda itself makes the function's network interfaces, by calls that take no resource; the function's own code is denied them.",
  });
}

/** Where the collector's targets are, all parameters under it. */
export const targetsPath = (name: string) => `/${name}/endpoints`;

/** The collector of TLS endpoints and their certificates. Its targets are parameters, so that a change needs no deployment. */
export function createEndpointsCollector(
  scope: Construct,
  given: CollectorDefaults,
  settings: EndpointsCollectorSettings,
) {
  const path = targetsPath(given.name);
  const collector = new Collector<CollectEndpointsEnvironment>(scope, `Collect-${settings.name}`, {
    ...given,
    entry: "collect-endpoints",
    settings,
    environment: {
      COLLECT_ENDPOINTS_PARAMETERS: path,
      COLLECT_ENDPOINTS_ACCOUNT: settings.account,
      // A function outside a VPC reaches IPv4 alone: without this every AAAA record would be a failure.
      COLLECT_ENDPOINTS_FAMILIES: settings.families ?? "4",
    },
    breaks:
      "It looks at the TLS endpoints: while it does not run, operators see the certificates of its last run, and one that was replaced or is about to expire goes unnoticed.",
  });
  if (settings.vpc) enterVpc(collector, settings.vpc, settings.families ?? "4");
  toParameters(settings.targets).forEach((stringValue, place) => {
    new StringParameter(collector, `Targets${place}`, { parameterName: `${path}/deployed-${place}`, stringValue });
  });
  collector.role.addToPolicy(
    new PolicyStatement({
      actions: ["ssm:GetParametersByPath"],
      resources: [Stack.of(scope).formatArn({ service: "ssm", resource: "parameter", resourceName: path.slice(1) })],
    }),
  );
  return collector;
}
