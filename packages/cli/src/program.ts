import { VERSION } from "@cadastre/contract/version";
import { Command } from "commander";
import { type Cli, DEFAULT_API } from "./cli.ts";
import { addAccounts } from "./commands/accounts.ts";
import { addAudit } from "./commands/audit.ts";
import { addChanges } from "./commands/changes.ts";
import { addCollect } from "./commands/collect.ts";
import { addCollectors } from "./commands/collectors.ts";
import { addConsumers } from "./commands/consumers.ts";
import { addCredentials } from "./commands/credentials.ts";
import { addHolds } from "./commands/holds.ts";
import { addJobs } from "./commands/jobs.ts";
import { addResources } from "./commands/resources.ts";
import { addRuns } from "./commands/runs.ts";
import { addScopes } from "./commands/scopes.ts";
import { addSearch } from "./commands/search.ts";
import { addTokens } from "./commands/tokens.ts";
import { addWhose } from "./commands/whose.ts";
import { EXIT_CODES_HELP } from "./exit-codes.ts";
import { neutraliseLines } from "./output/text.ts";

const ENVIRONMENT_HELP = `
Environment:
  CADASTRE_API     the API's address (default: ${DEFAULT_API})
  CADASTRE_TOKEN   an API token; never an argument, which other users of the machine can see
  NO_COLOR         no colours
`;

/** The `cadastre` command. Its commands throw; nothing in it ends the process. */
export function createProgram(cli: Cli): Command {
  const program = new Command("cadastre")
    .description("The land register of a cloud estate: networks, machines, addresses, certificates, credentials")
    .version(VERSION)
    .option("--api <url>", "the API's address; stands before CADASTRE_API")
    .option("--token-file <file>", "a file that holds the API token; stands before CADASTRE_TOKEN")
    .option("--json", "print JSON instead of tables")
    .option("--cost", "say on stderr what the command cost at the API: calls, read and write units")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void cli.stdout.write(text),
      writeErr: (text) => void cli.stderr.write(neutraliseLines(text)),
      getOutHelpWidth: () => cli.stdout.columns ?? 100,
      getErrHelpWidth: () => cli.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError("(--help says more)")
    .exitOverride()
    .addHelpText("after", ENVIRONMENT_HELP)
    .addHelpText("after", EXIT_CODES_HELP.trim());
  addCollectors(program, cli);
  addCollect(program, cli);
  addScopes(program, cli);
  addRuns(program, cli);
  addHolds(program, cli);
  addResources(program, cli);
  addSearch(program, cli);
  addWhose(program, cli);
  addChanges(program, cli);
  addAccounts(program, cli);
  addCredentials(program, cli);
  addTokens(program, cli);
  addJobs(program, cli);
  addAudit(program, cli);
  addConsumers(program, cli);
  return program;
}
