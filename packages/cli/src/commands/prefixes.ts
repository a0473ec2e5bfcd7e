import { STRATEGIES } from "@cadastre/contract/addresses/allocation";
import { IP_STATUSES, type Ip } from "@cadastre/contract/addresses/ip";
import { SORTS } from "@cadastre/contract/endpoints/ips";
import { type Command, InvalidArgumentError, Option } from "commander";
import { choice, wholeNumber, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { confirm } from "../confirm.ts";
import { UsageError } from "../exit-codes.ts";
import { findSpaceId } from "../find-named.ts";
import { findPrefix, PREFIX, withSpace } from "../find-prefix.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toTime } from "../output/text.ts";
import { followJob } from "./jobs.ts";
import { addExport } from "./prefixes-export.ts";
import { addImport } from "./prefixes-import.ts";
import { addPrefixesMap } from "./prefixes-map.ts";

const tagsOf = ({ resolvedTags }: Ip): string =>
  Object.entries(resolvedTags)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");

const COLUMNS: readonly Column<Ip>[] = [
  { title: "PREFIX", value: (one) => one.prefix, shape: "id" },
  { title: "STATUS", value: (one) => one.status },
  { title: "NAME", value: (one) => one.name, optional: true },
  { title: "USED", value: (one) => one.utilization && `${one.utilization.percentage} %`, optional: true },
  { title: "FREE", value: (one) => one.utilization && String(one.utilization.free), optional: true },
  { title: "OWNER", value: (one) => one.owner, shape: "id", optional: true },
  { title: "TAGS", value: tagsOf, optional: true },
  { title: "SYNC", value: (one) => one.syncStatus, optional: true },
  { title: "ID", value: (one) => one.id, spare: true },
  { title: "CHANGED", spare: true, value: (one) => toTime(one.modifiedOn), raw: (one) => one.modifiedOn },
  { title: "DESCRIPTION", value: (one) => one.description, shape: "text", optional: true },
];

interface InSpace {
  readonly space: string;
}

interface Said {
  readonly name?: string;
  readonly description?: string;
  readonly status?: Ip["status"];
  readonly pool?: boolean;
  readonly owner?: string;
  readonly account?: string;
  readonly project?: string;
  readonly region?: string;
  readonly tag?: Readonly<Record<string, string>>;
  readonly reserveUntil?: string;
}

/** `name=value`, which may be given again and again. */
function oneTag(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("it is a tag such as env=prod.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

const withSaid = (command: Command): Command =>
  command
    .option("--name <name>")
    .option("--description <text>")
    .addOption(choice("--status <status>", "what it is", IP_STATUSES))
    .option("--pool", "every address can be used, the first and the last, too")
    .option("--owner <owner>")
    .option("--account <account>", "that it is meant for, such as aws/123456789012")
    .option("--project <project>")
    .option("--region <region>")
    .addOption(new Option("--tag <name=value>", "may be given again").argParser(oneTag))
    .option("--reserve-until <time>", "reserved until then, such as 2026-12-31T08:00:00Z");

function saidBy({ tag, name, description, status, pool, owner, account, project, region, reserveUntil }: Said) {
  const said = { name, description, status, pool, owner, account, project, region, reserveUntil, tags: tag };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

interface Filters extends InSpace {
  readonly within?: string;
  readonly contains?: string;
  readonly in?: string;
  readonly tags?: string;
  readonly status?: Ip["status"];
  readonly family?: "4" | "6";
  readonly query?: string;
  readonly by?: (typeof SORTS)[number];
  readonly utilization?: boolean;
}

function addList(prefixes: Command, cli: Cli): void {
  withExamples(
    withSpace(withPaging(prefixes.command("list").description("planned prefixes, in the order of addresses")))
      .option("--within <prefix>", "only what is inside this")
      .option("--contains <prefix>", "only what contains this, or an address; nearest first")
      .option("--in <prefix>", "only what is directly in this")
      .option("--tags <list>", "only with these tags, also inherited ones: env=prod,tier=gold")
      .addOption(choice("--status <status>", "only these", IP_STATUSES))
      .addOption(choice("--family <family>", "only of IPv4 or IPv6", ["4", "6"]))
      .option("--query <text>", "only with this in prefix, name, description or owner")
      .addOption(choice("--by <member>", "in this order instead of that of addresses", SORTS))
      .option("--utilization", "with how much is used and free")
      .action(async (_: unknown, command: Command) => {
        const options = optionsOf<Filters>(command);
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, options.space);
        const { within, contains, tags, status, family, query: q, by: sort, utilization } = options;
        const parentId = options.in === undefined ? undefined : (await findPrefix(client, spaceId, options.in)).id;
        const expand = utilization ? ("utilization" as const) : undefined;
        const asked = { spaceId, within, contains, parentId, tags, status, family, q, sort, expand };
        const items = (limit: number) => client.ips.list.all({ ...asked, limit });
        await printList({ ...cli, options, columns: COLUMNS, noun: "prefixes", items });
      }),
    "prefixes list --space production --within 10.0.0.0/8 --utilization",
    "prefixes list --space production --contains 10.4.7.9",
  );
  withSpace(prefixes.command("show").description("one prefix, how much of it is used, and what is in it and free"))
    .argument("<prefix>", PREFIX)
    .action(async (text: string, _: unknown, command: Command) => {
      const options = optionsOf<InSpace>(command);
      const client = openClient(cli, options);
      const spaceId = await findSpaceId(client, options.space);
      const { id: ipId } = await findPrefix(client, spaceId, text);
      const expand = "children,utilization,free";
      await printOne(cli.stdout, options, await client.ips.get({ spaceId, ipId, expand }));
    });
}

function addChanges(prefixes: Command, cli: Cli): void {
  withExamples(
    withSpace(withSaid(prefixes.command("add").description("plan a prefix, or an address")))
      .argument("<prefix>", "such as 10.1.0.0/16 or 2001:db8::/48")
      .action(async (prefix: string, _: unknown, command: Command) => {
        const options = optionsOf<Said & InSpace>(command);
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, options.space);
        await printOne(cli.stdout, options, await client.ips.create({ spaceId, prefix, ...saidBy(options) }));
      }),
    "prefixes add 10.0.0.0/8 --space production --status container --name all",
  );
  withExamples(
    withSpace(withSaid(prefixes.command("set").description("change what is said of a prefix; all else stays")))
      .argument("<prefix>", PREFIX)
      .option("--move-to <prefix>", "it is another prefix from now on")
      .action(async (text: string, _: unknown, command: Command) => {
        const options = optionsOf<Said & InSpace & { moveTo?: string }>(command);
        const said = { ...saidBy(options), ...(options.moveTo === undefined ? {} : { prefix: options.moveTo }) };
        if (Object.keys(said).length === 0)
          throw new UsageError("nothing to change", "`cadastre prefixes set --help` has what can be said of one");
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, options.space);
        const stood = await findPrefix(client, spaceId, text);
        const { id: ipId, version, prefix, name, description, status, pool, tags, vlan, account, project } = stood;
        const { owner, region, externalId, externalNetwork, attributes, reserveUntil } = stood;
        const kept = { prefix, name, description, status, pool, tags, vlan, account, project, owner, region };
        const all = { ...kept, externalId, externalNetwork, attributes, reserveUntil, ...said };
        await printOne(cli.stdout, options, await client.ips.replace({ spaceId, ipId, version, ...all }));
      }),
    "prefixes set 10.1.0.0/16 --space production --owner payments --tag env=prod",
  );
  withExamples(
    withSpace(prefixes.command("remove").description("remove a prefix; what is inside it stays, unless told otherwise"))
      .argument("<prefix>", PREFIX)
      .option("--subtree", "all that is inside it, too")
      .option("--dry-run", "only say how many would go")
      .option("--yes", "do not ask")
      .action(async (text: string, _: unknown, command: Command) => {
        const options = optionsOf<InSpace & { subtree?: true; dryRun?: true; yes?: true }>(command);
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, options.space);
        const { id: ipId, version, prefix } = await findPrefix(client, spaceId, text);
        const { subtree } = options;
        const { removed } = await client.ips.delete({ spaceId, ipId, version, subtree, dryRun: true });
        if (options.dryRun) return cli.stdout.write(`${removed} would be removed\n`);
        if (removed > 1 && !options.yes && !(await confirm(cli, `Remove ${prefix} and ${removed - 1} inside it?`)))
          return;
        const { job } = await client.ips.delete({ spaceId, ipId, version, subtree });
        if (job !== undefined && (await followJob(cli, client, job)).state !== "done") return;
        await cli.stderr.write(`removed ${neutralise(prefix)}\n`);
      }),
    "prefixes remove 10.1.0.0/16 --space production --subtree",
  );
}

