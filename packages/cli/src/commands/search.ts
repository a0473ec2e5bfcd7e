import { Readable } from "node:stream";
import {
  type FoundSubject,
  SEARCH_FACETS,
  type SearchCount,
  type SearchFacet,
  SORT_FIELDS,
} from "@cadastre/contract/subject";
import { type Command, InvalidArgumentError, Option } from "commander";
import { listOf, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { type CoveredPage, covered, tellFirst, withRequireComplete } from "../output/coverage.ts";
import { handleOf } from "../output/ids.ts";
import { printList } from "../output/list.ts";
import { statusOf } from "../output/resource-status.ts";
import type { Column } from "../output/table.ts";
import { toJson } from "../output/text.ts";

const isResource = (one: FoundSubject): one is Extract<FoundSubject, { type: "resource" }> => one.type === "resource";

function idOf(one: FoundSubject): string {
  return one.type === "account" ? `${one.provider}/${one.account}` : one.id;
}

/** What has a prefix of its own: a planned one, with its address space. */
const prefixOf = (one: FoundSubject): string => (one.type === "ip" ? one.prefix : "");
const spaceOf = (one: FoundSubject): string => (one.type === "ip" ? one.spaceName : "");
const day = (iso: string | undefined) => iso?.slice(0, 10);

const COLUMNS: readonly Column<FoundSubject>[] = [
  { title: "KIND", value: (one) => (isResource(one) ? one.kind : one.type) },
  { title: "PREFIX", value: prefixOf, optional: true },
  { title: "SPACE", value: spaceOf, optional: true },
  { title: "ACCOUNT", value: (one) => one.account },
  { title: "REGION", value: (one) => (one.type === "account" ? "" : one.region) },
  { title: "NAME", value: (one) => one.name, shape: "id" },
  { title: "OWNER", value: (one) => one.owner || "–" },
  { title: "ENDS", value: (one) => (isResource(one) ? day(one.expiresAt) : ""), optional: true },
  { title: "SERVED BY", value: (one) => (isResource(one) ? one.servedBy?.join(" ") : ""), optional: true, shape: "id" },
  {
    title: "STATUS",
    value: (one) => (isResource(one) ? statusOf(one) : one.type === "ip" ? one.status : ""),
    optional: true,
    style: () => "dim",
  },
  {
    title: "ID",
    value: idOf,
    short: (one) => (isResource(one) ? handleOf(one) : undefined),
    shape: "id",
  },
];

const LANGUAGE = `
The query: all of it must hold; OR between two, AND, NOT or - before one, (groups).
  words             beginnings of words in names, ids, host names, tag values; "exactly this"; * for any characters
  addresses         10.1.2.5  10.1.2.5:443  10.1.2.  10.1.*  10.1.2.5-10.1.2.9  10.0.0.0/8  0a:1b:2c:3d:4e:5f
  tags              env=prod  tag:env=pr*  tag:env
  kind:             network subnet instance interface address endpoint certificate; vpc vm ec2 eni eip cert
  one of several    kind:vpc,subnet
  texts with *      provider: account: project: region: network: subnet: name: owner: image: state: type: id: mac:
  times             expires:<60d  expires:2026-12-01..2026-12-31  changed:>2026-11-20  created:today  seen:>7d
  and               ip: cidr: port: status:active|retired|any  has:owner  confirmed:true|false  type:  sort:-changed
What begins with a minus stands behind --: search -- -kind:subnet. docs/api.md tells all.
`;

interface SearchOptions {
  readonly contains?: string;
  readonly within?: string;
  readonly sort?: (typeof SORT_FIELDS)[number];
  readonly count?: boolean;
  readonly by?: readonly SearchFacet[];
  readonly requireComplete?: boolean;
}

function sortField(text: string): string {
  if (!SORT_FIELDS.some((field) => field === text.replace(/^-/, "")))
    throw new InvalidArgumentError(`it is one of ${SORT_FIELDS.join(", ")}, with a minus for the greatest first.`);
  return text;
}

/** How many there are, summed up over all pages of counts. */
async function count(cli: Cli, q: string, command: Command): Promise<void> {
  const options = optionsOf<SearchOptions>(command);
  const { by = [] } = options;
  const client = openClient(cli, options);
  const rows = new Map<string, SearchCount>();
  const { items, first } = covered<SearchCount, CoveredPage<SearchCount>>(({ cursor }) =>
    client.resources.searchCounts({ q, by: [...by], cursor }),
  );
  for await (const { count: n, ...values } of items(0)) {
    const key = by.map((facet) => values[facet] ?? "").join("\n");
    rows.set(key, { ...values, count: n + (rows.get(key)?.count ?? 0) });
  }
  if (by.length === 0) {
    const total = [...rows.values()].reduce((sum, one) => sum + one.count, 0);
    await cli.stdout.write(options.json ? `${toJson({ count: total })}\n` : `${total}\n`);
    return tellFirst(cli, options, first());
  }
  const columns: Column<SearchCount>[] = [
    ...by.map((facet) => ({ title: facet.toUpperCase(), value: (one: SearchCount) => one[facet] ?? "–" })),
    { title: "COUNT", value: (one) => String(one.count), align: "right" },
  ];
  const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  const all = { ...options, all: true };
  await printList({ ...cli, options: all, columns, noun: "resources or accounts", items: () => Readable.from(sorted) });
  await tellFirst(cli, options, first());
}

/** Adds `search` to the program. */
export function addSearch(program: Command, cli: Cli): void {
  withExamples(
    withRequireComplete(
      withPaging(
        program
          .command("search")
          .description("find resources, accounts and planned prefixes by words, addresses and qualifiers"),
      ),
    )
      .argument("[query...]", "words, addresses, tags and qualifiers; see below")
      .addOption(
        new Option(
          "--contains <prefix>",
          "what has an address, or contains a prefix, the longest prefix first",
        ).conflicts(["within", "sort", "count", "by"]),
      )
      .addOption(
        new Option("--within <prefix>", "what is inside a prefix, in the order of addresses").conflicts([
          "sort",
          "count",
          "by",
        ]),
      )
      .addOption(
        new Option("--sort <field>", `by ${SORT_FIELDS.join(", ")}; --sort=-changed for the greatest first`)
          .argParser(sortField)
          .conflicts(["count", "by"]),
      )
      .option("--count", "say how many there are")
      .addOption(
        new Option("--by <list>", `count apart by ${SEARCH_FACETS.join(", ")}`).argParser(listOf(SEARCH_FACETS)),
      )
      .addHelpText("after", LANGUAGE.trimEnd())
      .action(async (words: string[], _: unknown, command: Command) => {
        const options = optionsOf<SearchOptions>(command);
        const { contains, within } = options;
        const q = words.length === 0 ? undefined : words.join(" ");
        const isByPrefix = contains !== undefined || within !== undefined;
        if (isByPrefix === (q !== undefined))
          throw new UsageError("give a query, or one of --contains and --within", "`cadastre search --help` has both");
        const asked = isByPrefix ? { cidr_contains: contains, cidr_within: within } : { q };
        if (q !== undefined && (options.count || options.by)) return count(cli, q, command);
        const client = openClient(cli, options);
        const { sort } = options;
        const { items, first } = covered<FoundSubject, CoveredPage<FoundSubject>>((page) =>
          client.resources.search({ ...asked, sort, ...page }),
        );
        await printList({ ...cli, options, columns: COLUMNS, noun: "resources, accounts or prefixes", items });
        await tellFirst(cli, options, first());
      }),
    "search kind:instance tag:env=prod name:web*",
    "search 10.1.2.5",
    "search --contains 10.1.2.5",
    "search 'kind:cert expires:<60d' --sort expires",
    "search cidr:10.0.0.0/8 account:123456789012 --all --json",
    "search 'kind:vm -has:owner' --by account,region",
  );
}
