import type { Group, groupMember } from "@cadastre/contract/group";
import type { Command } from "commander";
import type * as z from "zod";
import { withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { findGroupId, findNamed } from "../find-named.ts";
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

const GROUP = "by its id, grp_…, or its name";
const MEMBER = "a user or service account, by its id or name";
const MEMBERS = ["user", "service-account"] as const;

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
    .argument("<group>", GROUP)
    .action(async (group: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      await printOne(cli.stdout, options, await client.groups.get({ id: await findGroupId(client, group) }));
    });
  withPaging(groups.command("members").description("who is in a group"))
    .argument("<group>", GROUP)
    .action(async (group: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const id = await findGroupId(client, group);
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
    .argument("<group>", GROUP)
    .argument("<name>")
    .action(async (group: string, name: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      await printOne(cli.stdout, options, await client.groups.patch({ id: await findGroupId(client, group), name }));
    });
  withExamples(
    groups
      .command("put")
      .description("put a user or a service account into a group")
      .argument("<group>", GROUP)
      .argument("<member>", MEMBER)
      .action(async (group: string, member: string, _: unknown, command: Command) => {
        const client = openClient(cli, optionsOf(command));
        const id = await findGroupId(client, group);
        await client.groups.add({ id, principal: await findNamed(client, member, MEMBERS) });
        await cli.stderr.write(`${neutralise(member)} is in ${neutralise(group)}\n`);
      }),
    "groups put operators ann@example.com",
  );
  groups
    .command("take")
    .description("take one out of a group")
    .argument("<group>", GROUP)
    .argument("<member>", MEMBER)
    .action(async (group: string, member: string, _: unknown, command: Command) => {
      const client = openClient(cli, optionsOf(command));
      const id = await findGroupId(client, group);
      await client.groups.remove({ id, member: (await findNamed(client, member, MEMBERS)).id });
      await cli.stderr.write(`${neutralise(member)} is not in ${neutralise(group)}\n`);
    });
  groups
    .command("remove")
    .description("remove a group; what its members held by it they hold no more")
    .argument("<group>", GROUP)
    .action(async (group: string, _: unknown, command: Command) => {
      const client = openClient(cli, optionsOf(command));
      await client.groups.delete({ id: await findGroupId(client, group) });
      await cli.stderr.write(`removed ${neutralise(group)}\n`);
    });
}
