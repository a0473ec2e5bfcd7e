import type { Group, groupMember } from "@cadastre/contract/group";
import type { PrincipalRef } from "@cadastre/contract/principal";
import type { Command } from "commander";
import type * as z from "zod";
import { withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toTime } from "../output/text.ts";
import { rolesOf } from "./users.ts";

const COLUMNS: readonly Column<Group>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "NAME", value: (one) => one.name },
  { title: "ROLES", value: rolesOf, shape: "id", optional: true },
  { title: "CREATED", spare: true, value: (one) => toTime(one.createdAt), raw: (one) => one.createdAt },
];

const MEMBER_COLUMNS: readonly Column<z.output<typeof groupMember>>[] = [
  { title: "TYPE", value: (one) => one.principal.type },
  { title: "ID", value: (one) => one.principal.id },
  { title: "SINCE", value: (one) => toTime(one.addedAt), raw: (one) => one.addedAt },
];

/** A user or a service account by its id alone, which says what it is. Throws UsageError for anything else. */
export function principalOf(id: string): PrincipalRef {
  if (id.startsWith("usr_")) return { type: "user", id };
  if (id.startsWith("sva_")) return { type: "service-account", id };
  throw new UsageError(`${neutralise(id)} is neither a user (usr_…) nor a service account (sva_…)`);
}

/** Adds `groups` to the program. */
export function addGroups(program: Command, cli: Cli): void {
  const groups = program.command("groups").description("groups of users and service accounts");
  withPaging(groups.command("list").description("all groups"))
    .option("--name <name>", "only the one of this name")
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<{ name?: string }>(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.groups.list.all({ name: options.name, limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "groups", items });
    });
  groups
    .command("show")
    .description("one group")
    .argument("<id>", "grp_…")
    .action(async (id: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      await printOne(cli.stdout, options, await openClient(cli, options).groups.get({ id }));
    });
  withPaging(groups.command("members").description("who is in a group"))
    .argument("<id>", "grp_…")
    .action(async (id: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.groups.members.all({ id, limit });
      await printList({ ...cli, options, columns: MEMBER_COLUMNS, noun: "members", items });
    });
  groups
    .command("add")
    .description("make a group, which is empty and has no role")
    .argument("<name>")
    .action(async (name: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      await printOne(cli.stdout, options, await openClient(cli, options).groups.create({ name }));
    });
  groups
    .command("rename")
    .description("give a group another name")
    .argument("<id>", "grp_…")
    .argument("<name>")
    .action(async (id: string, name: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      await printOne(cli.stdout, options, await openClient(cli, options).groups.patch({ id, name }));
    });
  withExamples(
    groups
      .command("put")
      .description("put a user or a service account into a group")
      .argument("<id>", "grp_…")
      .argument("<member>", "usr_… or sva_…")
      .action(async (id: string, member: string, _: unknown, command: Command) => {
        await openClient(cli, optionsOf(command)).groups.add({ id, principal: principalOf(member) });
        await cli.stderr.write(`${neutralise(member)} is in ${neutralise(id)}\n`);
      }),
    "groups put grp_01JD… usr_01JD…",
  );
  groups
    .command("take")
    .description("take one out of a group")
    .argument("<id>", "grp_…")
    .argument("<member>", "usr_… or sva_…")
    .action(async (id: string, member: string, _: unknown, command: Command) => {
      await openClient(cli, optionsOf(command)).groups.remove({ id, member: principalOf(member).id });
      await cli.stderr.write(`${neutralise(member)} is not in ${neutralise(id)}\n`);
    });
  groups
    .command("remove")
    .description("remove a group; what its members held by it they hold no more")
    .argument("<id>", "grp_…")
    .action(async (id: string, _: unknown, command: Command) => {
      await openClient(cli, optionsOf(command)).groups.delete({ id });
      await cli.stderr.write(`removed ${neutralise(id)}\n`);
    });
}
