import type { Trigger } from "@cadastre/contract/discovery";
import type { Command } from "commander";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { type Column, renderTable } from "../output/table.ts";
import { toJson, toTime } from "../output/text.ts";

const COLUMNS: readonly Column<Trigger>[] = [
  { title: "TRIGGER", value: (one) => one.id },
  { title: "COLLECTOR", value: (one) => one.collector },
  { title: "REQUESTED", value: (one) => toTime(one.requestedAt) },
  { title: "BY", value: (one) => one.requestedBy, shape: "id" },
];

/** Adds `runs` and its short form `trigger` to the program. */
export function addRuns(program: Command, cli: Cli): void {
  const runs = program.command("runs").description("ask collectors to run");
  for (const [parent, about] of [
    [runs, "ask a collector, or all that are approved, to run now"],
    [program, "short for `runs trigger`"],
  ] as const) {
    parent
      .command("trigger")
      .description(about)
      .argument("[collector]", "id or name; all approved ones without it")
      .action(async (collector: string | undefined, _: unknown, command: Command) => {
        const options = optionsOf(command);
        const { items: triggers } = await openClient(cli, options).runs.trigger({ collector });
        if (options.json) await cli.stdout.write(`${toJson(triggers)}\n`);
        else if (triggers.length > 0) await cli.stdout.write(renderTable(COLUMNS, triggers, cli.stdout));
        else await cli.stderr.write("no collector is approved; nothing was asked for\n");
      });
  }
}
