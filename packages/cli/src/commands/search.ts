import type { Command } from "commander";
import { withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { printList } from "../output/list.ts";
import { RESOURCE_COLUMNS } from "./resources.ts";

/** Adds `search` to the program. */
export function addSearch(program: Command, cli: Cli): void {
  withExamples(
    withPaging(program.command("search").description("find resources by free text and qualifiers"))
      .argument(
        "<query...>",
        "words, and kind: provider: account: region: network: status: name: tag: ip: cidr: owner:",
      )
      .action(async (words: string[], _: unknown, command: Command) => {
        const options = optionsOf(command);
        const client = openClient(cli, options);
        const q = words.join(" ");
        const items = (limit: number) => client.resources.search.all({ q, limit });
        await printList({ ...cli, options, columns: RESOURCE_COLUMNS, noun: "resources", items });
      }),
    "search kind:instance tag:env=prod name:web*",
    "search ip:10.1.2.5",
    "search cidr:10.0.0.0/8 account:123456789012 --all --json",
  );
}
