import { DISCOVERED_STATES, type Discovered, type DiscoveredState } from "@cadastre/contract/addresses/discovered";
import type { Command } from "commander";
import { choice, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { findSpaceId } from "../find-named.ts";
import { withSpace } from "../find-prefix.ts";
import { printList } from "../output/list.ts";
import type { Column } from "../output/table.ts";

const styleOf = ({ state }: Discovered) => (state === "conflict" ? "red" : state === "importable" ? "green" : "dim");

const COLUMNS: readonly Column<Discovered>[] = [
  { title: "PREFIX", value: (one) => one.prefix, shape: "id" },
  { title: "KIND", value: (one) => one.kind },
  { title: "STATE", value: (one) => one.state, style: styleOf },
  { title: "NAME", value: (one) => one.name, optional: true },
  { title: "ACCOUNT", value: (one) => `${one.provider}/${one.account}`, shape: "id" },
  { title: "DEFAULT", value: (one) => (one.isDefault ? "yes" : undefined), optional: true },
  { title: "REASON", value: (one) => one.reason, shape: "text" },
  { title: "ID", value: (one) => one.externalId, shape: "text" },
];

interface InSpace {
  readonly space: string;
}

/** Adds `discovered` to the program. */
export function addDiscovered(program: Command, cli: Cli): void {
  const discovered = program.command("discovered").description("what the clouds have in an address space");
  withSpace(withPaging(discovered.command("list").description("networks and subnets, in the order of addresses")))
    .addOption(choice("--state <state>", "only those", DISCOVERED_STATES))
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<InSpace & { state?: DiscoveredState }>(command);
      const client = openClient(cli, options);
      const asked = { spaceId: await findSpaceId(client, options.space), state: options.state };
      const items = (limit: number) => client.discovered.list.all({ ...asked, limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "networks and subnets", items });
    });
  withExamples(
    withSpace(
      discovered.command("import").description("take networks and subnets over into what is planned: all, or nothing"),
    )
      .argument("<id...>", "natural ids, or vpc-… and the like")
      .option("--dry-run", "show what would be done, and do nothing")
      .action(async (externalIds: string[], _: unknown, command: Command) => {
        const options = optionsOf<InSpace & { dryRun?: boolean }>(command);
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, options.space);
        const { items } = await client.discovered.import({ spaceId, externalIds, dryRun: options.dryRun });
        const all = async function* () {
          yield* items;
        };
        await printList({ ...cli, options: { ...options, all: true }, columns: COLUMNS, noun: "networks", items: all });
      }),
    "discovered import --space production vpc-0abc subnet-0def --dry-run",
  );
}
