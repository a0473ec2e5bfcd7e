import { type Account, ListAccountsCommand, OrganizationsClient } from "@aws-sdk/client-organizations";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { Deadline } from "../deadline.ts";
import { readPages } from "../pages.ts";
import { MalformedError } from "../values.ts";
import type { AwsClients } from "./client.ts";
import { type AwsScopeError, toScopeError } from "./errors.ts";
import { HOME_REGIONS, PARTITIONS, type Partition } from "./partition.ts";
import { type AwsRole, parseRoleArn } from "./role.ts";
import { listed, toPaging } from "./step.ts";

/** An account to look at; without a role, with the caller's own credentials. */
export interface AwsTarget {
  readonly account: string;
  readonly partition: Partition;
  readonly role?: AwsRole;
}

export interface AwsOrganization {
  /** Name of the role in every member account, with its path if it has one; `{account}` stands for the account's number. */
  readonly roleName: string;
  /** Sent to every role that is assumed. */
  readonly externalId?: string;
  /** A role in the management account, or one that it delegated to, that may list accounts; the caller's own credentials otherwise. */
  readonly managementRoleArn?: string;
  /** These accounts and no others. */
  readonly only?: readonly string[];
  /** All accounts but these. Not together with `only`. */
  readonly except?: readonly string[];
}

/** Who is calling. Rejects with the SDK's error. */
export async function callerIdentity(
  clients: AwsClients,
  region: string,
): Promise<{ account: string; partition: Partition }> {
  const client = clients.create(STSClient, region);
  try {
    const answer = await client.send(new GetCallerIdentityCommand({}));
    const partition = PARTITIONS.find((candidate) => answer.Arn?.startsWith(`arn:${candidate}:`));
    if (!/^\d{12}$/.test(answer.Account ?? "") || !partition) {
      throw new MalformedError(`the caller is ${JSON.stringify(answer.Arn ?? null)}, in no supported account`);
    }
    return { account: answer.Account as string, partition };
  } finally {
    client.destroy();
  }
}

/** The accounts of an organization that were found, and why they are not all, if so. */
interface Membership {
  readonly accounts: readonly string[];
  readonly problem?: AwsScopeError;
}

const LIST_ACCOUNTS = "organizations:ListAccounts";
/** The most that ListAccounts gives at once. */
const ACCOUNTS_PAGE = 20;

/**
 * The organization's active accounts. Pages may be empty before the last one; only a missing NextToken is the end. `State` says
 * whether an account is active; `Status` did so before it and stands in where `State` is absent.
 */
export async function listMembers(clients: AwsClients, partition: Partition, deadline: Deadline): Promise<Membership> {
  // Organizations has one endpoint in each partition.
  const client = clients.create(OrganizationsClient, HOME_REGIONS[partition]);
  const accounts = new Set<string>();
  const read = async (token: string | undefined) => {
    const request = { pageSize: ACCOUNTS_PAGE, token, signal: deadline.signal };
    const command = new ListAccountsCommand(toPaging(request));
    const answer = await deadline.race(client.send(command, { abortSignal: deadline.signal }));
    return { items: listed(answer.Accounts, "Accounts"), next: answer.NextToken || undefined };
  };
  try {
    const failure = await readPages(read, (page) => {
      for (const account of page.items) if (account.Id && isActive(account)) accounts.add(account.Id);
    });
    const none =
      accounts.size === 0 ? { error: new MalformedError("the organization has no active account") } : undefined;
    const problem = failure ?? none;
    return { accounts: [...accounts], ...(problem ? { problem: toScopeError(problem.error, LIST_ACCOUNTS) } : {}) };
  } finally {
    client.destroy();
  }
}

function isActive(account: Account): boolean {
  return (account.State ?? account.Status) === "ACTIVE";
}

/** The role of a member account by the organization's template. */
export function memberRole(organization: AwsOrganization, partition: Partition, account: string): AwsRole {
  const name = organization.roleName.replaceAll("{account}", account);
  return {
    roleArn: `arn:${partition}:iam::${account}:role/${name}`,
    ...(organization.externalId === undefined ? {} : { externalId: organization.externalId }),
  };
}

/** Roles as targets. Throws RangeError for what is no role's ARN and for two roles in one account. */
export function roleTargets(roles: readonly AwsRole[]): AwsTarget[] {
  if (roles.length === 0) throw new RangeError("roles: at least one is needed");
  const targets = roles.map((role) => ({ ...parseRoleArn(role.roleArn), role }));
  const accounts = new Set<string>();
  for (const { account, role } of targets) {
    if (accounts.has(account)) throw new RangeError(`${role.roleArn}: account ${account} is listed twice`);
    accounts.add(account);
  }
  return targets;
}
