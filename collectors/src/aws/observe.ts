import { createLimit, forEachWithin } from "../concurrency.ts";
import { createDeadline, type Deadline } from "../deadline.ts";
import type { LookContext, ObserveContext, Split } from "../observe.ts";
import { observersOf } from "../parts.ts";
import { type AwsIdentity, observeAccount } from "./account.ts";
import { type AwsOrganization, type AwsTarget, callerIdentity, listMembers, memberRole } from "./accounts.ts";
import { type AwsClients, createAwsClients, homeRegion } from "./client.ts";
import { type AwsScopeError, toScopeError } from "./errors.ts";
import { type AwsOptions, type CheckedOptions, checkOptions } from "./options.ts";
import { DEFAULT_REGIONS, HOME_REGIONS, partitionOf } from "./partition.ts";
import { type AwsRole, createRoleCredentials, parseRoleArn } from "./role.ts";

/** Nobody knows which accounts there are (or which more), so that there is no scope to say so in. */
export class AwsAccountsError extends Error {
  override readonly name = "AwsAccountsError";
  readonly problem: AwsScopeError;
  constructor(problem: AwsScopeError) {
    super(`the accounts to look at are not all known: ${problem.operation}: ${problem.message} (${problem.code})`);
    this.problem = problem;
  }
}

/**
 * The collector for EC2's networks, subnets, instances, interfaces and addresses: one scope per account, region and kind.
 * Credentials, endpoints and the home region are the SDK's own settings. Configuration that cannot work is refused at once with
 * a RangeError. Accounts that are too many for one run are looked at in several (`inParts`): an account stays in its part while
 * others come and go, so that what a run reports is what it reported the last time. Rejects with AwsAccountsError when no account is
 * known; when they are not all known, the last part rejects after it has recorded its own. Every other failure is the status of
 * the scopes that it hid.
 */
export function splitAws(options: AwsOptions): Split {
  const checked = checkOptions(options);
  const prepare = createPreparation(checked);
  return async (context) => {
    const { targets, problem, observe } = await prepare(context);
    return observersOf({
      items: targets,
      nameOf: ({ account }) => account,
      most: checked.accountsPerRun,
      observe,
      problem: problem && new AwsAccountsError(problem),
    });
  };
}

interface Look extends Found {
  readonly observe: (targets: readonly AwsTarget[], context: ObserveContext) => Promise<void>;
}

/** Finds out what there is to look at, and with what. */
function createPreparation(checked: CheckedOptions): (context: LookContext) => Promise<Look> {
  const { regions, targets, organization, concurrency, pageSize, sessionName, settings } = checked;
  return async (context) => {
    const own = createAwsClients(settings);
    // Any configured region may be one that some account has not opted in to; account-wide calls need one that all have.
    const preferredRegion =
      (await own.configuredRegion()) ??
      regions?.find((region) => DEFAULT_REGIONS[partitionOf(region)].includes(region));
    const assume = (role: AwsRole): AwsIdentity => {
      const credentials = createRoleCredentials({
        role,
        sessionName,
        clients: own,
        preferredRegion,
        now: context.now,
      });
      return { clients: createAwsClients({ ...settings, credentials }), credentials };
    };
    const found = targets
      ? { targets }
      : await findTargets({
          context,
          own,
          assume,
          callerRegion: homeRegion(partitionOf(regions?.[0] ?? preferredRegion ?? HOME_REGIONS.aws), preferredRegion),
          organization,
        });
    return {
      ...found,
      observe: (some, of) => {
        // Regions wait for their turn in a queue of their own: an account holds its place among the accounts until its last
        // region is done.
        const limit = createLimit(concurrency);
        return forEachWithin(concurrency, some, (target) =>
          observeAccount({
            context: of,
            target,
            identity: target.role ? assume(target.role) : { clients: own },
            regions,
            homeRegion: homeRegion(target.partition, preferredRegion),
            limit,
            pageSize,
          }),
        );
      },
    };
  };
}

interface Search {
  readonly context: LookContext;
  readonly own: AwsClients;
  readonly assume: (role: AwsRole) => AwsIdentity;
  /** Where the caller is asked who it is. */
  readonly callerRegion: string;
  readonly organization: AwsOrganization | undefined;
}

interface Found {
  readonly targets: readonly AwsTarget[];
  /** Why these are not all. */
  readonly problem?: AwsScopeError;
}

/** The caller's account, or its organization's. Throws AwsAccountsError when not even one is known. */
async function findTargets(search: Search): Promise<Found> {
  const { context, own, callerRegion, organization } = search;
  const deadline = createDeadline({ signal: context.signal, milliseconds: context.scopeDeadlineMilliseconds });
  try {
    const caller = await deadline.race(callerIdentity(own, callerRegion)).catch((error: unknown) => {
      throw new AwsAccountsError(toScopeError(error, "sts:GetCallerIdentity"));
    });
    return organization ? await findMembers(search, organization, caller, deadline) : { targets: [caller] };
  } finally {
    deadline.end();
  }
}

/** The caller's own account is entered with its own credentials: the role is rolled out to the others. */
async function findMembers(
  search: Search,
  organization: AwsOrganization,
  caller: AwsTarget,
  deadline: Deadline,
): Promise<Found> {
  const { managementRoleArn, externalId, only, except } = organization;
  const clients = managementRoleArn
    ? search.assume({ roleArn: managementRoleArn, ...(externalId === undefined ? {} : { externalId }) }).clients
    : search.own;
  const partition = managementRoleArn ? parseRoleArn(managementRoleArn).partition : caller.partition;
  const { accounts, problem } = await listMembers(clients, partition, deadline);
  for (const account of (only ?? []).filter((one) => !problem && !accounts.includes(one))) {
    search.context.log({
      level: "warn",
      message: "an account to look at is no active one of the organization",
      account,
    });
  }
  const chosen = accounts.filter((account) => (only?.includes(account) ?? true) && !except?.includes(account));
  const targets = chosen.map((account) =>
    account === caller.account ? caller : { account, partition, role: memberRole(organization, partition, account) },
  );
  return { targets, ...(problem ? { problem } : {}) };
}
