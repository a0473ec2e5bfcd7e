import type { Account, AccountPatch } from "@cadastre/contract/account";
import { PROVIDERS, type Provider } from "@cadastre/contract/scope";
import { type Command, Option } from "commander";
import { choiceArgument, commaList, providerOption, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise } from "../output/text.ts";

const COLUMNS: readonly Column<Account>[] = [
  { title: "PROVIDER", value: (one) => one.provider },
  { title: "ACCOUNT", value: (one) => one.account },
  { title: "NAME", value: (one) => one.name, shape: "id" },
  { title: "PLATFORM", value: (one) => one.platform, shape: "id" },
  { title: "TIER", value: (one) => one.tier },
  { title: "ENVIRONMENT", value: (one) => one.environment },
  { title: "OWNER", value: (one) => one.owner, shape: "id" },
  { title: "REGIONS", value: (one) => one.regions.join(","), shape: "id" },
];

type Said = AccountPatch;

/** What operators say of an account, as options. */
function withSaid(command: Command): Command {
  return command
    .option("--name <name>")
    .option("--platform <platform>", "the platform or product that it is for")
    .option("--tier <tier>", "such as gold, or 1")
    .option("--environment <environment>", "such as production")
    .option("--owner <owner>")
    .addOption(
      new Option("--regions <list>", "regions that it is meant to use; '' removes them").argParser((text) =>
        text === "" ? [] : commaList(text),
      ),
    )
    .option("--notes <text>");
}

function saidOf({ name, platform, tier, environment, owner, regions, notes }: Said): Said {
  const said = { name, platform, tier, environment, owner, regions, notes };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

const providerArgument = () => choiceArgument("<provider>", PROVIDERS);

/** Adds `accounts` to the program. */
export function addAccounts(program: Command, cli: Cli): void {
  const accounts = program.command("accounts").description("cloud accounts and projects, and what they are for");
  withPaging(accounts.command("list").description("all accounts"))
    .addOption(providerOption("only this provider's"))
    .option("--platform <platform>", "only of this platform")
    .option("--tier <tier>", "only of this tier")
    .option("--environment <environment>", "only of this environment")
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<Said & { provider?: Provider }>(command);
      const client = openClient(cli, options);
      const { provider, platform, tier, environment } = options;
      const items = (limit: number) => client.accounts.list.all({ provider, platform, tier, environment, limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "accounts", items });
    });
  accounts
    .command("show")
    .description("one account")
    .addArgument(providerArgument())
    .argument("<account>")
    .action(async (provider: Provider, id: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      await printOne(cli.stdout, options, await openClient(cli, options).accounts.get({ provider, account: id }));
    });
  withExamples(
    withSaid(accounts.command("add").description("add an account; collectors add those that they see"))
      .addArgument(providerArgument())
      .argument("<account>")
      .action(async (provider: Provider, id: string, _: unknown, command: Command) => {
        const options = optionsOf<Said>(command);
        const client = openClient(cli, options);
        await printOne(
          cli.stdout,
          options,
          await client.accounts.create({ provider, account: id, ...saidOf(options) }),
        );
      }),
    "accounts add aws 123456789012 --name payments-prod --platform payments --environment production",
  );
  withExamples(
    withSaid(accounts.command("set").description("change what is said of an account"))
      .addArgument(providerArgument())
      .argument("<account>")
      .action(async (provider: Provider, id: string, _: unknown, command: Command) => {
        const options = optionsOf<Said>(command);
        const patch = saidOf(options);
        if (Object.keys(patch).length === 0) throw new UsageError("nothing to change: give at least one option");
        const client = openClient(cli, options);
        const { version } = await client.accounts.get({ provider, account: id });
        await printOne(cli.stdout, options, await client.accounts.patch({ provider, account: id, version, ...patch }));
      }),
    "accounts set aws 123456789012 --owner payments --regions eu-west-1,eu-central-1",
  );
  accounts
    .command("remove")
    .description("remove an account that has no active resources")
    .addArgument(providerArgument())
    .argument("<account>")
    .action(async (provider: Provider, id: string, _: unknown, command: Command) => {
      const client = openClient(cli, optionsOf(command));
      const { version } = await client.accounts.get({ provider, account: id });
      await client.accounts.delete({ provider, account: id, version });
      await cli.stderr.write(`removed ${provider} ${neutralise(id)}\n`);
    });
}