function addFree(prefixes: Command, cli: Cli): void {
  withSpace(prefixes.command("free").description("the blocks that would be allocated next; nothing is kept"))
    .argument("<prefix>", PREFIX)
    .addOption(
      new Option("--length <n>", "blocks of this length; without it single addresses").argParser(wholeNumber(0, 128)),
    )
    .addOption(new Option("--limit <n>", "at most so many").argParser(wholeNumber(1, 200)))
    .action(async (text: string, _: unknown, command: Command) => {
      const options = optionsOf<InSpace & { length?: number; limit?: number }>(command);
      const client = openClient(cli, options);
      const spaceId = await findSpaceId(client, options.space);
      const { id: ipId } = await findPrefix(client, spaceId, text);
      const { length, limit = 10 } = options;
      const { items } =
        length === undefined
          ? await client.ips.freeAddresses({ spaceId, ipId, limit })
          : await client.ips.freePrefixes({ spaceId, ipId, prefixLength: length, limit });
      const columns: Column<{ prefix: string }>[] = [{ title: "PREFIX", value: (one) => one.prefix, shape: "id" }];
      const all = async function* () {
        yield* items;
      };
      await printList({ ...cli, options: { ...options, all: true }, columns, noun: "free blocks", items: all });
    });
}

/** Adds `prefixes` to the program. */
export function addPrefixes(program: Command, cli: Cli): void {
  const prefixes = program.command("prefixes").description("planned prefixes and addresses of an address space");
  addList(prefixes, cli);
  addChanges(prefixes, cli);
  addFree(prefixes, cli);
  addPrefixesMap(prefixes, cli);
  addImport(prefixes, cli);
  addExport(prefixes, cli);
}

