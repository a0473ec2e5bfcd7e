import { readFileSync } from "node:fs";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";

/** The statements of a policy in docs/permissions, which is what a person reads and can apply by hand: roles here get just that. */
export function documentedStatements(name: "aws-reader" | "aws-organization"): PolicyStatement[] {
  const path = new URL(`../../docs/permissions/${name}.json`, import.meta.url);
  const policy = JSON.parse(readFileSync(path, "utf8")) as { readonly Statement: readonly object[] };
  return policy.Statement.map((statement) => PolicyStatement.fromJson(statement));
}

/** Why a statement of docs/permissions has to be for every resource. */
export const EVERY_RESOURCE = {
  id: "AwsSolutions-IAM5[Resource::*]",
  reason:
    "EC2's Describe calls and ListAccounts take no resource: they can only be allowed for all. They read and change nothing.",
} as const;
