import { FINDING_RULE_IDS, FINDING_RULES, type Finding, type FreeSpace } from "@cadastre/contract/addresses/findings";
import { type Command, Option } from "commander";
import { listOf, several, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { findSpaceId } from "../find-named.ts";
import { findPrefix, PREFIX, withSpace } from "../find-prefix.ts";
import { formatOf } from "../output/format.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import { type Column, renderTable } from "../output/table.ts";

const FINDINGS: readonly Column<Finding>[] = [
  { title: "RULE", value: (one) => one.rule },
  { title: "PREFIX", value: (one) => one.prefix, shape: "id" },
  { title: "NAME", value: (one) => one.name, optional: true },
  { title: "FINDING", value: (one) => one.message, shape: "text" },
  { title: "ID", value: (one) => one.id, spare: true },
];

type Gap = FreeSpace["gaps"][number];
const GAPS: readonly Column<Gap>[] = [
  { title: "FIRST", value: (one) => one.first },
  { title: "LAST", value: (one) => one.last },
  { title: "ADDRESSES", value: (one) => String(one.size), align: "right" },
];

interface CheckOptions {
  readonly space: string;
  readonly rules?: readonly (typeof FINDING_RULE_IDS)[number][];
  readonly name?: string;
  readonly tag?: readonly string[];
  readonly within?: string;
}

const RULES = `\nRules:\n${FINDING_RULE_IDS.map((rule) => `  ${rule.padEnd(16)} ${FINDING_RULES[rule]}`).join("\n")}`;

/** Adds to `prefixes` what is not as rules want it, and what is free. */
export function addPrefixesCheck(prefixes: Command, cli: Cli): void {
  withExamples(
    withSpace(withPaging(prefixes.command("check").description("what of the planned prefixes is not as rules want it")))
      .addOption(new Option("--rules <list>", "only these; see below").argParser(listOf(FINDING_RULE_IDS)))
      .option("--name <pattern>", "what names are like, with * for any characters")
      .option("--tag <name>", "a tag that each has; may be given again", several)
      .option("--within <prefix>", "only what is inside this prefix, itself included")
      .addHelpText("after", RULES)
      .action(async (_: unknown, command: Command) => {
        const options = optionsOf<CheckOptions>(command);
        const { rules, name, tag, within } = options;
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, options.space);
        const asked = { spaceId, rule: rules && [...rules], name, tag: tag && [...tag], within };
        const items = (limit: number) => client.addressAnalysis.findings.all({ ...asked, limit });
        await printList({ ...cli, options, columns: FINDINGS, noun: "findings", items });
      }),
    "prefixes check --space production --tag env --name 'prod-*'",
  );
  withExamples(
    withSpace(prefixes.command("gaps").description("what of a prefix is free, and how scattered that is"))
      .argument("<prefix>", PREFIX)
      .action(async (text: string, _: unknown, command: Command) => {
        const options = optionsOf<{ space: string }>(command);
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, options.space);
        const { id: ipId } = await findPrefix(client, spaceId, text);
        const space = await client.addressAnalysis.freeSpace({ spaceId, ipId });
        if (formatOf(options) !== "table") return printOne(cli.stdout, options, space);
        const { free, largest, fragmentation, gaps } = space;
        const sum = `${free} free, the largest block ${largest ?? "none"}, ${fragmentation} % fragmented\n`;
        await cli.stdout.write(`${gaps.length === 0 ? "" : renderTable(GAPS, gaps, cli.stdout)}${sum}`);
      }),
    "prefixes gaps 10.0.0.0/8 --space production",
  );
}
