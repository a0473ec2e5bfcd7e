import { ApiError } from "@cadastre/client/api-error";
import { createClient } from "@cadastre/client/client";
import type { Command } from "commander";
import { accessOf, DEFAULT_API } from "../access.ts";
import { withColumns, withExamples } from "../arguments.ts";
import { type Cli, checkToken, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { readText } from "../files.ts";
import { printAll } from "../output/list.ts";
import type { Column } from "../output/table.ts";
import { neutralise } from "../output/text.ts";
import { configPath, findProfile, parseProfileName, readConfig, writeConfig } from "../profiles.ts";
import { readSecretLine } from "../secret-line.ts";

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

async function login(cli: Cli, command: Command): Promise<void> {
  const { api: given, profile, tokenFile } = optionsOf(command);
  const name = parseProfileName(profile ?? (cli.env.CADASTRE_PROFILE || DEFAULT_PROFILE));
  const config = readConfig(cli.env);
  const known = Object.hasOwn(config.profiles, name) ? config.profiles[name]?.api : undefined;
  const api = given ?? (cli.env.CADASTRE_API || undefined) ?? known ?? DEFAULT_API;
  const text =
    tokenFile === undefined
      ? await readSecretLine(cli, `API token for ${api}: `)
      : readText(tokenFile, "token file").trim();
  const token = checkToken(text, tokenFile === undefined ? "what was given" : `the token file ${tokenFile}`);
  await tryToken(cli, api, token);
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
      .action((_: unknown, command: Command) => login(cli, command)),
    "login --api https://cadastre.example.org",
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
