import type { CollectEndpointsEnvironment } from "@cadastre/functions/env";
import { Stack } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import type { EndpointsCollectorSettings } from "../deployment.ts";
import { Collector, type CollectorDefaults } from "./collector.ts";

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

/** Where the collector's targets are, all parameters under it. */
export const targetsPath = (name: string) => `/${name}/endpoints`;

/** The collector of TLS endpoints and their certificates. Its targets are parameters, so that a change needs no deployment. */
export function createEndpointsCollector(
  scope: Construct,
  given: CollectorDefaults,
  settings: EndpointsCollectorSettings,
) {
  const path = targetsPath(given.name);
  const collector = new Collector<CollectEndpointsEnvironment>(scope, "CollectEndpoints", {
    ...given,
    entry: "collect-endpoints",
    collector: settings.name,
    everyMinutes: settings.everyMinutes,
    environment: {
      COLLECT_ENDPOINTS_PARAMETERS: path,
      COLLECT_ENDPOINTS_ACCOUNT: settings.account,
      // A function outside a VPC reaches IPv4 alone: without this every AAAA record would be a failure.
      COLLECT_ENDPOINTS_FAMILIES: "4",
    },
    breaks:
      "It looks at the TLS endpoints: while it does not run, operators see the certificates of its last run, and one that was replaced or is about to expire goes unnoticed.",
  });
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
