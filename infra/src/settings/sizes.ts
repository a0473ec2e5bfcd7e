import type { z } from "zod";
import type { awsCollector } from "./collectors.ts";

/*
 * What AWS takes of texts that settings make long. It would refuse them half way through a deployment.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (environment, 4 KB), https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 * (a role's policies, 10,240 characters), https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html (500 resources, 1 MB)
 */

/** Of a function's environment, beside what every deployment has in it. */
export const ENVIRONMENT_CHARACTERS = 3000;
/** Of a role's policies, beside what every collector's have. */
export const POLICY_CHARACTERS = 7000;
/** Of all targets together, some seventy parameters, which fit into the stack beside ten collectors and more. */
export const TARGETS_CHARACTERS = 250_000;

const lengthOf = (texts: readonly (string | undefined)[] = []) =>
  texts.reduce((sum, text) => sum + (text === undefined ? 0 : text.length + 1), 0);

/** Characters that a collector's settings take of its environment. */
export function environmentCharacters({ accounts, regions }: z.output<typeof awsCollector>): number {
  const { roles, organization } = accounts;
  return (
    lengthOf(roles) +
    lengthOf(regions) +
    lengthOf([accounts.externalId, organization?.externalId, organization?.roleName, organization?.managementRoleArn]) +
    lengthOf(organization?.only) +
    lengthOf(organization?.except)
  );
}

/** Characters of the roles that it may enter, as its policy names them. */
export function policyCharacters({ accounts: { roles, organization } }: z.output<typeof awsCollector>): number {
  const entered = organization?.only?.map((account) => {
    return `"arn:aws-us-gov:iam::${account}:role/${organization.roleName.replaceAll("{account}", account)}"`;
  });
  return lengthOf(roles?.map((role) => `"${role}"`)) + lengthOf(entered);
}
