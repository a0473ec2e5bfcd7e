import { ApiError } from "@cadastre/client/api-error";
import { createClient } from "@cadastre/client/client";
import { exchangePassword } from "@cadastre/client/password-login";
import { exchangeToken } from "@cadastre/client/token-exchange";
import type { Command } from "commander";
import { accessOf, DEFAULT_API } from "../access.ts";
import { choice, withColumns, withExamples } from "../arguments.ts";
import { type Cli, checkToken, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { readText } from "../files.ts";
import { tokenByDevice } from "../login/device.ts";
import { tokenByLoopback } from "../login/loopback.ts";
import { printAll } from "../output/list.ts";
import type { Column } from "../output/table.ts";
import { neutralise } from "../output/text.ts";
import { configPath, findProfile, parseProfileName, readConfig, writeConfig } from "../profiles.ts";
import { readSecretLine } from "../secret-line.ts";
import { PLATFORMS, type Platform, readSubject } from "../workload/subject.ts";

const DEFAULT_PROFILE = "default";

/** Throws ApiError unless the API takes the token. One that may do little else is taken, too. */
async function tryToken(cli: Cli, api: string, token: string): Promise<void> {
  let client: ReturnType<typeof createClient>;
  try {
    client = createClient({ baseUrl: api, token, onCost: (cost) => cli.spend(cost) });
  } catch (error) {
    throw new UsageError((error as Error).message, "--api or CADASTRE_API says where the API is");
  }
  try {
    await client.accounts.list({ limit: 1 });
  } catch (error) {
    if (!(error instanceof ApiError && error.code === "auth.forbidden")) throw error;
  }
}

/** The token that somebody has, once the API takes it. */
async function givenToken(cli: Cli, api: string, tokenFile: string | undefined): Promise<string> {
  const text =
    tokenFile === undefined
      ? await readSecretLine(cli, `API token for ${api}: `)
      : readText(tokenFile, "token file").trim();
  const token = checkToken(text, tokenFile === undefined ? "what was given" : `the token file ${tokenFile}`);
  await tryToken(cli, api, token);
  return token;
}

/** A working day. */
const TOKEN_SECONDS = 12 * 3600;

interface UserOptions {
  readonly user?: string;
  readonly code?: string;
  readonly organization?: string;
}

/** A token of a user for half a day, in exchange for the password, and a code where one is due. */
async function tokenOfUser(
  cli: Cli,
  api: string,
  userName: string,
  { code, organization }: UserOptions,
): Promise<string> {
  const password = await readSecretLine(cli, `Password of ${neutralise(userName)} at ${api}: `);
  const token = { name: `cadastre login of ${userName}`.slice(0, 128), expiresInSeconds: TOKEN_SECONDS };
  const exchange = (given: string | undefined) =>
    exchangePassword({ baseUrl: api, userName, password, code: given, organization, token });
  let found = await exchange(code);
  if ("due" in found && code === undefined && found.due.includes("code") && cli.stdin.isTTY === true) {
    found = await exchange(await readSecretLine(cli, "Code of your authenticator app, or a recovery code: "));
  }
  if ("secret" in found) {
    await cli.stderr.write(`a token until ${found.expiresAt}; it reveals no credentials\n`);
    return found.secret;
  }
  if ("mayNothing" in found)
    throw new UsageError(`${neutralise(userName)} may do nothing yet`, "an admin gives it a role");
  if (found.due.length === 0)
    throw new UsageError("a second factor has to be enrolled first", "log in at the API's page, and enrol one");
  throw new UsageError(
    `a second factor is due: ${found.due.join(" or ")}`,
    "--code gives the code of an authenticator app, or a recovery code",
  );
}

interface WorkloadOptions {
  readonly workload?: true;
  readonly rule?: string;
  readonly audience?: string;
  readonly platform?: Platform;
  readonly subjectTokenFile?: string;
}

/** A short token of a service account, in exchange for what this workload has from its platform. */
async function tokenOfWorkload(cli: Cli, api: string, options: WorkloadOptions): Promise<string> {
  const { rule = cli.env.CADASTRE_TRUST_RULE || undefined, platform, audience } = options;
  if (rule === undefined) throw new UsageError("--workload needs a trust rule", "--rule trl_…, or CADASTRE_TRUST_RULE");
  const subject = await readSubject({
    env: cli.env,
    audience: audience ?? cli.env.CADASTRE_AUDIENCE ?? api,
    file: options.subjectTokenFile ?? (cli.env.CADASTRE_SUBJECT_TOKEN_FILE || undefined),
    platform,
  });
  const { secret, seconds, scope } = await exchangeToken({ baseUrl: api, rule, subject });
  await cli.stderr.write(`a token for ${seconds} seconds, for ${neutralise(scope)}\n`);
  return secret;
}

interface PersonOptions {
  readonly device?: true;
}

/** A token of who approves it in a browser; on a terminal where the API does not know that way, one that is typed. */
async function tokenOfPerson(cli: Cli, api: string, { device }: PersonOptions): Promise<string> {
  const token = (device ? undefined : await tokenByLoopback(cli, api)) ?? (await tokenByDevice(cli, api));
  if (token !== undefined) return token;
  if (device) throw new UsageError(`${api} has no login by a browser`, "--token-file keeps a token that you have");
  return givenToken(cli, api, undefined);
}

async function login(cli: Cli, command: Command): Promise<void> {
  const { api: given, profile, tokenFile } = optionsOf(command);
  const { user, ...more } = command.opts<UserOptions & WorkloadOptions & PersonOptions>();
  if (more.device && (more.workload || user !== undefined || tokenFile !== undefined))
    throw new UsageError("give one of --device, --workload, --user and --token-file");
  if (more.workload && (user !== undefined || tokenFile !== undefined))
    throw new UsageError("give one of --workload, --user and --token-file");
  if (user !== undefined && tokenFile !== undefined) throw new UsageError("give --user or --token-file, not both");
  const name = parseProfileName(profile ?? (cli.env.CADASTRE_PROFILE || DEFAULT_PROFILE));
  const config = readConfig(cli.env);
  const known = Object.hasOwn(config.profiles, name) ? config.profiles[name]?.api : undefined;
  const api = given ?? (cli.env.CADASTRE_API || undefined) ?? known ?? DEFAULT_API;
  const isByBrowser = more.device || (cli.stdin.isTTY === true && tokenFile === undefined);
  const token = more.workload
    ? await tokenOfWorkload(cli, api, more)
    : user !== undefined
      ? await tokenOfUser(cli, api, user, more)
      : isByBrowser
        ? await tokenOfPerson(cli, api, more)
        : await givenToken(cli, api, tokenFile);
  writeConfig(cli.env, { current: name, profiles: { ...config.profiles, [name]: { api, token } } });
  await cli.stderr.write(`logged in to ${neutralise(api)} as profile ${name}, kept in ${configPath(cli.env)}\n`);
  const set = (["CADASTRE_TOKEN", "CADASTRE_PROFILE"] as const).filter((variable) => cli.env[variable]);
  if (set.length > 0) await cli.stderr.write(`${set.join(" and ")} of the environment stand before it: unset them\n`);
}

async function logout(cli: Cli, command: Command): Promise<void> {
  const config = readConfig(cli.env);
  const name = optionsOf(command).profile ?? (cli.env.CADASTRE_PROFILE || config.current);
  if (name === undefined) throw new UsageError("there is no profile to log out of");
  findProfile(config, name);
  const { [name]: _, ...profiles } = config.profiles;
  const current = config.current === name ? {} : { current: config.current };
  writeConfig(cli.env, { ...current, profiles });
  await cli.stderr.write(
    `forgot the token of profile ${name}; \`cadastre tokens revoke\` ends it for everybody who has it\n`,
  );
}

interface Row {
  readonly profile: string;
  readonly api: string;
  readonly current: boolean;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "PROFILE", value: (one) => one.profile },
  { title: "API", value: (one) => one.api, shape: "id" },
  { title: "USED", value: (one) => (one.current ? "now" : ""), style: () => "green" },
];

