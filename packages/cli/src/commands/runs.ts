import type { Trigger } from "@cadastre/contract/discovery";
import type { Command } from "commander";
import { withColumns } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { printAll } from "../output/list.ts";
import type { Column } from "../output/table.ts";
import { toTime } from "../output/text.ts";

const COLUMNS: readonly Column<Trigger>[] = [
  { title: "TRIGGER", value: (one) => one.id },
  { title: "COLLECTOR", value: (one) => one.collector },
  { title: "REQUESTED", value: (one) => toTime(one.requestedAt), raw: (one) => one.requestedAt },
  { title: "BY", value: (one) => one.requestedBy, shape: "id" },
];

/** Whom it asked, when there is none. */
const NOTHING = "collector is approved; nothing was asked for";

/** Adds `runs` and its short form `trigger` to the program. */
export function addRuns(program: Command, cli: Cli): void {
  const runs = program.command("runs").description("ask collectors to run");
  for (const [parent, about] of [
    [runs, "ask a collector, or all that are approved, to run now"],
    [program, "short for `runs trigger`"],
  ] as const) {
    withColumns(parent.command("trigger").description(about))
      .argument("[collector]", "id or name; all approved ones without it")
      .action(async (collector: string | undefined, _: unknown, command: Command) => {
        const options = optionsOf(command);
        const { items: triggers } = await openClient(cli, options).runs.trigger({ collector });
        await printAll({ ...cli, options, columns: COLUMNS, noun: NOTHING, items: triggers });
      });
  }
}
