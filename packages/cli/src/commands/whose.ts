import type { AddressUse, Holder, PlannedUse, Whose } from "@cadastre/contract/whose";
import type { Command } from "commander";
import { withExamples } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { tellCoverage, withRequireComplete } from "../output/coverage.ts";
import type { Screen } from "../output/screen.ts";
import { type Column, renderTable } from "../output/table.ts";
import { neutralise, neutraliseLines, toJson, toTime } from "../output/text.ts";

const COLUMNS: readonly Column<Holder>[] = [
  { title: "PREFIX", value: (one) => one.prefix },
  { title: "KIND", value: (one) => one.kind },
  { title: "NAME", value: (one) => one.name, shape: "id" },
  { title: "OWNER", value: (one) => one.said?.owner || "–" },
  { title: "ACCOUNT", value: (one) => one.account },
  { title: "REGION", value: (one) => one.region },
  {
    title: "SEEN BY",
    value: (one) => [...new Set(one.observedBy.map(({ source }) => source))].join(", "),
    shape: "clip",
  },
  { title: "SINCE", value: (one) => toTime(one.since) },
  { title: "LAST SEEN", value: (one) => toTime(one.lastSeenAt), optional: true },
  { title: "ID", value: (one) => one.id, shape: "id" },
];

const PLANNED_COLUMNS: readonly Column<PlannedUse["chain"][number]>[] = [
  { title: "PREFIX", value: (one) => one.prefix },
  { title: "STATUS", value: (one) => one.status },
  { title: "NAME", value: (one) => one.name, shape: "id" },
  { title: "OWNER", value: (one) => one.owner || "–" },
  { title: "ACCOUNT", value: (one) => one.account, optional: true },
  { title: "REGION", value: (one) => one.region, optional: true },
  { title: "UNTIL", value: (one) => toTime(one.reserveUntil), optional: true },
  { title: "ID", value: (one) => one.id },
];

function renderPlanned(address: string, { spaceName, owner, chain }: PlannedUse, screen: Screen): string {
  const whose = owner ? `${neutralise(owner.name)} (said of ${owner.from})` : "nobody said whose it is to be";
  const heading = `${screen.style("bold", address)} is planned in ${neutralise(spaceName)}: ${whose}`;
  return `${heading}\n${renderTable(PLANNED_COLUMNS, chain, screen)}`;
}

function notesOf({ chain }: AddressUse): string {
  return chain
    .flatMap(({ kind, name, id, said }) => {
      if (said === undefined) return [];
      const what = `${kind} ${neutralise(name || id)}`;
      const notes = said.notes === "" ? "" : `: ${neutraliseLines(said.notes)}`;
      return [
        `${what}${said.owner === "" ? "" : ` belongs to ${neutralise(said.owner)}`}${notes}, said by ${neutralise(said.by)} at ${toTime(said.at)}\n`,
      ];
    })
    .join("");
}

function renderUse(address: string, use: AddressUse, screen: Screen): string {
  const { owner } = use;
  const whose = owner
    ? `${neutralise(owner.name)} (said of ${neutralise(owner.from)})`
    : "nobody said whose it is; cadastre resources annotate ID --owner NAME does";
  const reporters = [...new Set(use.chain.flatMap(({ reportedBy = [] }) => reportedBy))].map(neutralise);
  const by = reporters.length === 0 ? "nobody reports it any more" : `reported by ${reporters.join(", ")}`;
  const doubt = use.chain.every(({ confirmed }) => confirmed) ? "" : `not confirmed by its account, ${by}\n`;
  return `${screen.style("bold", address)} ${whose}\n${doubt}${renderTable(COLUMNS, use.chain, screen)}${notesOf(use)}`;
}

/** What is planned for an address and what the register says of it, one space and one network after the other. */
function render({ address, items, planned }: Whose, screen: Screen): string {
  const parts = [
    ...planned.map((use) => renderPlanned(address, use, screen)),
    ...items.map((use) => renderUse(address, use, screen)),
  ];
  return parts.join("\n");
}

/** Adds `whose` to the program. */
export function addWhose(program: Command, cli: Cli): void {
  withExamples(
    withRequireComplete(
      program
        .command("whose")
        .description(
          "whose an address is: what it is planned for, what it is in, what has it, its owner, who says so and since when",
        ),
    )
      .argument("<address>", "an IPv4 or IPv6 address, with a port or without")
      .option("--account <account>", "only what this account or project has")
      .action(async (address: string, _: unknown, command: Command) => {
        const options = optionsOf<{ account?: string; requireComplete?: boolean }>(command);
        const found = await openClient(cli, options).resources.whose({ address, account: options.account });
        await cli.stdout.write(options.json ? `${toJson(found)}\n` : render(found, cli.stdout));
        if (found.hint !== undefined && !options.json) await cli.stderr.write(`${neutralise(found.hint)}\n`);
        if (found.hasMore)
          await cli.stderr.write(
            `more has ${found.address} than is shown: --account, or cadastre search ${found.address} --all\n`,
          );
        await tellCoverage(cli, options, found.coverage);
      }),
    "whose 10.1.2.5",
    "whose 10.1.2.5:443 --account 123456789012",
  );
}
