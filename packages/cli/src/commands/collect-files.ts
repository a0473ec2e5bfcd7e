import { FILE_FORMATS, type FileProvider } from "@cadastre/collectors/files/formats";
import { observeFiles } from "@cadastre/collectors/files/observe";
import { inOnePart } from "@cadastre/collectors/observe";
import type { Command } from "commander";
import { choice, withExamples } from "../arguments.ts";
import { type Cli, optionsOf } from "../cli.ts";
import { type CollectOptions, collect, configured } from "../collect/collect.ts";
import { withSession } from "../collect/options.ts";

interface FileFlags extends CollectOptions {
  readonly provider: FileProvider;
  readonly account: string;
  readonly region?: string;
}

/** Adds `collect files`. */
export function addCollectFiles(parent: Command, cli: Cli): void {
  const command = parent
    .command("files")
    .description("take what the cloud's own command-line tool printed, where no credentials can be given")
    .argument("<directory>", "all files directly in it are read")
    .addOption(
      choice("--provider <provider>", "whose tool printed them", Object.keys(FILE_FORMATS)).makeOptionMandatory(),
    )
    .requiredOption("--account <account>", "the account or project that they were printed in")
    .option("--region <region>", "where things are whose output does not say it")
    .action(async (directory: string, _: unknown, self: Command) => {
      const options = optionsOf<FileFlags>(self);
      const { provider, account, region } = options;
      const observe = configured(() =>
        observeFiles({ directory, provider, account, ...(region === undefined ? {} : { region }) }),
      );
      await collect(cli, options, inOnePart(observe));
    });
  const accepted = Object.values(FILE_FORMATS).map((format) => `  ${format.accepts}\n`);
  withExamples(
    withSession(command.addHelpText("after", `\nAccepted:\n${accepted.join("").trimEnd()}`)),
    "collect files printed/ --key-file aws.pem --provider aws --account 123456789012 --region eu-west-1",
  );
}
