import type { ServiceAccount } from "@cadastre/contract/service-account";
import type { Command } from "commander";
import { withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { findServiceAccountId } from "../find-named.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toTime } from "../output/text.ts";
import { rolesOf, standingOf } from "./users.ts";

/** How one is meant. */
const SERVICE_ACCOUNT = "by its id, sva_…, or its name";

const COLUMNS: readonly Column<ServiceAccount>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "NAME", value: (one) => one.name, shape: "id" },
  { title: "STATE", value: standingOf, style: (one) => (one.disabled ? "dim" : "green") },
  { title: "ROLES", value: rolesOf, shape: "id", optional: true },
  { title: "CREATED", spare: true, value: (one) => toTime(one.createdAt), raw: (one) => one.createdAt },
];

/** Adds `service-accounts` to the program. */
export function addServiceAccounts(program: Command, cli: Cli): void {
  const accounts = program.command("service-accounts").description("programs that act under names of their own");
  withPaging(accounts.command("list").description("all service accounts"))
    .option("--name <name>", "only the one of this name")
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<{ name?: string }>(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.serviceAccounts.list.all({ name: options.name, limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "service accounts", items });
    });
  accounts
    .command("show")
    .description("one service account")
    .argument("<account>", SERVICE_ACCOUNT)
    .action(async (account: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const id = await findServiceAccountId(client, account);
      await printOne(cli.stdout, options, await client.serviceAccounts.get({ id }));
    });
  withExamples(
    accounts
      .command("add")
      .description("make a service account, which may do nothing until a role is bound to it")
      .argument("<name>")
      .action(async (name: string, _: unknown, command: Command) => {
        const options = optionsOf(command);
        await printOne(cli.stdout, options, await openClient(cli, options).serviceAccounts.create({ name }));
      }),
    "service-accounts add deploy",
    "tokens create deploy --principal sva_01JD… --scopes resources:read > deploy.token",
  );
  accounts
    .command("rename")
    .argument("<account>", SERVICE_ACCOUNT)
    .argument("<name>")
    .description("give a service account another name")
    .action(async (account: string, name: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const id = await findServiceAccountId(client, account);
      await printOne(cli.stdout, options, await client.serviceAccounts.patch({ id, name }));
    });
  for (const [verb, disabled, about] of [
    ["disable", true, "end a service account's tokens at once; enabling brings none of them back"],
    ["enable", false, "let a service account have tokens again"],
  ] as const) {
    accounts
      .command(verb)
      .description(about)
      .argument("<account>", SERVICE_ACCOUNT)
      .action(async (account: string, _: unknown, command: Command) => {
        const client = openClient(cli, optionsOf(command));
        await client.serviceAccounts.patch({ id: await findServiceAccountId(client, account), disabled });
        await cli.stderr.write(`${verb}d ${neutralise(account)}\n`);
      });
  }
  accounts
    .command("remove")
    .description("remove a service account with its roles and memberships")
    .argument("<account>", SERVICE_ACCOUNT)
    .action(async (account: string, _: unknown, command: Command) => {
      const client = openClient(cli, optionsOf(command));
      await client.serviceAccounts.delete({ id: await findServiceAccountId(client, account) });
      await cli.stderr.write(`removed ${neutralise(account)}\n`);
    });
}
