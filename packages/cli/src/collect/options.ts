import { intervalSeconds } from "@cadastre/contract/discovery";
import { type Command, InvalidArgumentError, Option } from "commander";
import { duration, wholeNumber } from "../arguments.ts";
import { EXIT_CODES_HELP } from "../exit-codes.ts";

/** Of a schedule, in seconds. Throws InvalidArgumentError for what cannot be announced. */
function interval(text: string): number {
  const parsed = intervalSeconds.safeParse(duration(text));
  if (!parsed.success) throw new InvalidArgumentError("it is from 10s to 367d.");
  return parsed.data;
}

/** Options that every collection takes. */
export function withSession(command: Command): Command {
  return command
    .requiredOption("--key-file <file>", "the collector's private key (see `collectors add`)")
    .option("--spool <dir>", "where runs wait until they are delivered (default: in the user's state directory)")
    .addOption(
      new Option("--scope-timeout <seconds>", "give up a scope after (default: 120)").argParser(wholeNumber(1, 86_400)),
    )
    .addOption(
      new Option(
        "--interval <time>",
        "how often this is run, such as 15m: what it reports is stale when it was not for three of them (default: learnt)",
      ).argParser(interval),
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
