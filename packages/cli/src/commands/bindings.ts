import type { Client } from "@cadastre/client/client";
import { ROLES, type Role } from "@cadastre/contract/principal";
import { ROLE_ACTIONS, ROLE_PLACES } from "@cadastre/contract/role";
import { newRoleBinding, type RoleBinding } from "@cadastre/contract/role-binding";
import type { Command } from "commander";
import { choice, choiceArgument, duration, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { findNamed, findThing } from "../find-named.ts";
import { printAll, printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toTime } from "../output/text.ts";

const stateOf = ({ expiresAt }: RoleBinding, now: Date) =>
  expiresAt !== undefined && expiresAt <= now.toISOString() ? "ended" : "valid";

const columns = (now: Date): readonly Column<RoleBinding>[] => [
  { title: "ID", value: (one) => one.id },
  { title: "WHO", value: (one) => `${one.principal.type}/${one.principal.id}`, shape: "id" },
  { title: "ROLE", value: (one) => one.role },
  { title: "WHERE", value: (one) => `${one.resource.type}/${one.resource.id}`, shape: "id" },
  {
    title: "STATE",
    value: (one) => stateOf(one, now),
    style: (one) => (stateOf(one, now) === "valid" ? "green" : "dim"),
  },
  {
    title: "ENDS",
    value: (one) => (one.expiresAt === undefined ? undefined : toTime(one.expiresAt)),
    raw: (one) => one.expiresAt,
    optional: true,
  },
  { title: "CREATED", spare: true, value: (one) => toTime(one.createdAt), raw: (one) => one.createdAt },
];

const HOLDERS = ["user", "service-account", "group"] as const;

/** Where a role is bound, by type and id, an organization by its slug as well. Throws UsageError. */
async function findPlace(client: Client, text: string): Promise<RoleBinding["resource"]> {
  const found = await findThing(client, text);
  const slash = found.indexOf("/");
  const parsed = newRoleBinding.shape.resource.safeParse({ type: found.slice(0, slash), id: found.slice(slash + 1) });
  if (parsed.success) return parsed.data;
  throw new UsageError(
    `a role is not bound to ${JSON.stringify(neutralise(text))}`,
    "give system, organization/SLUG or aws/123456789012",
  );
}

/** Adds `roles` and `bindings` to the program. */
export function addBindings(program: Command, cli: Cli): void {
  withPaging(
    program.command("roles").description("the roles, where each can be held, and what it may do there"),
  ).action(async (_: unknown, command: Command) => {
    const items = ROLES.map((name) => ({ name, places: ROLE_PLACES[name], actions: ROLE_ACTIONS[name] }));
    const shown: readonly Column<(typeof items)[number]>[] = [
      { title: "ROLE", value: (one) => one.name },
      { title: "WHERE", value: (one) => one.places.join(","), shape: "id" },
      { title: "MAY", value: (one) => one.actions.join(","), shape: "id" },
    ];
    await printAll({ ...cli, options: optionsOf(command), columns: shown, noun: "roles", items });
  });
  const bindings = program.command("bindings").description("who holds which role where");
  withPaging(bindings.command("list").description("all role bindings, oldest first, also those that have ended"))
    .option("--principal <who>", "only of this user, service account or group, by its id or name")
    .addOption(choice("--role <role>", "only of this role", ROLES))
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<{ principal?: string; role?: Role }>(command);
      const client = openClient(cli, options);
      const { role } = options;
      const principal =
        options.principal === undefined ? undefined : (await findNamed(client, options.principal, HOLDERS)).id;
      const items = (limit: number) => client.roleBindings.list.all({ limit, principal, role });
      await printList({ ...cli, options, columns: columns(cli.now()), noun: "role bindings", items });
    });
  withExamples(
    bindings
      .command("add")
      .description("give somebody a role")
      .argument("<who>", "a user, service account or group, by its id or name")
      .addArgument(choiceArgument("<role>", ROLES))
      .argument("<where>", "system, organization/SLUG or aws/123456789012")
      .option("--for <time>", "such as 8h or 30d, after which it ends by itself", duration)
      .action(async (who: string, role: Role, where: string, _: unknown, command: Command) => {
        const options = optionsOf<{ for?: number }>(command);
        const { for: seconds } = options;
        const client = openClient(cli, options);
        const [principal, resource] = [await findNamed(client, who, HOLDERS), await findPlace(client, where)];
        const expiresAt =
          seconds === undefined ? undefined : new Date(cli.now().getTime() + seconds * 1000).toISOString();
        await printOne(cli.stdout, options, await client.roleBindings.create({ principal, role, resource, expiresAt }));
      }),
    "bindings add ann@example.com editor aws/123456789012 --for 8h",
    "bindings add group/operators viewer organization/default",
  );
  bindings
    .command("remove")
    .description("take a role away; it is gone with the next request")
    .argument("<id>", "rbd_…")
    .action(async (id: string, _: unknown, command: Command) => {
      await openClient(cli, optionsOf(command)).roleBindings.delete({ id });
      await cli.stderr.write(`removed ${neutralise(id)}\n`);
    });
}
