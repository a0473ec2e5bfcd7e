import { type Account, ListAccountsCommand } from "@aws-sdk/client-organizations";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import type { Deadline } from "../deadline.ts";
import { MalformedError } from "../values.ts";
import type { AwsClients } from "./client.ts";
import { type AwsScopeError, RepeatedTokenError, toScopeError } from "./errors.ts";
import { PARTITIONS, type Partition } from "./partition.ts";
import { type AwsRole, parseRoleArn } from "./role.ts";

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
}

/** Who is calling. Rejects with the SDK's error. */
export async function callerIdentity(
  clients: AwsClients,
  region: string,
): Promise<{ account: string; partition: Partition }> {
  const client = clients.sts(region);
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
export interface Membership {
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
  const client = clients.organizations(partition);
  const accounts = new Set<string>();
  const tokens = new Set<string>();
  try {
    for (let token: string | undefined; ; ) {
      const page = { MaxResults: ACCOUNTS_PAGE, ...(token === undefined ? {} : { NextToken: token }) };
      const answer = await deadline.race(client.send(new ListAccountsCommand(page), { abortSignal: deadline.signal }));
      if (!answer.Accounts) throw new MalformedError("the answer has no Accounts");
      for (const account of answer.Accounts) {
        if (account.Id && isActive(account)) accounts.add(account.Id);
      }
      token = answer.NextToken || undefined;
      if (token === undefined) {
        if (accounts.size === 0) throw new MalformedError("the organization has no active account");
        return { accounts: [...accounts] };
      }
      if (tokens.has(token)) throw new RepeatedTokenError("a page's NextToken is that of an earlier page");
      tokens.add(token);
    }
  } catch (error) {
    return { accounts: [...accounts], problem: toScopeError(error, LIST_ACCOUNTS) };
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
