import { type Command, Option } from "commander";
import { wholeNumber } from "../arguments.ts";
import { EXIT_CODES_HELP } from "../exit-codes.ts";

/** Options that every collection takes. */
export function withSession(command: Command): Command {
  return command
    .requiredOption("--key-file <file>", "the collector's private key (see `collectors add`)")
    .option("--spool <dir>", "where runs wait until they are delivered (default: in the user's state directory)")
    .addOption(
      new Option("--scope-timeout <seconds>", "give up a scope after (default: 120)").argParser(wholeNumber(1, 86_400)),
    )
    .option("--verbose", "say more on stderr")
    .addHelpText(
      "after",
      `
What is seen is kept on disk before it is delivered. Ctrl-C ends observing and delivers what was seen; a second one
leaves at once. What is not delivered is delivered by the next collect with the same key.
${EXIT_CODES_HELP.trimEnd()}`,
    );
}
