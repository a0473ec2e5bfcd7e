import type { CollectAwsEnvironment } from "@cadastre/functions/env/collect-aws";
import { Aws, Validations } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { type AwsAccounts, type AwsCollectorSettings, collectorFunctionName } from "../deployment.ts";
import { documentedStatements, EVERY_RESOURCE } from "../permissions.ts";
import { Collector, type CollectorDefaults, type CommonEnvironment } from "./collector.ts";

type AccountsEnvironment = Omit<CollectAwsEnvironment, keyof CommonEnvironment>;

function environmentOf({ accounts, regions, pageSize, accountsPerRun }: AwsCollectorSettings): AccountsEnvironment {
  return {
    ...accountsEnvironment(accounts),
    ...(regions ? { COLLECT_AWS_REGIONS: regions.join(",") } : {}),
    ...(pageSize === undefined ? {} : { COLLECT_PAGE_SIZE: String(pageSize) }),
    ...(accountsPerRun === undefined ? {} : { COLLECT_AWS_ACCOUNTS_PER_RUN: String(accountsPerRun) }),
  };
}

/** Names of accounts as they are given, when they are. */
function filters({ only, except }: NonNullable<AwsAccounts["organization"]>): AccountsEnvironment {
  return {
    ...(only ? { COLLECT_AWS_ONLY_ACCOUNTS: only.join(",") } : {}),
    ...(except ? { COLLECT_AWS_EXCEPT_ACCOUNTS: except.join(",") } : {}),
  };
}

function accountsEnvironment({ roles, organization, ...more }: AwsAccounts): AccountsEnvironment {
  const externalId = organization?.externalId ?? more.externalId;
  const withId = externalId === undefined ? {} : { COLLECT_AWS_EXTERNAL_ID: externalId };
  if (roles) return { COLLECT_AWS_ROLES: roles.join(","), ...withId };
  if (!organization) return {};
  const { roleName, managementRoleArn } = organization;
  return {
    COLLECT_AWS_ORGANIZATION_ROLE: roleName,
    ...withId,
    ...(managementRoleArn === undefined ? {} : { COLLECT_AWS_MANAGEMENT_ROLE: managementRoleArn }),
    ...filters(organization),
  };
}

/** A variable that IAM itself fills in. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is not meant for JavaScript.
const CALLERS_ORGANIZATION = "${aws:PrincipalOrgID}";

/** The role in each account that is named, or in any: what stands behind `iam::`. */
function memberRoles({ roleName, only }: NonNullable<AwsAccounts["organization"]>): string[] {
  if (!only) return [`*:role/${roleName.replaceAll("{account}", "*")}`];
  return only.map((account) => `${account}:role/${roleName.replaceAll("{account}", account)}`);
}

/** The roles that the collector may become, and nothing beside them. */
function assumeStatements({ roles, organization }: AwsAccounts): PolicyStatement[] {
  const assume = (resources: readonly string[], conditions = {}) =>
    new PolicyStatement({ actions: ["sts:AssumeRole"], resources: [...resources], conditions });
  if (roles) return [assume(roles)];
  if (!organization) return [];
  const { managementRoleArn } = organization;
  return [
    assume(
      memberRoles(organization).map((role) => `arn:${Aws.PARTITION}:iam::${role}`),
      {
        StringEquals: { "aws:ResourceOrgID": CALLERS_ORGANIZATION },
      },
    ),
    ...(managementRoleArn === undefined ? documentedStatements("aws-organization") : [assume([managementRoleArn])]),
  ];
}

/** The collector of AWS's networks and machines. */
export function createAwsCollector(scope: Construct, given: CollectorDefaults, settings: AwsCollectorSettings) {
  const collector = new Collector<CollectAwsEnvironment>(scope, `Collect-${settings.name}`, {
    ...given,
    entry: "collect-aws",
    settings,
    environment: environmentOf(settings),
    // Others have to know it.
    roleName: collectorFunctionName(given.name, settings.name),
    breaks:
      "It looks at the AWS accounts: while it does not run, operators see the networks, machines and addresses of its last run, and no deletion is noticed.",
  });
  for (const statement of [...documentedStatements("aws-reader"), ...assumeStatements(settings.accounts)]) {
    collector.role.addToPolicy(statement);
  }
  Validations.of(collector.role).acknowledge(EVERY_RESOURCE);
  const { organization } = settings.accounts;
  if (organization && !organization.only) {
    const [role] = memberRoles(organization);
    Validations.of(collector.role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:iam::${role}]`,
      reason:
        "Accounts of the organization come and go; the role is the one of that name, and only in the caller's own organization.",
    });
  }
  return collector;
}
