import { ROLES, type Role } from "@cadastre/contract/principal";
import { ROLE_ACTIONS, ROLE_PLACES } from "@cadastre/contract/role";
import { newRoleBinding, type RoleBinding, roleHolder } from "@cadastre/contract/role-binding";
import { type Command, InvalidArgumentError } from "commander";
import { choice, choiceArgument, duration, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
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

/** `type/id`, both parts of which the schema takes. Throws InvalidArgumentError. */
function parted(text: string): { readonly type: string; readonly id: string } {
  const slash = text.indexOf("/");
  if (slash < 1)
    throw new InvalidArgumentError("it is a type and an id, such as user/usr_01J… or account/aws/123456789012.");
  return { type: text.slice(0, slash), id: text.slice(slash + 1) };
}

function toHolder(text: string): RoleBinding["principal"] {
  const parsed = roleHolder.safeParse(parted(text));
  if (!parsed.success) throw new InvalidArgumentError("it is user/usr_…, service-account/sva_… or group/grp_….");
  return parsed.data;
}

function toPlace(text: string): RoleBinding["resource"] {
  const parsed = newRoleBinding.shape.resource.safeParse(parted(text));
  if (!parsed.success)
    throw new InvalidArgumentError("it is system/system, organization/org_… or account/aws/123456789012.");
  return parsed.data;
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
    .option("--principal <id>", "only of this user, service account or group")
    .addOption(choice("--role <role>", "only of this role", ROLES))
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<{ principal?: string; role?: Role }>(command);
      const client = openClient(cli, options);
      const { principal, role } = options;
      const items = (limit: number) => client.roleBindings.list.all({ limit, principal, role });
      await printList({ ...cli, options, columns: columns(cli.now()), noun: "role bindings", items });
    });
  withExamples(
    bindings
      .command("add")
      .description("give somebody a role")
      .argument("<who>", "user/usr_…, service-account/sva_… or group/grp_…", toHolder)
      .addArgument(choiceArgument("<role>", ROLES))
      .argument("<where>", "system/system, organization/org_… or account/aws/123456789012", toPlace)
      .option("--for <time>", "such as 8h or 30d, after which it ends by itself", duration)
      .action(
        async (
          principal: RoleBinding["principal"],
          role: Role,
          resource: RoleBinding["resource"],
          _: unknown,
          command: Command,
        ) => {
          const options = optionsOf<{ for?: number }>(command);
          const { for: seconds } = options;
          const expiresAt =
            seconds === undefined ? undefined : new Date(cli.now().getTime() + seconds * 1000).toISOString();
          const made = await openClient(cli, options).roleBindings.create({ principal, role, resource, expiresAt });
          await printOne(cli.stdout, options, made);
        },
      ),
    "bindings add user/usr_01J… editor account/aws/123456789012 --for 8h",
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
