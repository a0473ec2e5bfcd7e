import type { Organization } from "@cadastre/contract/organization";
import type { Command } from "commander";
import { withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { findOrganizationId } from "../find-named.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { toTime } from "../output/text.ts";

const COLUMNS: readonly Column<Organization>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "SLUG", value: (one) => one.slug },
  { title: "NAME", value: (one) => one.name },
  { title: "OWNER", value: (one) => one.owner, optional: true },
  { title: "CREATED", spare: true, value: (one) => toTime(one.createdAt), raw: (one) => one.createdAt },
];

interface Said {
  readonly name?: string;
  readonly slug?: string;
  readonly owner?: string;
}

/** Adds `organizations` to the program. */
export function addOrganizations(program: Command, cli: Cli): void {
  const organizations = program
    .command("organizations")
    .description("organizations: what belongs to one does not exist for another");
  withPaging(organizations.command("list").description("one's own; for who administers the system all")).action(
    async (_: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.organizations.list.all({ limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "organizations", items });
    },
  );
  organizations
    .command("show")
    .description("one organization")
    .argument("<organization>", "by its id, org_…, or its slug")
    .action(async (organization: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const id = await findOrganizationId(client, organization);
      await printOne(cli.stdout, options, await client.organizations.get({ id }));
    });
  withExamples(
    organizations
      .command("add")
      .description("make an organization")
      .argument("<slug>", "its short name, such as payments")
      .option("--name <name>", "as people write it; the slug when absent")
      .option("--owner <owner>", "who answers for it")
      .action(async (slug: string, _: unknown, command: Command) => {
        const options = optionsOf<Said>(command);
        const { name = slug, owner } = options;
        await printOne(cli.stdout, options, await openClient(cli, options).organizations.create({ slug, name, owner }));
      }),
    "organizations add payments --name Payments --owner Ann",
    "users add bob --act-in payments",
  );
  organizations
    .command("set")
    .description("change an organization's name, slug or owner")
    .argument("<organization>", "by its id, org_…, or its slug")
    .option("--name <name>")
    .option("--slug <slug>")
    .option("--owner <owner>")
    .action(async (organization: string, _: unknown, command: Command) => {
      const options = optionsOf<Said>(command);
      const { name, slug, owner } = options;
      if (name === undefined && slug === undefined && owner === undefined)
        throw new UsageError("nothing to change: give at least one option");
      const client = openClient(cli, options);
      const id = await findOrganizationId(client, organization);
      const { version } = await client.organizations.get({ id });
      await printOne(cli.stdout, options, await client.organizations.patch({ id, version, name, slug, owner }));
    });
}
