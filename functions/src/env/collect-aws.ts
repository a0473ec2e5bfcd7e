import * as z from "zod";
import { type CollectorConfig, collectorVariables, type LoadConfig, toCollectorConfig, toLoad } from "./collector.ts";
import { wholeNumberFrom } from "./forms.ts";
import { type Environment, EnvironmentError, listed, readVariables, requireOne } from "./read.ts";

const accountNumbers = z
  .string()
  .refine((text) => listed(text).length > 0 && listed(text).every((one) => /^\d{12}$/.test(one)), {
    error: "must be accounts' numbers of 12 digits, separated by commas",
  })
  .optional();

export const collectAwsVariables = collectorVariables.extend({
  /** ARNs of roles, separated by commas. */
  COLLECT_AWS_ROLES: z.string().optional(),
  /** Name of the role in every account of the organization. */
  COLLECT_AWS_ORGANIZATION_ROLE: z.string().optional(),
  COLLECT_AWS_MANAGEMENT_ROLE: z.string().optional(),
  /** Of the organization's accounts these and no others, or all but these. */
  COLLECT_AWS_ONLY_ACCOUNTS: accountNumbers,
  COLLECT_AWS_EXCEPT_ACCOUNTS: accountNumbers,
  COLLECT_AWS_EXTERNAL_ID: z.string().min(2).max(1224).optional(),
  COLLECT_AWS_REGIONS: z.string().optional(),
  /** About how many accounts one run looks at; more are split into several runs. */
  COLLECT_AWS_ACCOUNTS_PER_RUN: wholeNumberFrom(1, 100).optional(),
  /** Regions at once, over all accounts. */
  COLLECT_CONCURRENCY: wholeNumberFrom(1, 1_000).optional(),
  /** Resources a page. */
  COLLECT_PAGE_SIZE: wholeNumberFrom(5, 1_000).optional(),
});

export type CollectAwsEnvironment = z.input<typeof collectAwsVariables>;

export type AwsAccountsConfig =
  | { readonly own: true }
  | { readonly roles: readonly { readonly roleArn: string; readonly externalId?: string }[] }
  | {
      readonly organization: {
        readonly roleName: string;
        readonly externalId?: string;
        readonly managementRoleArn?: string;
        readonly only?: readonly string[];
        readonly except?: readonly string[];
      };
    };

export interface CollectAwsConfig extends CollectorConfig {
  readonly load: LoadConfig & { readonly accountsPerRun?: number };
  readonly accounts: AwsAccountsConfig;
  readonly regions: readonly string[] | undefined;
}

export function readCollectAwsConfig(environment: Environment): CollectAwsConfig {
  const variables = readVariables(collectAwsVariables, environment);
  const {
    COLLECT_AWS_ROLES: roles,
    COLLECT_AWS_ORGANIZATION_ROLE: roleName,
    COLLECT_AWS_MANAGEMENT_ROLE: managementRoleArn,
    COLLECT_AWS_EXTERNAL_ID: externalId,
    COLLECT_AWS_REGIONS: regions,
    COLLECT_AWS_ONLY_ACCOUNTS: only,
    COLLECT_AWS_EXCEPT_ACCOUNTS: except,
  } = variables;
  requireOne(variables, ["COLLECT_AWS_ROLES", "COLLECT_AWS_ORGANIZATION_ROLE"], true);
  const ofOrganizations = [
    "COLLECT_AWS_MANAGEMENT_ROLE",
    "COLLECT_AWS_ONLY_ACCOUNTS",
    "COLLECT_AWS_EXCEPT_ACCOUNTS",
  ] as const;
  const alone = ofOrganizations.find((name) => variables[name] !== undefined && roleName === undefined);
  if (alone !== undefined) throw new EnvironmentError([`${alone} needs COLLECT_AWS_ORGANIZATION_ROLE`]);
  requireOne(variables, ["COLLECT_AWS_ONLY_ACCOUNTS", "COLLECT_AWS_EXCEPT_ACCOUNTS"], true);
  if (externalId !== undefined && roles === undefined && roleName === undefined) {
    throw new EnvironmentError([
      "COLLECT_AWS_EXTERNAL_ID is sent to roles; COLLECT_AWS_ROLES or COLLECT_AWS_ORGANIZATION_ROLE is needed with it",
    ]);
  }
  const withId = externalId === undefined ? {} : { externalId };
  const accounts: AwsAccountsConfig =
    roles !== undefined
      ? { roles: listed(roles).map((roleArn) => ({ roleArn, ...withId })) }
      : roleName !== undefined
        ? {
            organization: {
              roleName,
              ...withId,
              ...(managementRoleArn === undefined ? {} : { managementRoleArn }),
              ...(only === undefined ? {} : { only: listed(only) }),
              ...(except === undefined ? {} : { except: listed(except) }),
            },
          }
        : { own: true };
  const accountsPerRun = variables.COLLECT_AWS_ACCOUNTS_PER_RUN;
  return {
    ...toCollectorConfig(variables),
    accounts,
    regions: regions === undefined ? undefined : listed(regions),
    load: { ...toLoad(variables), ...(accountsPerRun === undefined ? {} : { accountsPerRun: Number(accountsPerRun) }) },
  };
}
