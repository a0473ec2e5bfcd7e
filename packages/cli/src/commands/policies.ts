import type { Policy, PolicyRevision, Simulated } from "@cadastre/contract/policy";
import type { Command } from "commander";
import { wholeNumber, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { readText } from "../files.ts";
import { printAll, printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toTime } from "../output/text.ts";

const COLUMNS: readonly Column<Policy>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "NAME", value: (one) => one.name },
  { title: "REVISION", value: (one) => one.revision, align: "right" },
  { title: "CHANGED", value: (one) => toTime(one.updatedAt), raw: (one) => one.updatedAt },
  { title: "BY", value: (one) => one.updatedBy, shape: "id" },
  { title: "PRIORITY", value: (one) => one.priority, align: "right", spare: true },
  { title: "DESCRIPTION", value: (one) => one.description, shape: "text", optional: true },
];

const REVISIONS: readonly Column<PolicyRevision>[] = [
  { title: "REVISION", value: (one) => one.revision, align: "right" },
  { title: "PARENT", value: (one) => one.parent, align: "right" },
  { title: "MADE", value: (one) => toTime(one.at), raw: (one) => one.at },
  { title: "AUTHOR", value: (one) => one.author, shape: "id" },
  { title: "NAME", value: (one) => one.name },
  { title: "TEXT", value: (one) => one.text, shape: "text" },
];

const CHANGES: readonly Column<Simulated["changes"][number]>[] = [
  { title: "RECORD", value: (one) => one.audit },
  { title: "BEFORE", value: (one) => one.before },
  { title: "AFTER", value: (one) => one.after, style: (one) => (one.after === "deny" ? "red" : "green") },
  { title: "BY", value: (one) => one.policy, shape: "id" },
];

const FILE = "a file with Cedar statements";

interface Said {
  readonly name?: string;
  readonly description?: string;
  readonly priority?: number;
}

const withSaid = (command: Command): Command =>
  command
    .option("--description <text>")
    .option("--priority <number>", "where lists show it; it decides nothing", wholeNumber(0, 9999));

/** Adds `policies` to the program. */
export function addPolicies(program: Command, cli: Cli): void {
  const policies = program.command("policies").description("what is allowed and forbidden beyond roles, in Cedar");
  withPaging(policies.command("list").description("all policies, oldest first")).action(
    async (_: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.policies.list.all({ limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "policies", items });
    },
  );
  policies
    .command("show")
    .description("one policy with its text")
    .argument("<id>", "pol_…")
    .action(async (id: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      await printOne(cli.stdout, options, await openClient(cli, options).policies.get({ id }));
    });
  withPaging(policies.command("revisions").description("how a policy came to be what it is, newest first"))
    .argument("<id>", "pol_…")
    .action(async (id: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const items = (limit: number) => client.policies.revisions.all({ id, limit });
      await printList({ ...cli, options, columns: REVISIONS, noun: "revisions", items });
    });
  withExamples(
    withSaid(policies.command("add").description("store a policy, which decides from the next request on"))
      .argument("<name>")
      .argument("<file>", FILE)
      .action(async (name: string, file: string, _: unknown, command: Command) => {
        const options = optionsOf<Said>(command);
        const { description, priority } = options;
        const text = readText(file, "policy");
        const made = await openClient(cli, options).policies.create({ name, text, description, priority });
        await printOne(cli.stdout, options, made);
      }),
    "policies add 'secrets need a second factor' secrets.cedar",
  );
  withSaid(policies.command("set").description("make a policy's next revision"))
    .argument("<id>", "pol_…")
    .argument("<file>", FILE)
    .option("--name <name>", "another name")
    .action(async (id: string, file: string, _: unknown, command: Command) => {
      const options = optionsOf<Said>(command);
      const client = openClient(cli, options);
      const stood = await client.policies.get({ id });
      const { name = stood.name, description = stood.description, priority = stood.priority } = options;
      const text = readText(file, "policy");
      const said = { name, text, description, priority };
      await printOne(cli.stdout, options, await client.policies.replace({ id, version: stood.version, ...said }));
    });
  policies
    .command("remove")
    .description("remove a policy")
    .argument("<id>", "pol_…")
    .action(async (id: string, _: unknown, command: Command) => {
      await openClient(cli, optionsOf(command)).policies.delete({ id });
      await cli.stderr.write(`removed ${neutralise(id)}\n`);
    });
  withExamples(
    withPaging(
      policies
        .command("simulate")
        .description("which recorded requests a policy would decide otherwise; stores nothing"),
    )
      .argument("<name>", "of a new policy, or of the one that it would take the place of")
      .argument("<file>", FILE)
      .option("--days <number>", "how far back (default: 7)", wholeNumber(1, 90))
      .action(async (name: string, file: string, _: unknown, command: Command) => {
        const options = optionsOf<{ days?: number }>(command);
        const { days: sinceDays = 7 } = options;
        const candidate = { name, text: readText(file, "policy") };
        const client = openClient(cli, options);
        const { changes, examined, complete } = await client.policies.simulate({ policies: [candidate], sinceDays });
        await cli.stderr.write(
          `${examined} recorded requests decided again${complete ? "" : ", the newest; there are more"}\n`,
        );
        await printAll({ ...cli, options, columns: CHANGES, noun: "changes", items: changes });
      }),
    "policies simulate 'secrets need a second factor' secrets.cedar --days 30",
  );
}
