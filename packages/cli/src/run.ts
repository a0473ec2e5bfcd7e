import { CommanderError } from "commander";
import type { Cli } from "./cli.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { renderFailure, toFailure } from "./output/failure.ts";
import { createProgram } from "./program.ts";

/** Runs one command line and answers the exit code. What went wrong is on stderr. */
export async function run(args: readonly string[], process: Omit<Cli, "setExitCode">): Promise<number> {
  let exitCode: number = EXIT.ok;
  const cli: Cli = {
    ...process,
    setExitCode(code) {
      exitCode = code;
    },
  };
  try {
    await createProgram(cli).parseAsync(args, { from: "user" });
  } catch (error) {
    // Commander has said by itself what is wrong with the command line; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    await cli.stderr.write(renderFailure(toFailure(error), cli.stderr));
    return exitCodeOf(error);
  }
  return exitCode;
}
