import { type ChangedTag, TAG_TYPES, type Tag } from "@cadastre/contract/addresses/tag";
import type { Command } from "commander";
import { choice, several, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { findSpaceId } from "../find-named.ts";
import { formatOf } from "../output/format.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import { type Column, renderTable } from "../output/table.ts";
import { neutralise } from "../output/text.ts";

type ByValue = Readonly<Record<string, Readonly<Record<string, string>>>>;

const SPACE = "by its id, spc_…, or its name";
const IMPLIES = "prod:tier=gold: with the value prod, the tag tier is gold; may be given again";
const ATTRIBUTE = "prod:color=red: a text for the value prod; may be given again";

const textsOf = (all: ByValue): string =>
  Object.entries(all)
    .flatMap(([name, values]) => Object.entries(values).map(([own, text]) => `${own}:${name}=${text}`))
    .join(",");

const COLUMNS: readonly Column<Tag>[] = [
  { title: "NAME", value: (one) => one.name },
  { title: "TYPE", value: (one) => one.type },
  { title: "VALUES", value: (one) => one.knownValues.join(","), shape: "text" },
  { title: "IMPLIES", value: (one) => textsOf(one.implies), shape: "text", optional: true },
];

/** `OWN:NAME=TEXT` as name → own → text. Throws UsageError. */
function toByValue(option: string, texts: readonly string[]): ByValue {
  const all = new Map<string, Map<string, string>>();
  for (const text of texts) {
    const [, own, name, value] = /^(.+):([^=:]+)=(.+)$/su.exec(text) ?? [];
    if (own === undefined || name === undefined || value === undefined)
      throw new UsageError(`${JSON.stringify(text)} is none of --${option}: VALUE:NAME=TEXT, such as prod:tier=gold`);
    all.set(name, (all.get(name) ?? new Map()).set(own, value));
  }
  return Object.fromEntries([...all].map(([name, values]) => [name, Object.fromEntries(values)]));
}

interface Said {
  readonly value?: readonly string[];
  readonly values?: false;
  readonly implies?: readonly string[] | false;
  readonly attribute?: readonly string[];
  readonly attributes?: false;
  readonly type?: Tag["type"];
}

/** What options say of a tag; what they leave out is not there. */
function saidBy({ type, value, values, implies, attribute, attributes }: Said) {
  const known = values === false ? [] : value;
  const implied = implies === false ? {} : implies && toByValue("implies", implies);
  const texts = attributes === false ? {} : attribute && toByValue("attribute", attribute);
  return {
    ...(type === undefined ? {} : { type }),
    ...(known === undefined ? {} : { knownValues: [...known] }),
    ...(implied === undefined ? {} : { implies: implied }),
    ...(texts === undefined ? {} : { attributes: texts }),
  };
}

const withSaid = (command: Command): Command =>
  command
    .option("--value <text>", "one that it may have, which is then none but these; may be given again", several)
    .option("--implies <text>", IMPLIES, several)
    .option("--attribute <text>", ATTRIBUTE, several)
    .addOption(choice("--type <type>", "whether what is inside a prefix has it, too", TAG_TYPES));

const BROKEN: readonly Column<NonNullable<ChangedTag["breaks"]>[number]>[] = [
  { title: "PREFIX", value: (one) => one.prefix },
  { title: "ID", value: (one) => one.id },
  { title: "WHY", value: (one) => one.message, shape: "text" },
];

/** Adds `space-tags` to the program. */
export function addSpaceTags(program: Command, cli: Cli): void {
  const tags = program.command("space-tags").description("tags of an address space: what they may be, what they imply");
  withPaging(tags.command("list").description("the tags of an address space"))
    .argument("<space>", SPACE)
    .option("--name-contains <text>", "only with this in their names")
    .action(async (space: string, _: unknown, command: Command) => {
      const options = optionsOf<{ nameContains?: string }>(command);
      const client = openClient(cli, options);
      const spaceId = await findSpaceId(client, space);
      const items = (limit: number) =>
        client.spaceTags.list.all({ spaceId, nameContains: options.nameContains, limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "tags", items });
    });
  tags
    .command("show")
    .description("one tag")
    .argument("<space>", SPACE)
    .argument("<tag>")
    .action(async (space: string, tagName: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const spaceId = await findSpaceId(client, space);
      await printOne(cli.stdout, options, await client.spaceTags.get({ spaceId, tagName }));
    });
  withExamples(
    withSaid(tags.command("add").description("define a tag that prefixes may have"))
      .argument("<space>", SPACE)
      .argument("<tag>")
      .action(async (space: string, name: string, _: unknown, command: Command) => {
        const options = optionsOf<Said>(command);
        const said = saidBy(options);
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, space);
        const made = await client.spaceTags.create({ spaceId, name, type: "Inheritable", ...said });
        await printOne(cli.stdout, options, made);
      }),
    "space-tags add production env --value prod --value test --implies prod:tier=gold",
  );
  withExamples(
    withSaid(tags.command("set").description("change what a tag may be; all else stays"))
      .argument("<space>", SPACE)
      .argument("<tag>")
      .option("--no-values", "it may have any value")
      .option("--no-implies", "it implies nothing")
      .option("--no-attributes", "it has no texts for its values")
      .option("--dry-run", "only show which prefixes would be wrong with it")
      .action((space: string, name: string, _: unknown, command: Command) => set(cli, space, name, command)),
    "space-tags set production env --value prod --value test --dry-run",
  );
  tags
    .command("remove")
    .description("remove a tag that no prefix has and no other tag implies")
    .argument("<space>", SPACE)
    .argument("<tag>")
    .action(async (space: string, tagName: string, _: unknown, command: Command) => {
      const client = openClient(cli, optionsOf(command));
      await client.spaceTags.delete({ spaceId: await findSpaceId(client, space), tagName });
      await cli.stderr.write(`removed ${neutralise(tagName)}\n`);
    });
}

async function set(cli: Cli, space: string, tagName: string, command: Command): Promise<void> {
  const { dryRun, ...options } = optionsOf<Said & { readonly dryRun?: true }>(command);
  const said = saidBy(options);
  if (Object.keys(said).length === 0)
    throw new UsageError("nothing to change", "`cadastre space-tags set --help` has what can be said of one");
  const client = openClient(cli, options);
  const spaceId = await findSpaceId(client, space);
  const { type, knownValues, attributes, implies, version } = await client.spaceTags.get({ spaceId, tagName });
  const next = { type, knownValues, attributes, implies, ...said };
  const changed = await client.spaceTags.replace({
    spaceId,
    tagName,
    version,
    ...(dryRun && { dryRun: true }),
    ...next,
  });
  if (!dryRun || formatOf(options) !== "table") return printOne(cli.stdout, options, changed);
  const { breaks = [], breaksMore } = changed;
  if (breaks.length === 0) return cli.stderr.write("no prefix would be wrong with it\n");
  await cli.stdout.write(renderTable(BROKEN, breaks, cli.stdout));
  if (breaksMore) await cli.stderr.write("and more\n");
}
