import type { FoundSubject } from "@cadastre/contract/subject";
import type { Command } from "commander";
import { withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { printList } from "../output/list.ts";
import { statusOf } from "../output/resource-status.ts";
import type { Column } from "../output/table.ts";

const isResource = (one: FoundSubject): one is Extract<FoundSubject, { type: "resource" }> => one.type === "resource";

const COLUMNS: readonly Column<FoundSubject>[] = [
  { title: "KIND", value: (one) => (isResource(one) ? one.kind : one.type) },
  { title: "ACCOUNT", value: (one) => one.account },
  { title: "REGION", value: (one) => (isResource(one) ? one.region : "") },
  { title: "NAME", value: (one) => one.name, shape: "id" },
  {
    title: "STATUS",
    value: (one) => (isResource(one) ? statusOf(one) : ""),
    optional: true,
    style: () => "dim",
  },
  { title: "ID", value: (one) => (isResource(one) ? one.id : `${one.provider}/${one.account}`), shape: "id" },
];

/** Adds `search` to the program. */
export function addSearch(program: Command, cli: Cli): void {
  withExamples(
    withPaging(program.command("search").description("find resources and accounts by free text and qualifiers"))
      .argument(
        "<query...>",
        "words, and type: kind: provider: account: region: network: status: name: tag: ip: cidr: owner: confirmed:",
      )
      .action(async (words: string[], _: unknown, command: Command) => {
        const options = optionsOf(command);
        const client = openClient(cli, options);
        const q = words.join(" ");
        const items = (limit: number) => client.resources.search.all({ q, limit });
        await printList({ ...cli, options, columns: COLUMNS, noun: "resources or accounts", items });
      }),
    "search kind:instance tag:env=prod name:web*",
    "search ip:10.1.2.5",
    "search cidr:10.0.0.0/8 account:123456789012 --all --json",
  );
}
