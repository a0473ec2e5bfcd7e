import { VERSION } from "@cadastre/contract/version";
import { Command } from "commander";
import { DEFAULT_API } from "./access.ts";
import { choice, withOrders } from "./arguments.ts";
import type { Cli } from "./cli.ts";
import { EXIT_CODES_HELP } from "./exit-codes.ts";
import { FORMATS } from "./output/format.ts";
import { neutraliseLines } from "./output/text.ts";

const ENVIRONMENT_HELP = `
Environment:
  CADASTRE_API      the API's address (default: that of the profile, or ${DEFAULT_API})
  CADASTRE_TOKEN    an API token; never an argument, which other users of the machine can see
  CADASTRE_TRUST_RULE  a trust rule (trl_…): commands exchange what the platform gives (GitHub Actions, Kubernetes, AWS,
                    GCP) for a token by themselves; CADASTRE_SUBJECT_TOKEN_FILE is another file that holds it, and
                    CADASTRE_AUDIENCE for whom it is made (default: the API's address)
  CADASTRE_PROFILE  which of the APIs that \`cadastre login\` knows
  PAGER             shows what is longer than the terminal (default: less); none when it is empty
  NO_COLOR          no colours
`;

type Add = (program: Command, cli: Cli) => void;

/**
 * The commands by their names, in the order of the help. Only what a command line needs is loaded: reading all of it takes
 * longer than most commands do.
 */
const COMMANDS: Readonly<Record<string, () => Promise<Add>>> = {
  login: async () => (await import("./commands/login.ts")).addLogin,
  logout: async () => (await import("./commands/login.ts")).addLogin,
  profiles: async () => (await import("./commands/login.ts")).addLogin,
  me: async () => (await import("./commands/sessions.ts")).addSessions,
  sessions: async () => (await import("./commands/sessions.ts")).addSessions,
  collectors: async () => (await import("./commands/collectors.ts")).addCollectors,
  collect: async () => (await import("./commands/collect.ts")).addCollect,
  scopes: async () => (await import("./commands/scopes.ts")).addScopes,
  runs: async () => (await import("./commands/runs.ts")).addRuns,
  trigger: async () => (await import("./commands/runs.ts")).addRuns,
  holds: async () => (await import("./commands/holds.ts")).addHolds,
  resources: async () => (await import("./commands/resources.ts")).addResources,
  search: async () => (await import("./commands/search.ts")).addSearch,
  whose: async () => (await import("./commands/whose.ts")).addWhose,
  changes: async () => (await import("./commands/changes.ts")).addChanges,
  spaces: async () => (await import("./commands/spaces.ts")).addSpaces,
  "space-tags": async () => (await import("./commands/space-tags.ts")).addSpaceTags,
  "vlan-groups": async () => (await import("./commands/vlans.ts")).addVlanGroups,
  vlans: async () => (await import("./commands/vlans.ts")).addVlans,
  prefixes: async () => (await import("./commands/prefixes.ts")).addPrefixes,
  ranges: async () => (await import("./commands/ranges.ts")).addRanges,
  discovered: async () => (await import("./commands/discovered.ts")).addDiscovered,
  drift: async () => (await import("./commands/drift.ts")).addDrift,
  allocate: async () => (await import("./commands/prefixes.ts")).addAllocate,
  accounts: async () => (await import("./commands/accounts.ts")).addAccounts,
  credentials: async () => (await import("./commands/credentials.ts")).addCredentials,
  tokens: async () => (await import("./commands/tokens.ts")).addTokens,
  "trust-rules": async () => (await import("./commands/trust-rules.ts")).addTrustRules,
  users: async () => (await import("./commands/users.ts")).addUsers,
  "service-accounts": async () => (await import("./commands/service-accounts.ts")).addServiceAccounts,
  groups: async () => (await import("./commands/groups.ts")).addGroups,
  organizations: async () => (await import("./commands/organizations.ts")).addOrganizations,
  roles: async () => (await import("./commands/bindings.ts")).addBindings,
  bindings: async () => (await import("./commands/bindings.ts")).addBindings,
  policies: async () => (await import("./commands/policies.ts")).addPolicies,
  access: async () => (await import("./commands/access.ts")).addAccess,
  "scim-sources": async () => (await import("./commands/scim-sources.ts")).addScimSources,
  "identity-providers": async () => (await import("./commands/identity-providers.ts")).addIdentityProviders,
  jobs: async () => (await import("./commands/jobs.ts")).addJobs,
  audit: async () => (await import("./commands/audit.ts")).addAudit,
  consumers: async () => (await import("./commands/consumers.ts")).addConsumers,
  completion: async () => {
    const { addCompletion } = await import("./commands/completion.ts");
    return (program, cli) => addCompletion(program, cli, () => createProgram(cli, []));
  },
  version: async () => (await import("./commands/version.ts")).addVersion,
};

/** What every command takes. */
function withGlobals(program: Command): Command {
  return program
    .option("--api <url>", "the API's address; stands before CADASTRE_API")
    .option("--token-file <file>", "a file that holds the API token; stands before CADASTRE_TOKEN")
    .option("--profile <name>", "one of the APIs that `login` knows; stands before CADASTRE_PROFILE, _API and _TOKEN")
    .option("--act-in <organization>", "act in this organization, by its id or slug: for who administers the system")
    .addOption(choice("-o, --output <format>", "how the result is printed (default: table)", FORMATS))
    .option("--json", "the same as -o json")
    .option("--no-pager", "do not show what is longer than the terminal through a pager")
    .option("--cost", "say on stderr what the command cost at the API: calls, read and write units");
}

/** The first word that is not an option of the program; undefined also when what stands before it is wrong. */
function firstWord(args: readonly string[]): string | undefined {
  const globals = withGlobals(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  try {
    return globals.parseOptions([...args]).operands[0];
  } catch {
    return undefined;
  }
}

/** Adds the commands that a command line can mean: one, or all of them when it names none. */
async function addCommands(program: Command, cli: Cli, args: readonly string[]): Promise<void> {
  const word = firstWord(args);
  const one = word !== undefined && Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  const added = new Set<Add>();
  for (const load of one ? [one] : Object.values(COMMANDS)) added.add(await load());
  for (const add of added) add(program, cli);
  withOrders(program);
}

/**
 * The `cadastre` command with what `args` can mean of it; with all of its commands for an empty line. Its commands throw; nothing in
 * it ends the process.
 */
export async function createProgram(cli: Cli, args: readonly string[]): Promise<Command> {
  const program = withGlobals(
    new Command("cadastre")
      .description("The land register of a cloud estate: networks, machines, addresses, certificates, credentials")
      .version(VERSION),
  )
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
  await addCommands(program, cli, args);
  return program;
}
