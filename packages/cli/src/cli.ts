import { type Client, createClient } from "@cadastre/client/client";
import type { Cost } from "@cadastre/client/cost";
import type { Command } from "commander";
import { type AccessOptions, accessOf } from "./access.ts";
import { UsageError } from "./exit-codes.ts";
import { formatOf } from "./output/format.ts";
import type { ListOptions } from "./output/list.ts";
import type { Screen } from "./output/screen.ts";
import { createRenewingToken } from "./workload/renewing.ts";

/** The process that a command runs in. Nothing else reaches a command: no clock, environment or stream of its own. */
export interface Cli {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<Uint8Array> & {
    readonly isTTY?: boolean;
    setRawMode?(isRaw: boolean): unknown;
  };
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly now: () => Date;
  readonly pause: (this: void, milliseconds: number) => Promise<unknown>;
  /** The version of Node that it runs on, such as v24.1.0. */
  readonly node: string;
  /** Calls `first` at the first Ctrl-C (or SIGTERM) from now on, and ends the process at the second. */
  onInterrupt(this: void, first: () => void): void;
  /** Told of each answer of the API what it cost. */
  spend(cost: Cost): void;
  /** How the process will end when the command is done. 0 unless it is set. */
  setExitCode(code: number): void;
}

/** Options that every command takes. */
export interface GlobalOptions extends AccessOptions {
  readonly cost?: boolean;
  /** An organization, by its id or slug. */
  readonly actIn?: string;
  readonly pager: boolean;
}

export type Options<Own = object> = Own & GlobalOptions & ListOptions;

/** Options of a command with those of the program; `json` says whether JSON is asked for in one way or the other. */
export function optionsOf<Own = object>(command: Command): Options<Own> {
  const options = command.optsWithGlobals<Options<Own>>();
  return { ...options, json: formatOf(options) === "json" };
}

export function apiOf(cli: Cli, options: GlobalOptions): string {
  return accessOf(cli.env, options).api;
}

const TOKEN_HINT =
  "`npm start` prints the first admin token; `cadastre tokens create` makes further ones. " +
  "Then: cadastre login, or export CADASTRE_TOKEN=cad_…, or --token-file FILE";

/** A variable that was meant to be CADASTRE_TOKEN. */
function mistyped(env: Cli["env"]): string {
  const others = Object.keys(env).filter((name) => name.startsWith("CADASTRE_") && env[name]?.startsWith("cad_"));
  return others.length === 0 ? "" : `; ${others.join(", ")} looks like one`;
}

/** The token. Throws UsageError when it is none; `from` says where it was found. */
export function checkToken(token: string, from: string): string {
  if (token === "") throw new UsageError(`${from} is empty`, TOKEN_HINT);
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new UsageError(`${from} holds more than a token: white space or characters that no token has`, TOKEN_HINT);
  }
  return token;
}

/** The API as an operator; `signal` ends its requests. Throws UsageError without a usable address or token. */
export function openClient(cli: Cli, options: GlobalOptions, signal?: AbortSignal): Client {
  const { api, token: found, rule, from } = accessOf(cli.env, options);
  if (found === undefined && rule === undefined) {
    throw new UsageError(`no API token: CADASTRE_TOKEN is not set${mistyped(cli.env)}`, TOKEN_HINT);
  }
  const { CADASTRE_AUDIENCE: audience = api, CADASTRE_SUBJECT_TOKEN_FILE: file } = cli.env;
  const token =
    rule === undefined
      ? checkToken(found ?? "", from)
      : createRenewingToken({ api, rule, audience, file, env: cli.env, now: cli.now });
  try {
    const { actIn: organization } = options;
    const more = { ...(signal ? { signal } : {}), ...(organization === undefined ? {} : { organization }) };
    return createClient({ baseUrl: api, token, onCost: (cost) => cli.spend(cost), ...more });
  } catch (error) {
    throw new UsageError((error as Error).message, "CADASTRE_API or --api says where the API is");
  }
}
