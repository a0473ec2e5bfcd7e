import { VERSION } from "@cadastre/contract/version";
import type { Command } from "commander";
import { type Cli, optionsOf } from "../cli.ts";
import { formatOf } from "../output/format.ts";
import { printOne } from "../output/one.ts";

/** Adds `version` to the program. */
export function addVersion(program: Command, cli: Cli): void {
  program
    .command("version")
    .description("the version of this command, and what it runs on")
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf(command);
      const about = { name: `cadastre ${VERSION}`, version: VERSION, node: cli.node };
      if (formatOf(options) === "table") await cli.stdout.write(`cadastre ${VERSION} (Node ${cli.node})\n`);
      else await printOne(cli.stdout, options, about);
    });
}
