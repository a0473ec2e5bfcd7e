import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createApp } from "@cadastre/api/app";
import { createFileAssets } from "@cadastre/api/assets";
import { aScreen } from "@cadastre/cli/output/testing";
import { run } from "@cadastre/cli/run";
import { bootstrapAdminToken } from "@cadastre/core/access/bootstrap";
import { type Context, DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { createKeyFileEncryption, ensureKeyFile } from "@cadastre/functions/adapters/key-file";
import { openSqliteTable } from "@cadastre/store/sqlite";
import { serve } from "@hono/node-server";
import { COMPILED } from "../support/compiled.ts";

export const LAUNCHER = fileURLToPath(new URL("../../packages/cli/bin/cadastre.js", import.meta.url));

type Env = Readonly<Record<string, string>>;

/** Makes a process take itself for an older Node, and those that it starts not. */
export const OLD_NODE = {
  NODE_OPTIONS: `--import=data:text/javascript,Object.defineProperty(process,'version',{value:'v20.0.0'});delete(process.env.NODE_OPTIONS)`,
};

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when stderr holds the text. */
  stderrHas(text: string): Promise<void>;
  stdoutHas(text: string): Promise<void>;
}

interface StartOptions {
  readonly env?: Env;
  readonly input?: string;
  readonly cwd?: string;
  readonly launcher?: string;
}

/** Starts a command as a shell would, with nothing of this process's environment but the path. */
export function start(args: readonly string[], options: StartOptions = {}): Running {
  const child = spawn(process.execPath, [options.launcher ?? LAUNCHER, ...args], {
    env: { ...COMPILED, PATH: process.env.PATH, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: "pipe",
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const out = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out.stdout += text;
    for (const look of waiting) look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    out.stderr += text;
    for (const look of waiting) look();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...out }));
  });
  const has = (stream: keyof typeof out, text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!out[stream].includes(text)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      void ended.then(() => reject(new Error(`ended without ${JSON.stringify(text)}: ${out.stderr}`)));
      look();
    });
  return { child, ended, stderrHas: (text) => has("stderr", text), stdoutHas: (text) => has("stdout", text) };
}

interface Here {
  /** Of a terminal; a pipe without it. */
  readonly columns?: number;
  readonly input?: string;
  readonly env?: Env;
  /** What is done where it would wait. */
  readonly pause?: () => Promise<unknown>;
  /** Told what is written to stderr, when it is. */
  readonly seen?: (text: string) => void;
}

/** Runs a command in this process, which is much quicker, with streams of its own. */
export async function runHere(world: World, args: readonly string[], here: Here = {}): Promise<Ended> {
  const terminal = here.columns === undefined ? undefined : { columns: here.columns };
  const [stdout, stderr] = [aScreen(terminal, { NO_COLOR: "1" }), aScreen(terminal, { NO_COLOR: "1" })];
  const told: typeof stderr = Object.create(stderr, {
    write: {
      value: (text: string) => {
        here.seen?.(text);
        return stderr.write(text);
      },
    },
  });
  const stdin = Object.assign(Readable.from([Buffer.from(here.input ?? "")]), { isTTY: terminal !== undefined });
  const code = await run(args, {
    env: { ...world.env, ...here.env },
    stdin,
    stdout,
    stderr: told,
    now: () => new Date(),
    pause: here.pause ?? pause,
    node: process.version,
    onInterrupt: () => undefined,
  });
  return { code, stdout: stdout.written(), stderr: stderr.written() };
}

export interface World {
  readonly url: string;
  readonly context: Context;
  readonly directory: string;
  readonly token: string;
  /** For all commands of this world; a test may add to it. */
  readonly env: Record<string, string>;
  path(name: string): string;
  run(...args: readonly string[]): Promise<Ended>;
  /** Runs it, asks for JSON, and throws unless it ends as expected. */
  json(args: readonly string[], code?: number): Promise<unknown>;
  start(args: readonly string[], more?: Env): Running;
  /** Ends the API; `up` starts it again at the same address. */
  down(): Promise<void>;
  up(): Promise<void>;
  end(): Promise<void>;
}

/** The real API over SQLite on a port of its own, a folder for keys and spools, and the command pointed at both. */
export async function createWorld(
  asking: Pick<Parameters<typeof createApp>[0], "outside" | "relyingParty" | "stsEndpoint"> = {},
): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), "cadastre-cli-"));
  const path = (name: string) => join(directory, name);
  mkdirSync(path("home"));
  const now = () => new Date();
  const context: Context = {
    table: openSqliteTable({ path: ":memory:", now, durable: false }),
    organization: FIRST_ORGANIZATION,
    now,
    holdPolicy: DEFAULT_HOLD_POLICY,
    retentionDays: DEFAULT_RETENTION_DAYS,
  };
  ensureKeyFile({ path: path("vault.key") });
  const vault = createKeyFileEncryption({ path: path("vault.key") });
  const { secret: token = "" } = await bootstrapAdminToken(context);
  const app = createApp({
    context,
    ...asking,
    vault: { sealer: vault, opener: vault },
    assets: createFileAssets(),
    log: () => undefined,
    publishTriggers: async () => undefined,
  });
  let server: ReturnType<typeof serve> | undefined;
  const listen = (port: number) =>
    new Promise<number>((resolve) => {
      server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, (at: AddressInfo) => resolve(at.port));
    });
  const down = () =>
    new Promise<void>((resolve) => {
      server?.close(() => resolve());
      if (server && "closeAllConnections" in server) server.closeAllConnections();
    });
  const port = await listen(0);
  const url = `http://127.0.0.1:${port}`;
  const env: Record<string, string> = { HOME: path("home"), CADASTRE_API: url, CADASTRE_TOKEN: token };
  const startHere = (args: readonly string[], more: Env = {}) =>
    start(args, { env: { ...env, ...more }, cwd: directory });
  return {
    url,
    context,
    directory,
    token,
    env,
    path,
    run: (...args) => startHere(args).ended,
    async json(args, code = 0) {
      const ended = await startHere([...args, "--json"]).ended;
      if (ended.code !== code) throw new Error(`${args.join(" ")} ended with ${ended.code}: ${ended.stderr}`);
      return JSON.parse(ended.stdout) as unknown;
    },
    start: startHere,
    down,
    async up() {
      await listen(port);
    },
    async end() {
      await down();
      await context.table.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
