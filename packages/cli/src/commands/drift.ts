import {
  DRIFT_KINDS,
  DRIFT_STATES,
  type Drift,
  type DriftKind,
  type DriftState,
} from "@cadastre/contract/addresses/drift";
import type { Command } from "commander";
import { choice, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { findSpaceId } from "../find-named.ts";
import { withSpace } from "../find-prefix.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { toTime } from "../output/text.ts";

const COLUMNS: readonly Column<Drift>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "KIND", value: (one) => one.kind },
  { title: "STATE", value: (one) => one.state, style: (one) => (one.state === "open" ? "yellow" : "dim") },
  { title: "PREFIX", value: (one) => one.prefix, shape: "id" },
  { title: "SINCE", value: (one) => toTime(one.since), raw: (one) => one.since },
  { title: "UNTIL", value: (one) => one.until && toTime(one.until), raw: (one) => one.until, optional: true },
  { title: "SUBJECT", value: (one) => one.subject, shape: "text" },
  { title: "REASON", value: (one) => one.reason || undefined, shape: "text", optional: true },
];

interface InSpace {
  readonly space: string;
}

/** Adds `drift` to the program. */
export function addDrift(program: Command, cli: Cli): void {
  const drift = program.command("drift").description("where what is planned and what the clouds have are not the same");
  withSpace(withPaging(drift.command("list").description("drift of an address space")))
    .addOption(choice("--state <state>", "only those", DRIFT_STATES))
    .addOption(choice("--kind <kind>", "only those", DRIFT_KINDS))
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<InSpace & { state?: DriftState; kind?: DriftKind }>(command);
      const client = openClient(cli, options);
      const { state, kind } = options;
      const asked = { spaceId: await findSpaceId(client, options.space), state, kind };
      const items = (limit: number) => client.drift.list.all({ ...asked, limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "drift", items });
    });
  const decide = (verb: "acknowledge" | "ignore" | "resolve", description: string) =>
    withSpace(drift.command(verb).description(description))
      .argument("<id>", "drf_…")
      .option("--reason <text>", "kept with the decision");
  decide("acknowledge", "it is known and dealt with").action(async (driftId: string, _: unknown, command: Command) => {
    const options = optionsOf<InSpace & { reason?: string }>(command);
    const client = openClient(cli, options);
    const where = { spaceId: await findSpaceId(client, options.space), driftId };
    await printOne(cli.stdout, options, await client.drift.acknowledge({ ...where, reason: options.reason }));
  });
  withExamples(
    decide("ignore", "ignore it while its evidence is the same, or until a time")
      .option("--until <time>", "open again from then on, such as 2026-12-31T08:00:00Z")
      .action(async (driftId: string, _: unknown, command: Command) => {
        const options = optionsOf<InSpace & { reason?: string; until?: string }>(command);
        const client = openClient(cli, options);
        const where = { spaceId: await findSpaceId(client, options.space), driftId };
        const { reason, until } = options;
        await printOne(cli.stdout, options, await client.drift.ignore({ ...where, reason, until }));
      }),
    "drift ignore drf_01J… --space production --reason 'a sandbox' --until 2026-12-31T08:00:00Z",
  );
  decide("resolve", "take it for resolved; found once more it is opened again").action(
    async (driftId: string, _: unknown, command: Command) => {
      const options = optionsOf<InSpace & { reason?: string }>(command);
      const client = openClient(cli, options);
      const where = { spaceId: await findSpaceId(client, options.space), driftId };
      await printOne(cli.stdout, options, await client.drift.resolve({ ...where, reason: options.reason }));
    },
  );
}
