import { type Client, createClient } from "@cadastre/client/client";
import type { Cost } from "@cadastre/client/cost";
import type { Command } from "commander";
import { UsageError } from "./exit-codes.ts";
import { readText } from "./files.ts";
import type { ListOptions } from "./output/list.ts";
import type { Screen } from "./output/screen.ts";

export const DEFAULT_API = "http://127.0.0.1:8787";

/** The process that a command runs in. Nothing else reaches a command: no clock, environment or stream of its own. */
export interface Cli {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean };
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly now: () => Date;
  /** Calls `first` at the first Ctrl-C (or SIGTERM) from now on, and ends the process at the second. */
  onInterrupt(first: () => void): void;
  /** Told of each answer of the API what it cost. */
  spend(cost: Cost): void;
  /** How the process will end when the command is done. 0 unless it is set. */
  setExitCode(code: number): void;
}

/** Options that every command takes. */
export interface GlobalOptions {
  readonly api?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
  readonly cost?: boolean;
}

export type Options<Own = object> = Own & GlobalOptions & ListOptions;

/** Options of a command with those of the program. */
export function optionsOf<Own = object>(command: Command): Options<Own> {
  return command.optsWithGlobals<Options<Own>>();
}

export function apiOf(cli: Cli, options: GlobalOptions): string {
  return options.api ?? (cli.env.CADASTRE_API || DEFAULT_API);
}

const TOKEN_HINT =
  "`npm start` prints the first admin token; `cadastre tokens create` makes further ones. " +
  "Then: export CADASTRE_TOKEN=cad_…, or --token-file FILE";

function tokenOf(cli: Cli, options: GlobalOptions): string {
  const { tokenFile } = options;
  const token = (tokenFile === undefined ? (cli.env.CADASTRE_TOKEN ?? "") : readText(tokenFile, "token file")).trim();
  const from = tokenFile === undefined ? "CADASTRE_TOKEN" : `the token file ${tokenFile}`;
  if (token === "") {
    const nothing = tokenFile === undefined ? "no API token: CADASTRE_TOKEN is not set" : `${from} is empty`;
    throw new UsageError(nothing, TOKEN_HINT);
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new UsageError(`${from} holds more than a token: white space or characters that no token has`, TOKEN_HINT);
  }
  return token;
}

/** The API as an operator; `signal` ends its requests. Throws UsageError without a usable address or token. */
export function openClient(cli: Cli, options: GlobalOptions, signal?: AbortSignal): Client {
  const token = tokenOf(cli, options);
  try {
    const ending = signal ? { signal } : {};
    return createClient({ baseUrl: apiOf(cli, options), token, onCost: (cost) => cli.spend(cost), ...ending });
  } catch (error) {
    throw new UsageError((error as Error).message, "CADASTRE_API or --api says where the API is");
  }
}
