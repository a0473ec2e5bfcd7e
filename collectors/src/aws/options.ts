import { MOST_SCOPES } from "@cadastre/contract/discovery";
import { requireWholeNumber } from "../whole-number.ts";
import { type AwsOrganization, type AwsTarget, memberRole, roleTargets } from "./accounts.ts";
import type { AwsClientSettings } from "./client.ts";
import { partitionOf } from "./partition.ts";
import { type AwsRole, parseRoleArn } from "./role.ts";
import { AWS_STEPS } from "./steps.ts";

/** Whose estate to look at: the caller's own account, accounts by a role in each, or all of an organization. */
export type AwsAccounts =
  | { readonly own: true }
  | { readonly roles: readonly AwsRole[] }
  | { readonly organization: AwsOrganization };

export interface AwsOptions {
  readonly accounts: AwsAccounts;
  /** Regions to look at; all that an account has enabled when absent. */
  readonly regions?: readonly string[];
  /** How many regions, over all accounts, are looked at at once. Default 8. */
  readonly concurrency?: number;
  /** Resources a page, 5 to 1,000 (EC2's limits). Memory is bounded by the pages in flight. Default 500. */
  readonly pageSize?: number;
  /** How many accounts one run looks at, at most: more are split. 1 to 100, default 50, with 17 regions 4,250 scopes. */
  readonly accountsPerRun?: number;
  /** Attempts for one call, the first included. Default 6. */
  readonly maxAttempts?: number;
  /** Default 5 s. */
  readonly connectTimeoutMilliseconds?: number;
  /** For one attempt, its answer included. Default 60 s. */
  readonly requestTimeoutMilliseconds?: number;
  /** Seen in the accounts' CloudTrail as the name of the assumed role's session. Default `cadastre`. */
  readonly sessionName?: string;
}

export interface CheckedOptions {
  readonly regions: readonly string[] | undefined;
  /** Known beforehand where roles are given. */
  readonly targets: readonly AwsTarget[] | undefined;
  readonly organization: AwsOrganization | undefined;
  readonly concurrency: number;
  readonly pageSize: number;
  readonly accountsPerRun: number;
  readonly sessionName: string;
  readonly settings: AwsClientSettings;
}

/** Fills in the defaults. Throws RangeError that names the option, what is wrong with it and what is allowed. */
export function checkOptions(options: AwsOptions): CheckedOptions {
  const { accounts, sessionName = "cadastre" } = options;
  if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) {
    throw new RangeError(`sessionName ${JSON.stringify(sessionName)}: 2 to 64 letters, digits and _ + = , . @ -`);
  }
  const regions = options.regions && checkedRegions(options.regions);
  const targets = "roles" in accounts ? roleTargets(accounts.roles) : undefined;
  requireOnePartition(regions, targets);
  return {
    regions,
    targets,
    organization: "organization" in accounts ? checkedOrganization(accounts.organization) : undefined,
    concurrency: requireWholeNumber("concurrency", options.concurrency ?? 8, 1, 1_000),
    pageSize: requireWholeNumber("pageSize", options.pageSize ?? 500, 5, 1_000),
    accountsPerRun: Math.min(
      requireWholeNumber("accountsPerRun", options.accountsPerRun ?? 50, 1, 100),
      mostAccounts(regions?.length ?? MOST_REGIONS),
    ),
    sessionName,
    settings: {
      maxAttempts: requireWholeNumber("maxAttempts", options.maxAttempts ?? 6, 1, 100),
      connectTimeoutMilliseconds: requireWholeNumber(
        "connectTimeoutMilliseconds",
        options.connectTimeoutMilliseconds ?? 5_000,
        1,
        600_000,
      ),
      requestTimeoutMilliseconds: requireWholeNumber(
        "requestTimeoutMilliseconds",
        options.requestTimeoutMilliseconds ?? 60_000,
        1,
        600_000,
      ),
    },
  };
}

/** More than any partition has, those included that accounts opt in to. */
const MOST_REGIONS = 40;

/** How many accounts fit a run, whatever becomes of their scopes. */
const mostAccounts = (regions: number): number => Math.floor(MOST_SCOPES / (regions * AWS_STEPS.length));

function checkedRegions(regions: readonly string[]): readonly string[] {
  if (regions.length === 0) throw new RangeError("regions: at least one is needed; leave it out to look at all");
  for (const region of regions) partitionOf(region);
  return [...new Set(regions)];
}

/** Credentials of one partition are unknown in the others. */
function requireOnePartition(regions: readonly string[] | undefined, targets: readonly AwsTarget[] | undefined): void {
  const named = [
    ...(regions ?? []).map((region) => ({ what: `region ${region}`, partition: partitionOf(region) })),
    ...(targets ?? []).map((target) => ({ what: `account ${target.account}`, partition: target.partition })),
  ];
  const [first] = named;
  const other = named.find(({ partition }) => partition !== first?.partition);
  if (first && other) {
    throw new RangeError(
      `${first.what} is of partition ${first.partition} and ${other.what} of ${other.partition}; a run looks at one partition`,
    );
  }
}

function checkedOrganization(organization: AwsOrganization): AwsOrganization {
  parseRoleArn(memberRole(organization, "aws", "123456789012").roleArn);
  if (organization.managementRoleArn !== undefined) parseRoleArn(organization.managementRoleArn);
  const { only, except } = organization;
  if (only && except) throw new RangeError("only and except: one of them is enough");
  for (const account of only ?? except ?? []) {
    if (!/^\d{12}$/.test(account)) throw new RangeError(`${JSON.stringify(account)} is no account's number, 12 digits`);
  }
  return organization;
}