/** The profile that commands use now; undefined when something else stands before it. */
function used(cli: Cli): string | undefined {
  return accessOf(cli.env, {}).from.replace(/^the profile /, "");
}

/** Adds `login`, `logout` and `profiles` to the program. */
export function addLogin(program: Command, cli: Cli): void {
  withExamples(
    program
      .command("login")
      .description("keep an API's address and token in a file that only you can read, under --profile or `default`")
      .option("--device", "log in by a browser on any device: it shows a code to approve there")
      .option("--user <name>", "log in by name and password, for a token of half a day")
      .option("--code <code>", "with --user: the code of an authenticator app, or a recovery code")
      .option("--organization <name>", "with --user: whose user, by id or slug, where several have the name")
      .option("--workload", "log in as a service account, by what the platform says of this workload")
      .option("--rule <id>", "with --workload: the trust rule, trl_… (default: CADASTRE_TRUST_RULE)")
      .option(
        "--audience <text>",
        "with --workload: for whom the platform's token is made (default: the API's address)",
      )
      .addOption(choice("--platform <name>", "with --workload: where it runs, when nothing says it", PLATFORMS))
      .option("--subject-token-file <file>", "with --workload: a file that holds its JSON Web Token")
      .action((_: unknown, command: Command) => login(cli, command)),
    "login --api https://cadastre.example.org",
    "login --api https://cadastre.example.org --device",
    "login --api https://cadastre.example.org --user ann@example.org",
    "login --api https://cadastre.example.org --profile prod --token-file prod.token",
  );
  program
    .command("logout")
    .description("forget the token of a profile")
    .action((_: unknown, command: Command) => logout(cli, command));
  const profiles = program.command("profiles").description("the APIs that you are logged in to");
  withColumns(profiles.command("list").description("all of them, without their tokens")).action(
    async (_: unknown, command: Command) => {
      const options = optionsOf(command);
      const now = used(cli);
      const all = Object.entries(readConfig(cli.env).profiles);
      const items = all.map(([profile, { api }]) => ({ profile, api, current: profile === now }));
      await printAll({ ...cli, options, columns: COLUMNS, noun: "profiles: `cadastre login` makes one", items });
    },
  );
  profiles
    .command("use")
    .description("use a profile from now on, where none is named")
    .argument("<profile>")
    .action(async (name: string) => {
      const config = readConfig(cli.env);
      const { api } = findProfile(config, name);
      writeConfig(cli.env, { ...config, current: name });
      await cli.stderr.write(`profile ${name}, ${neutralise(api)}\n`);
    });
}
