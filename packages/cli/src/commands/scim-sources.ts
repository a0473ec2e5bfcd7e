import type { ScimSource } from "@cadastre/contract/scim-source";
import { type Command, Option } from "commander";
import { duration, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { formatAmong } from "../output/format.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toTime } from "../output/text.ts";

const COLUMNS: readonly Column<ScimSource>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "NAME", value: (one) => one.name },
  { title: "SERVICE ACCOUNT", value: (one) => one.serviceAccount },
  { title: "CREATED", value: (one) => toTime(one.createdAt), raw: (one) => one.createdAt },
];

interface CreateOptions {
  readonly expiresIn?: number;
}

async function create(cli: Cli, name: string, command: Command): Promise<void> {
  const options = optionsOf<CreateOptions>(command);
  // Its name alone would lose the token for good.
  const format = formatAmong(options, ["table", "wide", "json", "yaml", "csv"], "a new SCIM source");
  const made = await openClient(cli, options).scimSources.create({ name, expiresInSeconds: options.expiresIn });
  // It is shown once: neither a pager nor its history is the place for it.
  cli.stdout.direct();
  if (format !== "table" && format !== "wide") return printOne(cli.stdout, options, made);
  await cli.stderr.write(
    `${made.id} ${neutralise(made.name)} speaks SCIM at ${made.url}, until ${toTime(made.expiresAt)}; the token is shown now and never again:\n`,
  );
  await cli.stdout.write(`${made.token}\n`);
}

/** Adds `scim-sources` to the program. */
export function addScimSources(program: Command, cli: Cli): void {
  const sources = program
    .command("scim-sources")
    .description("identity providers that make and change users and groups over SCIM");
  withExamples(
    sources
      .command("create")
      .description("make a source; on stdout is its token and nothing else")
      .argument("<name>", "such as entra")
      .addOption(
        new Option("--expires-in <time>", "of the token, such as 90d, at most 366d (default: 366d)").argParser(
          duration,
        ),
      )
      .action((name: string, _: unknown, command: Command) => create(cli, name, command)),
    "scim-sources create entra > entra.token",
  );
  withPaging(sources.command("list").description("all sources, without their tokens")).action(
    async (_: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.scimSources.list.all({ limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "SCIM sources", items });
    },
  );
  sources
    .command("link")
    .description("give a user or a group to a source, which changes it from now on")
    .argument("<id>", "scs_…")
    .argument("<what>", "usr_… or grp_…")
    .option("--external-id <id>", "as the source calls the user")
    .action(async (id: string, what: string, _: unknown, command: Command) => {
      const options = optionsOf<{ externalId?: string }>(command);
      const { externalId } = options;
      const given = what.startsWith("grp_") ? { group: what, externalId } : { user: what, externalId };
      await openClient(cli, options).scimSources.link({ id, ...given });
      await cli.stderr.write(`${neutralise(what)} is of ${neutralise(id)}\n`);
    });
  sources
    .command("delete")
    .description("remove a source: its tokens end at once, its users and groups stay")
    .argument("<id>", "scs_…")
    .action(async (id: string, _: unknown, command: Command) => {
      await openClient(cli, optionsOf(command)).scimSources.delete({ id });
      await cli.stderr.write(`removed ${neutralise(id)}\n`);
    });
}