interface Wish extends Said, InSpace {
  readonly length?: number;
  readonly count?: number;
  readonly strategy?: (typeof STRATEGIES)[number];
}

/** Adds `allocate` to the program. */
export function addAllocate(program: Command, cli: Cli): void {
  withExamples(
    withSpace(
      withSaid(program.command("allocate").description("allocate prefixes, or addresses, in a prefix: all or none")),
    )
      .argument("<prefix>", PREFIX)
      .addOption(
        new Option("--length <n>", "prefixes of this length; without it addresses").argParser(wholeNumber(0, 128)),
      )
      .addOption(new Option("--count <n>", "so many").argParser(wholeNumber(1, 512)))
      .addOption(choice("--strategy <strategy>", "which of the free blocks", STRATEGIES))
      .action(async (text: string, _: unknown, command: Command) => {
        const options = optionsOf<Wish>(command);
        const { length, count = 1, strategy } = options;
        if (length === undefined && strategy !== undefined)
          throw new UsageError("addresses are given from the first on", "--strategy goes with --length");
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, options.space);
        const { id: ipId } = await findPrefix(client, spaceId, text);
        const said = { spaceId, ipId, count, ...saidBy(options) };
        const { items } =
          length === undefined
            ? await client.ips.allocateAddresses(said)
            : await client.ips.allocatePrefixes({ ...said, prefixLength: length, strategy });
        const all = async function* () {
          yield* items;
        };
        await printList({ ...cli, options: { ...options, all: true }, columns: COLUMNS, noun: "prefixes", items: all });
      }),
    "allocate 10.0.0.0/8 --space production --length 24 --name shop --tag env=prod",
    "allocate 10.1.2.0/24 --space production --count 2",
  );
}
