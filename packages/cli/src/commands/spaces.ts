import { IMPORT_POLICIES, type Space, type SpaceRemoval, type SpaceRule } from "@cadastre/contract/addresses/space";
import type { Command } from "commander";
import { choice, several, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { confirm } from "../confirm.ts";
import { EXIT, UsageError } from "../exit-codes.ts";
import { findSpaceId } from "../find-named.ts";
import { formatOf } from "../output/format.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toCount, toTime } from "../output/text.ts";
import { lineOf } from "../output/watch-job.ts";
import { followJob } from "./jobs.ts";
import { addSpacesPast } from "./spaces-past.ts";

/** A rule as it is given: `aws`, `aws/123456789012`, `aws/123456789012/vpc-0abc`. */
const textOf = ({ provider, account, network }: SpaceRule): string =>
  network === undefined
    ? account === undefined
      ? provider
      : `${provider}/${account}`
    : `${provider}/${account ?? ""}/${network}`;

const COLUMNS: readonly Column<Space>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "NAME", value: (one) => one.name },
  { title: "RULES", value: (one) => one.rules.map(textOf).join(","), shape: "id", optional: true },
  { title: "STATE", value: (one) => one.deletion && "being deleted", optional: true },
  { title: "IMPORT", value: (one) => one.importPolicy },
  { title: "ROUTE DISTINGUISHER", value: (one) => one.routeDistinguisher, optional: true },
  { title: "CREATED", spare: true, value: (one) => toTime(one.createdOn), raw: (one) => one.createdOn },
  { title: "DESCRIPTION", value: (one) => one.description, shape: "text", optional: true },
];

const SPACE = "by its id, spc_…, or its name";
const RULE = "aws, aws/ACCOUNT or aws/ACCOUNT/NETWORK belongs to it; may be given again";

function toRule(text: string): SpaceRule {
  const [provider = "", account = "", ...rest] = text.split("/");
  const network = rest.join("/");
  if (provider !== "aws" && provider !== "gcp")
    throw new UsageError(`${JSON.stringify(text)} is no rule: aws, aws/123456789012, aws/123456789012/vpc-0abc`);
  return { provider, ...(account && { account }), ...(network && { network }) };
}

interface Said {
  readonly name?: string;
  readonly description?: string;
  readonly rule?: readonly string[];
  readonly rules?: false;
  readonly importPolicy?: Space["importPolicy"];
  readonly routeDistinguisher?: string;
}

const withSaid = (command: Command): Command =>
  command
    .option("--description <text>")
    .option("--rule <rule>", RULE, several)
    .addOption(choice("--import-policy <policy>", "what becomes of observed networks", IMPORT_POLICIES))
    .option("--route-distinguisher <text>", "of its VRF, such as 65000:100");

/** What options say of a space; what they leave out is not there. */
function saidBy({ name, description, rule, rules, importPolicy, routeDistinguisher }: Said) {
  const given = rules === false ? [] : rule?.map(toRule);
  return {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(given === undefined ? {} : { rules: given }),
    ...(importPolicy === undefined ? {} : { importPolicy }),
    ...(routeDistinguisher === undefined ? {} : { routeDistinguisher: routeDistinguisher || undefined }),
  };
}

interface Filters {
  readonly nameContains?: string;
  readonly createdBefore?: string;
  readonly createdAfter?: string;
}

