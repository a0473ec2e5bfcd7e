import type { User } from "@cadastre/contract/user";
import type { Command } from "commander";
import { withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { findUserId } from "../find-named.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toTime } from "../output/text.ts";
import { addUserLogins } from "./user-logins.ts";

/** Of what can be disabled: whether it is. */
export const standingOf = ({ disabled }: { readonly disabled: boolean }) => (disabled ? "disabled" : "enabled");

/** The roles that are held, with what each is held on. */
export const rolesOf = ({ roles }: Pick<User, "roles">): string | undefined =>
  roles.length === 0
    ? undefined
    : roles.map(({ role, resource }) => `${role}@${resource.type}/${resource.id}`).join(",");

/** How one is meant. */
export const USER = "by its id, usr_…, or its name";

const COLUMNS: readonly Column<User>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "NAME", value: (one) => one.userName, shape: "id" },
  { title: "DISPLAY NAME", value: (one) => one.displayName, optional: true },
  { title: "STATE", value: standingOf, style: (one) => (one.disabled ? "dim" : "green") },
  { title: "ROLES", value: rolesOf, shape: "id", optional: true },
  { title: "GROUPS", value: (one) => String(one.groups.length), spare: true },
  { title: "CREATED", spare: true, value: (one) => toTime(one.createdAt), raw: (one) => one.createdAt },
];

interface Said {
  readonly displayName?: string;
  readonly email?: string;
  readonly userName?: string;
}

/** Adds `users` to the program. */
export function addUsers(program: Command, cli: Cli): void {
  const users = program.command("users").description("people who work with Cadastre");
  withPaging(users.command("list").description("all users"))
    .option("--name <name>", "only the one of this name")
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<{ name?: string }>(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.users.list.all({ userName: options.name, limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "users", items });
    });
  users
    .command("show")
    .description("one user")
    .argument("<user>", USER)
    .action(async (user: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      await printOne(cli.stdout, options, await client.users.get({ id: await findUserId(client, user) }));
    });
  withExamples(
    users
      .command("add")
      .description("make a user, who may do nothing until a role is bound to it")
      .argument("<name>", "by which it logs in")
      .option("--display-name <name>")
      .option("--email <address>")
      .action(async (userName: string, _: unknown, command: Command) => {
        const options = optionsOf<Said>(command);
        const { displayName, email } = options;
        const client = openClient(cli, options);
        await printOne(cli.stdout, options, await client.users.create({ userName, displayName, email }));
      }),
    "users add ann@example.com --display-name Ann",
  );
  users
    .command("set")
    .description("change what is said of a user; '' removes it")
    .argument("<user>", USER)
    .option("--user-name <name>")
    .option("--display-name <name>")
    .option("--email <address>")
    .action(async (user: string, _: unknown, command: Command) => {
      const options = optionsOf<Said>(command);
      const { userName, displayName, email } = options;
      const said = {
        userName,
        displayName: displayName === "" ? null : displayName,
        email: email === "" ? null : email,
      };
      if (Object.values(said).every((value) => value === undefined))
        throw new UsageError("nothing to change: give at least one option");
      const client = openClient(cli, options);
      const id = await findUserId(client, user);
      await printOne(cli.stdout, options, await client.users.patch({ id, ...said }));
    });
  for (const [verb, disabled, about] of [
    ["disable", true, "end a user's tokens and sessions at once; enabling brings none of them back"],
    ["enable", false, "let a user in again"],
  ] as const) {
    users
      .command(verb)
      .description(about)
      .argument("<user>", USER)
      .action(async (user: string, _: unknown, command: Command) => {
        const client = openClient(cli, optionsOf(command));
        await client.users.patch({ id: await findUserId(client, user), disabled });
        await cli.stderr.write(`${verb}d ${neutralise(user)}\n`);
      });
  }
  addUserLogins(users, cli);
  users
    .command("remove")
    .description("remove a user with its roles and memberships")
    .argument("<user>", USER)
    .action(async (user: string, _: unknown, command: Command) => {
      const client = openClient(cli, optionsOf(command));
      await client.users.delete({ id: await findUserId(client, user) });
      await cli.stderr.write(`removed ${neutralise(user)}\n`);
    });
}
