import { CommanderError } from "commander";
import { type Cli, type GlobalOptions, optionsOf } from "./cli.ts";
import { commandMeant } from "./command-meant.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { createSpending } from "./output/cost.ts";
import { renderFailure, toFailure } from "./output/failure.ts";
import type { FormatOptions } from "./output/format.ts";
import { neutralise } from "./output/text.ts";
import { createProgram } from "./program.ts";

/** For a word that is no command, what may have been meant, if it is none of its neighbours, which Commander names. */
function hintFor(error: CommanderError, args: readonly string[]): string {
  const lister = /too many arguments for '([a-z-]+)'.* list\.$/.exec(error.message)?.[1];
  if (error.code === "commander.excessArguments" && lister !== undefined)
    return `hint: \`cadastre ${lister}\` lists them\n`;
  const word = /unknown command '(.*)'/.exec(error.message)?.[1];
  if (error.code !== "commander.unknownCommand" || word === undefined || error.message.includes("Did you mean"))
    return "";
  const before = args.slice(0, args.indexOf(word)).filter((one) => !one.startsWith("-"));
  const meant = commandMeant(word, before.at(-1) ?? "");
  return meant === undefined ? "" : `hint: did you mean ${neutralise(meant)}?\n`;
}

/** Runs one command line and answers the exit code. What went wrong is on stderr. */
export async function run(args: readonly string[], process: Omit<Cli, "setExitCode" | "spend">): Promise<number> {
  let exitCode: number = EXIT.ok;
  const spending = createSpending();
  const cli: Cli = {
    ...process,
    spend: spending.add,
    setExitCode(code) {
      exitCode = code;
    },
  };
  const program = await createProgram(cli, args);
  program.hook("preAction", (_, command) => {
    if (!optionsOf(command).pager) cli.stdout.direct();
  });
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    // Commander has said by itself what is wrong with the command line; help and version are no errors.
    if (error instanceof CommanderError) {
      await cli.stderr.write(hintFor(error, args));
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    await cli.stderr.write(renderFailure(toFailure(error), cli.stderr));
    exitCode = exitCodeOf(error);
  }
  const { cost, output, json } = program.opts<GlobalOptions & FormatOptions>();
  if (cost) await cli.stderr.write(spending.render({ json: output === "json" || json === true }));
  return exitCode;
}
