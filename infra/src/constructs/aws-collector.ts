import type { CollectAwsEnvironment } from "@cadastre/functions/env";
import { Aws, Validations } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import type { AwsAccounts, AwsCollectorSettings } from "../deployment.ts";
import { documentedStatements, EVERY_RESOURCE } from "../permissions.ts";
import { Collector, type CollectorDefaults } from "./collector.ts";

type AccountsEnvironment = Omit<CollectAwsEnvironment, "CADASTRE_API" | "COLLECTOR_NAME" | "SIGNING_KEY_ID">;

function environmentOf({ accounts, regions }: AwsCollectorSettings): AccountsEnvironment {
  return { ...accountsEnvironment(accounts), ...(regions ? { COLLECT_AWS_REGIONS: regions.join(",") } : {}) };
}

function accountsEnvironment(accounts: AwsAccounts): AccountsEnvironment {
  if ("own" in accounts) return {};
  if ("roles" in accounts) {
    return {
      COLLECT_AWS_ROLES: accounts.roles.join(","),
      ...(accounts.externalId === undefined ? {} : { COLLECT_AWS_EXTERNAL_ID: accounts.externalId }),
    };
  }
  const { roleName, externalId, managementRoleArn } = accounts.organization;
  return {
    COLLECT_AWS_ORGANIZATION_ROLE: roleName,
    ...(externalId === undefined ? {} : { COLLECT_AWS_EXTERNAL_ID: externalId }),
    ...(managementRoleArn === undefined ? {} : { COLLECT_AWS_MANAGEMENT_ROLE: managementRoleArn }),
  };
}

/** A variable that IAM itself fills in. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is not meant for JavaScript.
const CALLERS_ORGANIZATION = "${aws:PrincipalOrgID}";

/** The roles that the collector may become, and nothing beside them. */
function assumeStatements(accounts: AwsAccounts): PolicyStatement[] {
  const assume = (resources: readonly string[], conditions = {}) =>
    new PolicyStatement({ actions: ["sts:AssumeRole"], resources: [...resources], conditions });
  if ("own" in accounts) return [];
  if ("roles" in accounts) return [assume(accounts.roles)];
  const { roleName, managementRoleArn } = accounts.organization;
  const members = `arn:${Aws.PARTITION}:iam::*:role/${roleName.replaceAll("{account}", "*")}`;
  return [
    assume([members], { StringEquals: { "aws:ResourceOrgID": CALLERS_ORGANIZATION } }),
    ...(managementRoleArn === undefined ? documentedStatements("aws-organization") : [assume([managementRoleArn])]),
  ];
}

/** The collector of AWS's networks and machines. */
export function createAwsCollector(scope: Construct, given: CollectorDefaults, settings: AwsCollectorSettings) {
  const collector = new Collector<CollectAwsEnvironment>(scope, "CollectAws", {
    ...given,
    entry: "collect-aws",
    collector: settings.name,
    everyMinutes: settings.everyMinutes,
    environment: environmentOf(settings),
    roleName: `${given.name}-collect-aws`,
    breaks:
      "It looks at the AWS accounts: while it does not run, operators see the networks, machines and addresses of its last run, and no deletion is noticed.",
  });
  for (const statement of [...documentedStatements("aws-reader"), ...assumeStatements(settings.accounts)]) {
    collector.role.addToPolicy(statement);
  }
  Validations.of(collector.role).acknowledge(EVERY_RESOURCE);
  if ("organization" in settings.accounts) {
    const name = settings.accounts.organization.roleName.replaceAll("{account}", "*");
    Validations.of(collector.role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:iam::*:role/${name}]`,
      reason:
        "Accounts of the organization come and go; the role is the one of that name, and only in the caller's own organization.",
    });
  }
  return collector;
}
