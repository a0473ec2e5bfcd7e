import type { Call } from "./call.ts";
import { AwsError } from "./errors.ts";
import { readToken, toToken } from "./paging.ts";
import type { AwsAccount } from "./plan.ts";
import { partitionOf } from "./regions.ts";

const most = 20;
type Json = Readonly<Record<string, unknown>>;

/** The JSON answer to an Organizations request. Throws AwsError with its codes. */
export function answerOrganizations(call: Call, input: Json): Json {
  const caller = call.estate.accounts[call.principal.account];
  switch (call.operation) {
    case "DescribeOrganization":
      return { Organization: organization(call) };
    case "ListAccounts":
      if (caller?.management !== true)
        throw new AwsError("AccessDeniedException", "You don't have permissions to access this resource.");
      return listAccounts(call, input);
    default:
      throw new AwsError("UnknownOperationException", "");
  }
}

/**
 * Pages hold 20 accounts at most, and after each comes an empty one, as ListAccounts is allowed to answer: "you might see
 * empty pages; go on until NextToken is null".
 */
function listAccounts({ estate, fault, region }: Call, input: Json): Json {
  const limit = readLimit(input.MaxResults);
  const token = input.NextToken;
  if (token !== undefined && typeof token !== "string") throw invalid("NextToken must be a string");
  const position = readToken("ListAccounts", token, "InvalidInputException");
  if (fault?.kind === "empty") return { Accounts: [] };
  // Positions count half pages: an even one is the account to start at, twice; an odd one stands for an empty page.
  const start = Math.floor(position / 2);
  const found = position % 2 === 1 ? [] : estate.accounts.slice(start, start + limit);
  const next =
    found.length > 0 ? (start + found.length) * 2 + 1 : start < estate.accounts.length ? start * 2 : undefined;
  const repeated = fault?.kind === "repeat-token" ? 0 : next;
  return {
    Accounts: found.map((account) => toAccount(estate.organizationId, managementId(estate.accounts), account, region)),
    NextToken: repeated === undefined ? undefined : toToken("ListAccounts", repeated),
  };
}

function readLimit(value: unknown): number {
  if (value === undefined) return most;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw invalid(`MaxResults must be 1 to ${most}`);
}

function toAccount(organizationId: string, management: string, account: AwsAccount, region: string): Json {
  return {
    Id: account.id,
    Arn: `arn:${partitionOf(region)}:organizations::${management}:account/${organizationId}/${account.id}`,
    Email: account.email,
    Name: account.name,
    // Status is what State was called before it knew closed accounts.
    Status:
      account.state === "ACTIVE" ? "ACTIVE" : account.state === "PENDING_CLOSURE" ? "PENDING_CLOSURE" : "SUSPENDED",
    State: account.state,
    JoinedMethod: account.management ? "INVITED" : "CREATED",
    JoinedTimestamp: account.joinedAt.getTime() / 1_000,
  };
}

function organization({ estate, region }: Call): Json {
  const management = estate.accounts.find((account) => account.management);
  const id = managementId(estate.accounts);
  const prefix = `arn:${partitionOf(region)}:organizations::${id}`;
  return {
    Id: estate.organizationId,
    Arn: `${prefix}:organization/${estate.organizationId}`,
    FeatureSet: "ALL",
    MasterAccountId: id,
    MasterAccountArn: `${prefix}:account/${estate.organizationId}/${id}`,
    MasterAccountEmail: management?.email,
  };
}

function managementId(accounts: readonly AwsAccount[]): string {
  return accounts.find((account) => account.management)?.id ?? "";
}

function invalid(message: string): AwsError {
  return new AwsError("InvalidInputException", message);
}