/** Adds `spaces` to the program. */
export function addSpaces(program: Command, cli: Cli): void {
  const spaces = program.command("spaces").description("address spaces, in each of which prefixes do not overlap");
  withPaging(spaces.command("list").description("address spaces that the token may read, oldest first"))
    .option("--name-contains <text>", "only with this in their names")
    .option("--created-before <time>", "only those made before a time such as 2026-12-31T08:00:00Z, or a day")
    .option("--created-after <time>", "only those made after it")
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<Filters>(command);
      const { nameContains, createdBefore, createdAfter } = options;
      const client = openClient(cli, options);
      const items = (limit: number) =>
        client.addressSpaces.list.all({ nameContains, createdBefore, createdAfter, limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "address spaces", items });
    });
  spaces
    .command("show")
    .description("one address space")
    .argument("<space>", SPACE)
    .action(async (space: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const spaceId = await findSpaceId(client, space);
      await printOne(cli.stdout, options, await client.addressSpaces.get({ spaceId }));
    });
  withExamples(
    withSaid(spaces.command("add").description("make an address space"))
      .argument("<name>")
      .action(async (name: string, _: unknown, command: Command) => {
        const options = optionsOf<Said>(command);
        const said = saidBy(options);
        await printOne(cli.stdout, options, await openClient(cli, options).addressSpaces.create({ ...said, name }));
      }),
    "spaces add production --rule aws/123456789012 --rule gcp/shop-prod/shared",
  );
  withExamples(
    withSaid(spaces.command("set").description("change what is said of an address space; all else stays"))
      .argument("<space>", SPACE)
      .option("--name <name>", "another name")
      .option("--no-rules", "nothing observed belongs to it any more")
      .action(async (space: string, _: unknown, command: Command) => {
        const options = optionsOf<Said>(command);
        const said = saidBy(options);
        if (Object.keys(said).length === 0)
          throw new UsageError("nothing to change", "`cadastre spaces set --help` has what can be said of one");
        const client = openClient(cli, options);
        const stood = await client.addressSpaces.get({ spaceId: await findSpaceId(client, space) });
        const { name, description, rules, importPolicy, routeDistinguisher, version, id: spaceId } = stood;
        const next = { name, description, rules, importPolicy, routeDistinguisher, ...said };
        await printOne(cli.stdout, options, await client.addressSpaces.replace({ spaceId, version, ...next }));
      }),
    "spaces set production --import-policy automatic",
  );
  withExamples(
    spaces
      .command("remove")
      .description("delete an address space with all that is in it, after that was shown")
      .argument("<space>", SPACE)
      .option("--dry-run", "show what would go, and change nothing")
      .option("--yes", "do not ask")
      .option("--no-wait", "do not wait for the end of it; it goes on by itself")
      .action((space: string, _: unknown, command: Command) => remove(cli, space, command)),
    "spaces remove staging --dry-run",
    "spaces remove staging --yes",
  );
  spaces
    .command("keep")
    .description("stop the deletion of an address space, and keep what is left of it")
    .argument("<space>", SPACE)
    .action(async (space: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const spaceId = await findSpaceId(client, space);
      await printOne(cli.stdout, options, await client.addressSpaces.keep({ spaceId }));
    });
  addSpacesPast(spaces, cli);
}

interface RemoveOptions {
  readonly dryRun?: true;
  readonly yes?: true;
  readonly wait: boolean;
}

const textOfContents = ({ contents }: SpaceRemoval): string =>
  contents.length === 0
    ? "nothing in it"
    : contents.map(({ of, count, more }) => `${of}: ${more ? "more than " : ""}${toCount(count)}`).join(", ");

async function remove(cli: Cli, space: string, command: Command): Promise<void> {
  const options = optionsOf<RemoveOptions>(command);
  const client = openClient(cli, options);
  const { id: spaceId, name, version } = await client.addressSpaces.get({ spaceId: await findSpaceId(client, space) });
  const preview = await client.addressSpaces.delete({ spaceId, dryRun: true });
  if (options.dryRun && formatOf(options) !== "table") return printOne(cli.stdout, options, preview);
  await cli.stderr.write(`${neutralise(name)} (${spaceId}) has ${textOfContents(preview)}\n`);
  if (options.dryRun) return;
  if (!options.yes && !(await confirm(cli, `Delete the address space ${neutralise(name)}?`))) {
    await cli.stderr.write("nothing was changed\n");
    cli.setExitCode(EXIT.failure);
    return;
  }
  const started = await client.addressSpaces.delete({ spaceId, version });
  if (options.wait && started.job !== undefined) {
    const ended = await followJob(cli, client, started.job);
    // Elsewhere than on a terminal its last line stays.
    if (cli.stderr.isTerminal) await cli.stderr.write(`${lineOf(ended)}\n`);
  }
  await printOne(cli.stdout, options, started);
}
