import type { AwsAccounts } from "@cadastre/collectors/aws/options";
import { type Command, Option } from "commander";
import { commaList, wholeNumber, withExamples } from "../arguments.ts";
import { type Cli, optionsOf } from "../cli.ts";
import { type CollectOptions, collect, configured } from "../collect/collect.ts";
import { withSession } from "../collect/options.ts";
import { UsageError } from "../exit-codes.ts";

interface AwsFlags extends CollectOptions {
  readonly regions?: readonly string[];
  readonly roles?: readonly string[];
  readonly organization?: boolean;
  readonly roleName?: string;
  readonly managementRole?: string;
  readonly externalId?: string;
  readonly concurrency?: number;
}

function accountsOf({ roles, organization, roleName, managementRole, externalId }: AwsFlags): AwsAccounts {
  const external = externalId === undefined ? {} : { externalId };
  if (!organization && (roleName !== undefined || managementRole !== undefined)) {
    throw new UsageError("--role-name and --management-role go with --organization");
  }
  if (roles) return { roles: roles.map((roleArn) => ({ roleArn, ...external })) };
  if (!organization) {
    if (externalId !== undefined) throw new UsageError("--external-id goes with --roles or --organization");
    return { own: true };
  }
  if (roleName === undefined)
    throw new UsageError("--organization needs --role-name, the role in every member account");
  const management = managementRole === undefined ? {} : { managementRoleArn: managementRole };
  return { organization: { roleName, ...external, ...management } };
}

/** Adds `collect aws`. Credentials, endpoints and the home region are the AWS SDK's own settings. */
export function addCollectAws(parent: Command, cli: Cli): void {
  const command = parent
    .command("aws")
    .description(
      "look at EC2: networks, subnets, instances, interfaces, addresses. Credentials, profile, region and AWS_ENDPOINT_URL are found as by every AWS tool",
    )
    .addOption(new Option("--regions <list>", "regions to look at (default: all enabled ones)").argParser(commaList))
    .addOption(
      new Option("--roles <list>", "roles to assume, ARNs, one for each account (default: the caller's own account)")
        .argParser(commaList)
        .conflicts("organization"),
    )
    .option("--organization", "all accounts of the organization")
    .option("--role-name <name>", "the role in every member account; {account} stands for its number")
    .option("--management-role <arn>", "a role that may list the organization's accounts")
    .option("--external-id <id>", "sent with every role that is assumed")
    .addOption(new Option("--concurrency <n>", "regions at once (default: 8)").argParser(wholeNumber(1, 1000)))
    .action(async (_: unknown, self: Command) => {
      const options = optionsOf<AwsFlags>(self);
      const accounts = accountsOf(options);
      // Loaded when it is needed: the SDK's clients are large.
      const { splitAws } = await import("@cadastre/collectors/aws/observe");
      const { regions, concurrency } = options;
      const split = configured(() =>
        splitAws({
          accounts,
          ...(regions === undefined ? {} : { regions }),
          ...(concurrency === undefined ? {} : { concurrency }),
        }),
      );
      await collect(cli, options, split);
    });
  withExamples(
    withSession(command),
    "collect aws --key-file prod.pem",
    "collect aws --key-file prod.pem --regions eu-west-1,us-east-1 --roles arn:aws:iam::123456789012:role/reader --external-id x",
    "collect aws --key-file prod.pem --organization --role-name CadastreReader",
  );
}
