import type { KindName } from "@cadastre/contract/kinds/names";
import type { Provider } from "@cadastre/contract/scope";
import {
  COUNTED,
  type RelatedResource,
  type Resource,
  type ResourceCount,
  type ResourceEvent,
} from "@cadastre/contract/view";
import { type Command, Option } from "commander";
import {
  choice,
  kindOption,
  listOf,
  providerOption,
  several,
  withColumns,
  withExamples,
  withPaging,
} from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { findResourceId } from "../find-resource.ts";
import { type CoveredPage, covered, tellCoverage, tellFirst, withRequireComplete } from "../output/coverage.ts";
import { handleOf, handleOfId, ID_COLUMN } from "../output/ids.ts";
import { printAll, printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import { statusOf } from "../output/resource-status.ts";
import type { Column } from "../output/table.ts";
import { toTime } from "../output/text.ts";
import { addAnnotate } from "./annotate.ts";

/** A list of resources; `wide` shows what else is often asked. */
export const RESOURCE_COLUMNS: readonly Column<Resource>[] = [
  { title: "KIND", value: (one) => one.kind },
  { title: "PROVIDER", value: (one) => one.provider, wide: true },
  { title: "ACCOUNT", value: (one) => one.account, spare: true },
  { title: "REGION", value: (one) => one.region, spare: true },
  { title: "NAME", value: (one) => one.name, shape: "id" },
  {
    title: "STATUS",
    value: statusOf,
    raw: (one) => one.status,
    optional: true,
    style: () => "dim",
  },
  { title: "OWNER", value: (one) => one.owner, wide: true },
  { title: "CHANGED", value: (one) => toTime(one.changedAt), raw: (one) => one.changedAt, wide: true },
  { title: "SHORT-ID", value: (one) => one.key, wide: true },
  ID_COLUMN,
];

const valueText = (value: unknown) => (value === undefined ? "–" : JSON.stringify(value));

const EVENT_COLUMNS: readonly Column<ResourceEvent>[] = [
  { title: "AT", value: (one) => toTime(one.at), raw: (one) => one.at },
  { title: "WHAT", value: (one) => one.type },
  { title: "BY", value: (one) => one.actor, shape: "id" },
  {
    title: "CHANGES",
    value: ({ type, changes }) =>
      type === "created"
        ? ""
        : changes.map(({ path, before, after }) => `${path}: ${valueText(before)} → ${valueText(after)}`).join("; "),
    shape: "text",
  },
];

type CountedBy = (typeof COUNTED)[number];

interface Filters {
  readonly kind?: KindName;
  readonly provider?: Provider;
  readonly account?: string;
  readonly region?: string;
  readonly network?: string;
  readonly status?: "active" | "retired" | "any";
  readonly name?: string;
  readonly tag?: readonly string[];
  readonly ip?: string;
  readonly cidr?: string;
  readonly owner?: string;
  readonly expiresBefore?: string;
  readonly confirmed?: "true" | "false";
  readonly requireComplete?: boolean;
}

async function list(cli: Cli, command: Command): Promise<void> {
  const options = optionsOf<Filters>(command);
  const client = openClient(cli, options);
  const { kind, provider, account, region, network, status, name, ip, cidr, owner, expiresBefore } = options;
  const tag = options.tag && [...options.tag];
  const confirmed = options.confirmed === undefined ? undefined : options.confirmed === "true";
  const filter = { kind, provider, account, region, network, status, name, tag, ip, cidr, owner, expiresBefore };
  const { items, first } = covered<Resource, CoveredPage<Resource>>((page) =>
    client.resources.list({ ...filter, confirmed, ...page }),
  );
  await printList({ ...cli, options, columns: RESOURCE_COLUMNS, noun: "resources", items });
  await tellFirst(cli, options, first());
}

const RELATED_COLUMNS: readonly Column<RelatedResource>[] = [
  { title: "RELATION", value: ({ direction, relation }) => (direction === "to" ? `${relation} →` : `← ${relation}`) },
  { title: "KIND", value: ({ resource }) => resource?.kind ?? "" },
  { title: "NAME", value: ({ resource }) => resource?.name ?? "", shape: "id" },
  { title: "STATUS", value: ({ resource }) => (resource ? resource.status : "unknown") },
  {
    title: "ID",
    value: (one) => one.id,
    short: ({ id, resource }) => (resource ? handleOf(resource) : handleOfId(id)),
    shape: "id",
  },
];

const countColumns = (by: readonly CountedBy[], withShared: boolean): readonly Column<ResourceCount>[] => [
  ...by.map((field) => ({ title: field.toUpperCase(), value: (one: ResourceCount) => one[field] ?? "" })),
  { title: "COUNT", value: (one) => one.count, align: "right" },
  ...(withShared ? [{ title: "SHARED", value: (one: ResourceCount) => one.shared ?? 0, align: "right" } as const] : []),
];

async function count(cli: Cli, command: Command): Promise<void> {
  const options = optionsOf<
    Pick<Filters, "kind" | "provider" | "account" | "region" | "status" | "requireComplete"> & { by?: CountedBy[] }
  >(command);
  const { by = [], kind, provider, account, region, status } = options;
  const { resources } = openClient(cli, options);
  const { items, coverage } = await resources.counts({ by, kind, provider, account, region, status });
  const columns = countColumns(by, by.includes("account") || account !== undefined);
  await printAll({ ...cli, options, columns, noun: "resources", items });
  await tellCoverage(cli, options, coverage);
}

const ID = "natural id, res_…, cloud id such as i-0abc… or vpc-0abc…, or a name that only one has";

/** Adds `resources` to the program. */
export function addResources(program: Command, cli: Cli): void {
  const resources = program.command("resources").description("what is in the register");
  withExamples(
    withRequireComplete(withPaging(resources.command("list").description("resources that match all of the filters")))
      .addOption(kindOption("only this kind"))
      .addOption(providerOption("only this provider's"))
      .option("--account <account>", "only this account's or project's")
      .option("--region <region>", "only in this region")
      .option("--network <id>", "only in this network (natural id)")
      .addOption(choice("--status <status>", "(default: active)", ["active", "retired", "any"]))
      .option("--name <name>", "the whole name; * stands for any characters")
      .option("--tag <tag>", "KEY=VALUE, or KEY for any value; several must all hold", several)
      .option("--ip <address>", "what has this address, or a prefix that contains it")
      .option("--cidr <prefix>", "what has a prefix inside this one")
      .option("--owner <owner>", "only this owner's")
      .addOption(
        choice("--confirmed <yes>", "only what its owner's account says (true), or does not (false)", [
          "true",
          "false",
        ]),
      )
      .option("--expires-before <day>", "certificates that end before, such as 2026-12-31")
      .action((_: unknown, command: Command) => list(cli, command)),
    "resources list --kind subnet --account 123456789012",
    "resources list --ip 10.1.2.5",
    "resources list --tag env=prod --tag team --columns name,tags.team,id --sort name",
    "resources list --kind certificate --expires-before 2026-12-31 --all --json",
  );
  resources
    .command("show")
    .description("one resource, with what operators say of it")
    .argument("<id>", ID)
    .action(async (id: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      await printOne(cli.stdout, options, await client.resources.get({ id: await findResourceId(client, id) }));
    });
  withPaging(resources.command("history").description("what happened to a resource, newest first"))
    .argument("<id>", ID)
    .action(async (text: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const id = await findResourceId(client, text);
      const items = (limit: number) => client.resources.history.all({ id, limit });
      await printList({ ...cli, options, columns: EVENT_COLUMNS, noun: "events", items });
    });
  withRequireComplete(withPaging(resources.command("related").description("what a resource names, and what names it")))
    .argument("<id>", ID)
    .action(async (text: string, _: unknown, command: Command) => {
      const options = optionsOf<Pick<Filters, "requireComplete">>(command);
      const client = openClient(cli, options);
      const id = await findResourceId(client, text);
      const { items, first } = covered<RelatedResource, CoveredPage<RelatedResource>>((page) =>
        client.resources.related({ id, ...page }),
      );
      await printList({ ...cli, options, columns: RELATED_COLUMNS, noun: "related resources", items });
      await tellCoverage(cli, options, first()?.coverage);
    });
  withExamples(
    withRequireComplete(
      withColumns(resources.command("count").description("how many there are; exact, and quick however many")),
    )
      .addOption(new Option("--by <list>", `apart by ${COUNTED.join(", ")}`).argParser(listOf(COUNTED)))
      .addOption(kindOption("only this kind"))
      .addOption(providerOption("only this provider's"))
      .option("--account <account>", "only this account's or project's")
      .option("--region <region>", "only in this region")
      .addOption(choice("--status <status>", "(default: active)", ["active", "retired", "any"]))
      .action((_: unknown, command: Command) => count(cli, command)),
    "resources count --by kind,region",
    "resources count --by region --account 123456789012",
  );
  addAnnotate(resources, cli);
}
